import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type ReleaseOptions, rollout } from "../release.fixture.ts";
import { careful, judgements, underWay } from "./judged.fixture.ts";

/** The same program with other settings. */
function of(word: string): ReleaseOptions {
  const { template } = rollout("web:v2").spec;
  const containers = [{ name: "web", image: "web:v2", env: [{ name: "WORD", value: word }] }];
  return { ...careful, spec: { template: { ...template, spec: { containers } } } };
}

test("versions of one image are told apart by their revisions", async () => {
  const { release, world } = await underWay();

  await release.push("web:v2", of("b"));
  await world.run(minutes(5));
  await release.push("web:v2", of("c"));
  await world.run(seconds(8));

  const names = (await judgements(world)).map(({ spec }) => `${spec.canary.name} against ${spec.stable.name}`);
  expect(names).toEqual(["v2 against v1", "v2 against v1", "v2 (revision 4) against v2 (revision 3)"]);
});

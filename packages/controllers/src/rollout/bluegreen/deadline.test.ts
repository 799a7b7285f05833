import { minutes } from "@sluice/kernel";
import { expect, test } from "vitest";
import { BlueGreenRelease } from "./blue-green.fixture.ts";

// Of its Pods half get ready: is that its own fault?

test.each<[string, number | undefined, boolean | undefined, boolean]>([
  ["the stable version lacks as many: nobody is blamed", 2, undefined, false],
  ["the stable version lacks fewer: it is taken back", 3, undefined, true],
  ["the stable version has all of its own: it is taken back", undefined, undefined, true],
  ["the stable version lacks as many, and a team asks for an abort", 2, true, true],
])("Pods of a preview that don't come are missed by the deadline; %s", async (_words, others, aborts, isAborted) => {
  const spec = { replicas: 4, ...(aborts === undefined ? {} : { progressDeadlineAbort: aborts }) };
  const release = await BlueGreenRelease.released({}, spec);
  await release.limit("web:v1", others);
  await release.pushBlueGreen("web:v2-half", {}, spec);

  await release.world.run(minutes(9));
  const before = await release.status();
  await release.world.run(minutes(15));

  const { phase, abort } = await release.status();
  expect(before).toMatchObject({ phase: "Progressing" });
  expect(phase).toBe("Degraded");
  expect(abort === true).toBe(isAborted);
  expect(await release.selected()).toBe("web:v1");
  if (isAborted) return;
  // With room for as many as there are it goes on.
  await release.pushBlueGreen("web:v2-half", {}, { ...spec, replicas: 1 });
  await release.world.run(minutes(1));
  expect(await release.selected()).toBe("web:v2-half");
});

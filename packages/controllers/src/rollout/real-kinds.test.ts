import { builtInKinds } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { retryPatch, undoPatch } from "./index.ts";
import { analysis, pause, Release, setWeight } from "./release.fixture.ts";

const careful = { steps: [setWeight(20), pause("30s"), analysis(), setWeight(100)] };

// The other tests know no schemas: here every write must pass the real ones, and meets real defaults.
test("a whole story passes the real kinds' schemas and defaults", async () => {
  const release = await Release.begin({ kinds: builtInKinds() });
  await release.push("web:v1", careful);
  await release.push("web:v2", careful);
  await release.world.run(seconds(90));
  expect(await release.stableImage()).toBe("web:v2");

  release.outside.answers = { errors: [0.5] };
  await release.push("web:v3", careful);
  await release.world.run(seconds(90));

  expect(await release.weight()).toBe(0);
  expect(await release.quarantines()).toHaveLength(1);
  expect(await release.decisions()).toEqual(
    expect.arrayContaining(["begin", "advance", "pause", "promote", "abort", "quarantine"]),
  );
  const aborted = await release.rollout();
  expect(() => retryPatch(aborted)).toThrow("sluice quarantine lift");
  await release.ask(() => [{ patch: { type: "merge", value: { status: { abort: false } } }, subresource: "status" }]);
  expect((await release.status()).message).toMatch(/^Quarantined: /);
  const sets = await release.replicaSets();
  await release.ask((rollout) => undoPatch(rollout, sets, 2));
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  await release.ask((rollout) => undoPatch(rollout, sets, 3));
  expect((await release.status()).message).toMatch(/^Quarantined: /);
  const refusals = release.world.story.filter((line) => line.endsWith("(invalid)") || line.endsWith("(bug)"));
  expect(refusals).toEqual([]);
});

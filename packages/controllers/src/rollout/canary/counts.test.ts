import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, promotePatch } from "../index.ts";
import { pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

async function released(options: ReleaseOptions): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  return release;
}

const dynamic: ReleaseOptions = {
  steps: [setWeight(20), pause(), setWeight(60), pause(), setWeight(100)],
  canary: { dynamicStableScale: true },
  spec: { replicas: 10 },
};

test("a stable version that may shrink does so after its traffic left, down to none", async () => {
  const release = await released(dynamic);

  await release.push("web:v2", dynamic);
  expect(await release.pods()).toEqual({ "web:v1": 8, "web:v2": 2 });
  await release.ask(promotePatch);
  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 6 });
  expect(await release.weight()).toBe(60);
  await release.ask(promotePatch);
  await release.world.run(seconds(31));

  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 10 });
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("an abort gives traffic back only as fast as stable can take it, and the canary leaves at that pace", async () => {
  const release = await released(dynamic);
  await release.push("web:v2", dynamic);
  await release.ask(promotePatch);
  await release.limit("web:v1", 4);

  await release.ask(abortPatch);

  expect(await release.pods()).toEqual({ "web:v1": 10, "web:v2": 6 });
  expect(await release.weight()).toBe(60);
  await release.limit("web:v1", 7);
  expect(await release.weight()).toBe(30);
  expect(await release.pods()).toEqual({ "web:v1": 10, "web:v2": 3 });
  // Stable's availability may flap: what was given back stays so.
  await release.limit("web:v1", 5);
  expect(await release.weight()).toBe(30);
  await release.limit("web:v1", undefined);
  expect(await release.weight()).toBe(0);
  expect(await release.pods()).toEqual({ "web:v1": 10, "web:v2": 0 });
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
});

test("with an explicit delay an aborted canary is kept for it, once stable is whole", async () => {
  const options = { ...dynamic, canary: { dynamicStableScale: true, abortScaleDownDelaySeconds: 60 } };
  const release = await released(options);
  await release.push("web:v2", options);

  await release.ask(abortPatch);

  await release.world.run(seconds(59));
  expect(await release.pods()).toEqual({ "web:v1": 10, "web:v2": 2 });
  await release.world.run(seconds(2));
  expect(await release.pods()).toEqual({ "web:v1": 10, "web:v2": 0 });
});

test.each([
  ["the next version", "web:v3"],
  ["the stable version again", "web:v1"],
])("%s waits until a smaller stable version has taken over what the superseded one carried", async (_name, image) => {
  const release = await released(dynamic);
  await release.push("web:v2", dynamic);
  await release.ask(promotePatch);
  await release.limit("web:v1", 4);

  await release.push(image, dynamic);

  expect(await release.weight()).toBe(60);
  expect(await release.subsets()).toEqual({ stable: "web:v1", canary: "web:v2" });
  expect(await release.pods()).toMatchObject({ "web:v1": 10, "web:v2": 6 });
  await release.limit("web:v1", 8);
  expect(await release.weight()).toBe(20);
  await release.limit("web:v1", undefined);
  await release.world.run(seconds(40));
  expect(await release.weight()).toBe(image === "web:v3" ? 20 : 0);
  expect((await release.pods())["web:v2"]).toBe(0);
  expect(await release.subsets()).toEqual({ stable: "web:v1", canary: image });
});

test("a threshold lets a step and the promotion go on with fewer Pods", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(50), pause(), setWeight(100)],
    canary: { replicaProgressThreshold: { type: "Percent", value: 80 } },
    spec: { replicas: 10 },
  };
  const release = await released(options);
  await release.push("web:v2", { ...options, spec: { replicas: 10, paused: true } });
  await release.limit("web:v2", 3);
  await release.push("web:v2", options);
  expect(await release.weight()).toBe(0);

  await release.limit("web:v2", 4);
  expect(await release.weight()).toBe(50);
  await release.ask(promotePatch);
  expect(await release.weight()).toBe(50);
  await release.limit("web:v2", 8);

  expect(await release.stableImage()).toBe("web:v2");
});

test.each([
  ["routed", true],
  ["by numbers of Pods", false],
])("a broken stable version doesn't hold up its fix: %s", async (_name, isRouted) => {
  const options: ReleaseOptions = {
    steps: [setWeight(25), pause("1m"), setWeight(50), pause("1m"), setWeight(100)],
    isRouted,
  };
  const release = await released(options);
  await release.limit("web:v1", 0);

  await release.push("web:v2", options);
  await release.world.run(minutes(3));

  expect(await release.stableImage()).toBe("web:v2");
});

test("a version that comes back within the window skips the steps and the analysis", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause()],
    canary: { analysis: { templates: [{ templateName: "latency" }] } },
    spec: { rollbackWindow: { revisions: 2 } },
  };
  const release = await released(options);
  for (const image of ["web:v2", "web:v3", "web:v4"]) {
    await release.push(image, options);
    await release.world.run(seconds(60));
    await release.ask((rollout) => promotePatch(rollout, { full: true }));
  }
  expect(await release.stableImage()).toBe("web:v4");
  const before = (await release.analysisRuns()).length;

  // One is between: fewer than two.
  await release.push("web:v2", options);

  expect(await release.stableImage()).toBe("web:v2");
  expect(await release.analysisRuns()).toHaveLength(before);
  // The younger one is no way back.
  await release.push("web:v3", options);
  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 1 });
});

test("a version further back than the window goes through the steps", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause()],
    spec: { rollbackWindow: { revisions: 1 } },
  };
  const release = await released(options);
  for (const image of ["web:v2", "web:v3"]) {
    await release.push(image, options);
    await release.world.run(seconds(60));
    await release.ask((rollout) => promotePatch(rollout, { full: true }));
  }

  await release.push("web:v1", options);

  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 1 });
});

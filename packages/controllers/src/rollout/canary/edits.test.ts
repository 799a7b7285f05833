import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { promotePatch } from "../index.ts";
import { analysis, pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

// What becomes of a release whose spec is edited while it is on its way.

async function halfway(options: ReleaseOptions, edited: ReleaseOptions = options): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(30));
  await release.push("web:v2", edited);
  await release.world.run(seconds(5));
  return release;
}

const runs = async (release: Release) =>
  (await release.analysisRuns()).map(({ metadata, status, spec }) => [
    metadata.labels?.["rollout-type"],
    spec.metrics.map(({ name }) => name).join(),
    status?.phase,
  ]);

test("more surge lets a move without a router that is held up by its limits go on; the step stays", async () => {
  const plan = (maxSurge: number, maxUnavailable: number): ReleaseOptions => ({
    isRouted: false,
    steps: [setWeight(50), pause(), setWeight(75), pause()],
    canary: { maxSurge, maxUnavailable },
    spec: { replicas: 8 },
  });
  const release = await halfway(plan(1, 0));
  await release.limit("web:v2", 1);
  await release.ask(promotePatch);
  const narrow = await release.pods();
  const total = (pods: Readonly<Record<string, number>>) => Object.values(pods).reduce((sum, count) => sum + count, 0);

  await release.push("web:v2", plan(4, 0));
  await release.world.run(seconds(5));
  const wide = await release.pods();

  expect(total(narrow)).toBeLessThanOrEqual(9);
  expect(total(wide)).toBeGreaterThan(total(narrow));
  expect(total(wide)).toBeLessThanOrEqual(12);
  expect((await release.status()).currentStepIndex).toBe(2);
});

test("less surge on the way takes back what is too much, and nothing that serves", async () => {
  const plan = (maxSurge: number): ReleaseOptions => ({
    isRouted: false,
    steps: [setWeight(50), pause()],
    canary: { maxSurge, maxUnavailable: 1 },
    spec: { replicas: 4 },
  });
  const release = await halfway(plan(4));

  await release.push("web:v2", plan(0));
  await release.world.run(seconds(5));

  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });
  expect(await release.status()).toMatchObject({ currentStepIndex: 1, availableReplicas: 4 });
});

test("a background analysis that is added measures from then on; one taken out ends; the step stays", async () => {
  const steps = [setWeight(20), pause(), setWeight(100)];
  const measured: ReleaseOptions = { steps, canary: { analysis: { templates: [{ templateName: "latency" }] } } };
  const release = await halfway({ steps });
  expect(await runs(release)).toEqual([]);

  await release.push("web:v2", measured);
  await release.world.run(seconds(25));
  const added = await runs(release);
  await release.push("web:v2", { steps });
  await release.world.run(seconds(5));

  expect(added).toEqual([["Background", "latency", "Running"]]);
  expect((await runs(release)).map(([, , phase]) => phase)).not.toContain("Running");
  expect(await release.status()).toMatchObject({ currentStepIndex: 1, phase: "Paused" });
  expect((await release.status()).canary?.currentBackgroundAnalysisRunStatus).toBeUndefined();
});

test("another template for the background analysis on the way: the run that goes on keeps what it began with", async () => {
  const steps = [setWeight(20), pause(), setWeight(100)];
  const by = (templateName: string): ReleaseOptions => ({
    steps,
    canary: { analysis: { templates: [{ templateName }] } },
  });
  const release = await halfway(by("latency"));

  await release.push("web:v2", by("errors"));
  await release.world.run(seconds(30));

  // As in the original.
  expect(await runs(release)).toEqual([["Background", "latency", "Running"]]);
  expect((await release.status()).currentStepIndex).toBe(1);
});

test("an analysis step edited while it runs begins the release anew: steps are other steps then", async () => {
  const plan = (templateName: string): ReleaseOptions => ({
    steps: [setWeight(20), analysis(templateName), setWeight(50), pause()],
  });
  const release = await halfway(plan("latency"));
  expect(await runs(release)).toEqual([["Step", "latency", "Running"]]);

  await release.push("web:v2", plan("errors"));
  await release.world.run(seconds(5));

  expect((await runs(release)).toSorted()).toEqual([
    ["Step", "errors", "Successful"],
    ["Step", "latency", "Successful"],
  ]);
  expect(await release.weight()).toBe(50);
});

test.each([
  ["a step more behind it", [setWeight(20), pause(), setWeight(60), pause(), setWeight(100)], 20],
  ["a smaller first weight", [setWeight(10), pause(), setWeight(100)], 10],
  ["no steps any more", [], 0],
] as const)("steps edited while it pauses (%s) begin at the first one", async (_words, edited, weight) => {
  const release = await halfway({ steps: [setWeight(20), pause(), setWeight(100)] });
  const before = await release.status();

  await release.push("web:v2", { steps: edited });
  await release.world.run(seconds(5));

  const status = await release.status();
  expect(status.currentPodHash).toBe(before.currentPodHash);
  expect(status.currentStepHash).not.toBe(before.currentStepHash);
  expect(await release.weight()).toBe(weight);
  expect(await release.stableImage()).toBe(edited.length === 0 ? "web:v2" : "web:v1");
});

test.each([
  ["at its first pause", 0, 1],
  ["after the last step, at the promotion", 3, 1],
  ["beyond the steps: never", 4, 0],
] as const)(
  "a background analysis whose startingStep lies %s doesn't keep the release from ending",
  async (_words, startingStep, count) => {
    const options: ReleaseOptions = {
      steps: [setWeight(20), pause("10s"), setWeight(100)],
      canary: { analysis: { templates: [{ templateName: "latency" }], startingStep } },
    };
    const release = await halfway(options);

    await release.world.run(minutes(3));

    expect(await release.stableImage()).toBe("web:v2");
    expect(await runs(release)).toHaveLength(count);
    expect((await runs(release)).map(([, , phase]) => phase)).not.toContain("Running");
  },
);

test("a step isn't over before its ReplicaSet has heard of it: what it counts may be Pods that are just being taken", async () => {
  const release = await halfway({ steps: [setWeight(50), pause()] });
  await release.deafen("web:v2");

  await release.push("web:v2", { steps: [setWeight(0), setWeight(50), pause()] });
  await release.world.run(seconds(5));
  const unheard = { step: (await release.status()).currentStepIndex, weight: await release.weight() };
  await release.deafen("web:v2", false);
  await release.world.run(seconds(5));

  expect(unheard).toEqual({ step: 0, weight: 0 });
  expect(await release.status()).toMatchObject({ currentStepIndex: 2, phase: "Paused" });
  expect(await release.weight()).toBe(50);
});

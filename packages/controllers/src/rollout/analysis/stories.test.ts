import type { Resource } from "@sluice/api";
import { Fault, millis, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, promotePatch, retryPatch } from "../index.ts";
import { careful, pause, Release, type ReleaseOptions, released, setWeight, template } from "../release.fixture.ts";

test.each([
  ["NaN", [Number.NaN]],
  ["an empty answer", []],
])("%s is no verdict: the release asks", async (_name, answer) => {
  const release = await released();
  await release.world.apply(template("errors", { consecutiveErrorLimit: 0 }));
  release.outside.answers = { errors: answer };
  await release.push("web:v2", careful);

  await release.world.run(seconds(62));

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NoData", currentStepIndex: 2 });
  expect(await release.weight()).toBe(20);
  expect(await release.quarantines()).toHaveLength(0);
  const known = await release.decisions();
  await release.ask(promotePatch);
  expect(await release.weight()).toBe(50);
  // Past the analysis by a person, then past the weight.
  expect((await release.decisions()).slice(known.length)).toEqual(["advance", "advance", "pause"]);
});

test("a good analysis of a canary without requests asks too, and a person may abort", async () => {
  const release = await released();
  release.outside.requests = 0;
  await release.push("web:v2", careful);

  await release.world.run(seconds(75));

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NoData" });
  await release.ask(abortPatch);
  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({
    phase: "Degraded",
    message: "RolloutAborted: Rollout aborted update to revision 2",
  });
  expect(await release.quarantines()).toHaveLength(0);
});

test("a failed analysis of a canary without requests isn't held against it", async () => {
  const release = await released();
  release.outside.requests = 0;
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", careful);

  await release.world.run(seconds(75));

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NoData" });
});

test("a failed analysis takes the canary back as soon as its first requests are counted", async () => {
  const release = await released();
  release.outside.requests = 0;
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", careful);
  await release.world.run(millis(60_200));
  expect(await release.weight()).toBe(20);

  release.outside.requests = 5;
  await release.world.run(millis(100));

  expect(await release.weight()).toBe(0);
});

test("the gate can be switched off: then the run's phase is all", async () => {
  const options = { ...careful, annotations: { "sluice.dev/gate-no-data": "off" } };
  const release = await released(options);
  release.outside.answers = { errors: [Number.NaN] };
  await release.push("web:v2", options);

  await release.world.run(seconds(62));

  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
});

test("a provider that fails aborts as the original does, but blames nobody", async () => {
  const release = await released();
  release.outside.answers = { errors: new Fault("unavailable", "connection refused") };
  await release.push("web:v2", careful);

  await release.world.run(minutes(3));

  expect(await release.weight()).toBe(0);
  expect((await release.status()).message).toContain("connection refused");
  expect(await release.quarantines()).toHaveLength(0);
  release.outside.answers = { errors: [0] };
  await release.ask(retryPatch);
  expect(await release.weight()).toBe(20);
  await release.world.run(minutes(3));
  expect(await release.stableImage()).toBe("web:v2");
});

test("background analysis begins at its step, and ends what goes on beside it", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause("30s"), setWeight(50), pause("5m"), setWeight(100)],
    canary: { analysis: { templates: [{ templateName: "latency" }], startingStep: 2 } },
  };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.world.run(seconds(20));
  expect(await release.analysisRuns()).toHaveLength(0);
  await release.world.run(seconds(20));
  expect(await release.analysisRuns()).toHaveLength(1);

  release.outside.answers = { latency: [0.9] };
  await release.world.run(seconds(20));

  expect(await release.weight()).toBe(0);
  expect((await release.status()).message).toContain("Background analysis phase error/failed");
});

test("background analysis that saw no data pauses before more traffic is given", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause("1m"), setWeight(100)],
    canary: { analysis: { templates: [{ templateName: "latency" }] } },
  };
  const release = await released(options);
  await release.world.apply(
    template("latency", { interval: "10s", successCondition: "isNaN(result[0]) || result[0] < 1" }),
  );
  release.outside.answers = { latency: [Number.NaN] };
  await release.push("web:v2", options);

  await release.world.run(seconds(70));

  expect(await release.weight()).toBe(20);
  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 1 });
  expect((await release.status()).pauseConditions?.map(({ reason }) => reason)).toContain("NoData");
});

test("an analysis that saw nothing yet holds the last step before everybody, not the first one after it", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause("6s"), setWeight(50), pause("3s")],
    canary: { analysis: { templates: [{ templateName: "latency" }] } },
  };
  const release = await released(options);
  release.outside.answers = { latency: [] };
  await release.push("web:v2", options);

  // Empty answers are errors, asked again after 10 s: one look so far.
  await release.world.run(seconds(9.5));
  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 3 });
  expect(await release.weight()).toBe(50);
  release.outside.answers = { latency: [0.01] };
  await release.world.run(seconds(15));

  expect(await release.stableImage()).toBe("web:v2");
});

test("an analysis that still saw nothing when the canary is no longer young asks, with half of the traffic", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(50), pause("40s")],
    canary: { analysis: { templates: [{ templateName: "rare" }] } },
  };
  const release = await Release.begin();
  await release.world.apply(
    template("rare", { interval: "5m", successCondition: "isNaN(result[0]) || result[0] < 1" }),
  );
  release.outside.answers = { rare: [Number.NaN] };
  await release.push("web:v1", options);
  await release.push("web:v2", options);

  await release.world.run(seconds(60));

  expect((await release.status()).pauseConditions?.map(({ reason }) => reason)).toContain("NoData");
  expect(await release.weight()).toBe(50);
});

test("background analysis of a canary without requests asks before more traffic is given, and once answered goes on", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause("1m"), setWeight(100)],
    canary: { analysis: { templates: [{ templateName: "latency" }] } },
  };
  const release = await released(options);
  release.outside.requests = 0;
  await release.push("web:v2", options);
  await release.world.run(seconds(70));
  expect((await release.status()).pauseConditions?.map(({ reason }) => reason)).toContain("NoData");

  release.outside.requests = 5;
  await release.ask(promotePatch);

  expect(await release.stableImage()).toBe("web:v2");
});

test("a young canary whose first request is counted late is waited for; nobody is asked", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause("2s"), setWeight(100)],
    canary: { analysis: { templates: [{ templateName: "latency" }] } },
  };
  const release = await released(options);
  release.outside.requests = 0;
  await release.push("web:v2", options);
  await release.world.run(seconds(10));
  expect((await release.status()).pauseConditions?.map(({ reason }) => reason) ?? []).not.toContain("NoData");
  expect(await release.weight()).toBe(20);

  release.outside.requests = 3;
  await release.world.run(seconds(10));

  expect(await release.stableImage()).toBe("web:v2");
});

test("whether the canary got requests is asked as often as counters may have changed, not without a break", async () => {
  const release = await released();
  release.outside.requests = 0;
  await release.push("web:v2", careful);

  await release.world.run(seconds(75));

  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NoData" });
  // Each 50 ms for 3 s, each second for 3 s more, and two turns for each.
  expect(release.world.story.filter((line) => line.includes("asks the router")).length).toBeLessThan(140);
});

test("arguments tell the versions apart and read fields of the Rollout", async () => {
  const args = [
    { name: "canary", valueFrom: { podTemplateHashValue: "Latest" } },
    { name: "stable", valueFrom: { podTemplateHashValue: "Stable" } },
    { name: "name", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  ] as const;
  const options: ReleaseOptions = {
    steps: [setWeight(20), { analysis: { templates: [{ templateName: "versions" }], args } }],
  };
  const release = await Release.begin();
  await release.world.apply({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: "versions", namespace: "shop" },
    spec: {
      args: args.map(({ name }) => ({ name })),
      metrics: [{ name: "m", provider: { prometheus: { query: "up{v='{{args.canary}}'}" } } }],
    },
  } as Resource);
  await release.push("web:v1", options);
  const { stableRS } = await release.status();

  await release.push("web:v2", options);

  const [run] = await release.analysisRuns();
  const { currentPodHash } = await release.status();
  expect(run?.metadata.name).toBe(`web-${currentPodHash}-2-1`);
  expect(run?.spec.args).toEqual([
    { name: "canary", value: currentPodHash },
    { name: "stable", value: stableRS },
    { name: "name", value: "web" },
  ]);
});

test("a template that goes missing on the way doesn't keep a person from aborting", async () => {
  const release = await released();
  await release.push("web:v2", careful);
  const { apiVersion, kind } = template("errors", {});
  await release.world.client.delete({ apiVersion, kind, namespace: "shop", name: "errors" });
  await release.world.settle();
  expect((await release.status()).message).toMatch(/^InvalidSpec/);

  await release.ask(abortPatch);

  expect(await release.weight()).toBe(0);
});

test("an inconclusive analysis pauses, and looks anew when promoted as the original's older plugin does", async () => {
  const release = await released();
  await release.world.apply(template("errors", { failureCondition: "result[0] > 0.9" }));
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", careful);
  await release.world.run(seconds(62));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "InconclusiveAnalysisRun" });

  release.outside.answers = { errors: [0.01] };
  await release.ask(() => [
    { patch: { type: "merge", value: { status: { pauseConditions: null } } }, subresource: "status" },
  ]);

  expect(await release.analysisRuns()).toHaveLength(2);
  expect(await release.weight()).toBe(50);
});

test("a cluster's template is found, its run carries what analysisRunMetadata says, and old runs go by their own limits", async () => {
  const metadata = { labels: { team: "shop" }, annotations: { "example.com/why": "release" } };
  const step = {
    analysis: { templates: [{ templateName: "everywhere", clusterScope: true }], analysisRunMetadata: metadata },
  };
  const options: ReleaseOptions = {
    steps: [setWeight(20), step, setWeight(100)],
    spec: { analysis: { successfulRunHistoryLimit: 2, unsuccessfulRunHistoryLimit: 1 } },
    annotations: { "sluice.dev/gate-quarantine": "off" },
  };
  const release = await released(options);
  const { namespace: _, ...cluster } = template("everywhere", {}).metadata;
  await release.world.apply({ ...template("everywhere", {}), kind: "ClusterAnalysisTemplate", metadata: cluster });
  const phases = async () => (await release.analysisRuns()).map(({ status }) => status?.phase).sort();

  for (const [image, answer] of [
    ["web:v2", 0.5],
    ["web:v3", 0.5],
    ["web:v4", 0.01],
    ["web:v5", 0.01],
    ["web:v6", 0.01],
  ] as const) {
    release.outside.answers = { everywhere: [answer] };
    await release.push(image, options);
    await release.world.run(seconds(120));
  }

  expect(await phases()).toEqual(["Failed", "Successful", "Successful"]);
  const [run] = await release.analysisRuns();
  expect(run?.metadata.labels).toMatchObject({ ...metadata.labels, "rollout-type": "Step" });
  expect(run?.metadata.annotations).toMatchObject(metadata.annotations);
});

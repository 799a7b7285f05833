import type { Quarantine, Resource, Service } from "@sluice/api";
import { Fault, formatInstant, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import {
  abortPatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  setImagePatch,
  undoPatch,
} from "./index.ts";
import { analysis, pause, Release, type ReleaseOptions, setWeight, template } from "./release.fixture.ts";

const careful: ReleaseOptions = {
  steps: [setWeight(20), pause("1m"), analysis(), setWeight(50), pause("1m"), setWeight(100)],
};

const retry = (): readonly RequestedPatch[] => [
  { patch: { type: "merge", value: { status: { abort: false } } }, subresource: "status" },
];

async function released(options: ReleaseOptions = careful): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  return release;
}

test("the first version takes all traffic at once, without steps", async () => {
  const release = await released();

  expect(await release.status()).toMatchObject({
    phase: "Healthy",
    currentStepIndex: 6,
    replicas: 4,
    availableReplicas: 4,
  });
  expect(await release.weight()).toBe(0);
  expect(await release.subsets()).toEqual({ stable: "web:v1", canary: "web:v1" });
  expect((await release.rollout()).metadata.annotations).toMatchObject({ "rollout.argoproj.io/revision": "1" });
});

test("a good version goes through every step and takes over; a third one too", async () => {
  const release = await released();

  for (const [image, previous] of [
    ["web:v2", "web:v1"],
    ["web:v3", "web:v2"],
  ] as const) {
    await release.push(image, careful);
    expect(await release.weight()).toBe(20);
    expect(await release.pods()).toMatchObject({ [previous]: 4, [image]: 1 });
    expect(await release.status()).toMatchObject({ phase: "Paused", message: "CanaryPauseStep", currentStepIndex: 1 });
    await release.world.run(seconds(62));
    expect(await release.weight()).toBe(50);
    expect(await release.pods()).toMatchObject({ [previous]: 4, [image]: 2 });
    await release.world.run(seconds(62));
    expect(await release.stableImage()).toBe(image);
    expect(await release.weight()).toBe(0);
    expect(await release.subsets()).toEqual({ stable: image, canary: image });
    expect(await release.pods()).toMatchObject({ [previous]: 4, [image]: 4 });
    await release.world.run(seconds(31));
    expect(await release.pods()).toMatchObject({ [previous]: 0, [image]: 4 });
    expect(await release.status()).toMatchObject({ phase: "Healthy" });
  }
  expect((await release.rollout()).metadata.annotations).toMatchObject({ "rollout.argoproj.io/revision": "3" });
});

test("a bad canary at 20 % is taken back, quarantined and stays away; the fix is released at once", async () => {
  const release = await released();
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", {
    ...careful,
    annotations: { "argocd.argoproj.io/tracking-id": "shop:argoproj.io/Rollout:shop/web" },
  });

  await release.world.run(seconds(62));

  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({
    phase: "Degraded",
    abort: true,
    currentStepIndex: 0,
    message:
      'RolloutAborted: Rollout aborted update to revision 2: Step-based analysis phase error/failed: Metric "errors" assessed Failed due to failed (1) > failureLimit (0)',
  });
  const [quarantine] = await release.quarantines();
  expect(quarantine?.spec).toMatchObject({
    application: "shop",
    workload: { kind: "Rollout", name: "web" },
    images: ["web:v2"],
  });
  expect(await release.decisions()).toContain("quarantine");
  expect(await release.pods()).toMatchObject({ "web:v1": 4, "web:v2": 1 });
  await release.world.run(seconds(31));
  expect(await release.pods()).toMatchObject({ "web:v1": 4, "web:v2": 0 });

  release.outside.answers = { errors: [0] };
  await release.push("web:v3", careful);
  expect(await release.weight()).toBe(20);
  await release.world.run(minutes(3));
  expect(await release.stableImage()).toBe("web:v3");
});

test("a quarantined version gets no traffic when pushed again, and its retry is refused with the hint", async () => {
  const release = await released();
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", careful);
  await release.world.run(minutes(3));
  const name = (await release.quarantines())[0]?.metadata.name;
  const aborted = await release.rollout();
  expect(() => retryPatch(aborted)).toThrow(`sluice quarantine lift ${name}`);

  // The kubectl plugin's, which knows no quarantine.
  await release.ask(retry);

  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect((await release.status()).message).toContain(`sluice quarantine lift ${name}`);
  expect((await release.decisions()).at(-1)).toBe("refuse");
  await release.push("web:v1", careful);
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  await release.push("web:v2", careful);
  await release.world.run(minutes(5));
  expect(await release.weight()).toBe(0);
  expect((await release.pods())["web:v2"]).toBe(0);
  expect((await release.status()).message).toMatch(/^Quarantined: this version is quarantined/);
  expect(await release.quarantines()).toHaveLength(1);
});

test("a lifted version begins again, and gets a Quarantine of its own when it fails again", async () => {
  const release = await released();
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", careful);
  await release.world.run(minutes(3));
  await release.ask(retry);
  const [quarantine] = await release.quarantines();

  await release.world.client.patch(
    { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine", namespace: "shop", name: quarantine?.metadata.name ?? "" },
    { type: "merge", value: { spec: { liftedBy: "ada" } } },
  );
  await release.world.settle();

  expect(await release.weight()).toBe(20);
  await release.world.run(minutes(3));
  expect(await release.weight()).toBe(0);
  const all: readonly Quarantine[] = await release.quarantines();
  expect(all).toHaveLength(2);
  expect(all.filter(({ spec }) => spec.liftedBy === undefined)).toHaveLength(1);
});

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
  await release.ask(promotePatch);
  expect(await release.weight()).toBe(50);
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

test("a crash loop is taken back after three restarts, with the reason", async () => {
  const release = await released();

  await release.push("web:crashing", careful);

  expect(await release.weight()).toBe(0);
  expect((await release.status()).message).toMatch(
    /^RolloutAborted: Rollout aborted update to revision 2: crash loop: its pods restarted 3 times \(web-.*\/web, last exit code 1 \(Error\)\)$/,
  );
  expect((await release.quarantines())[0]?.spec.images).toEqual(["web:crashing", "web:crashing@sha256:1"]);
});

test("a canary that is killed for its memory is taken back at the first time", async () => {
  const release = await released();

  await release.push("web:greedy", careful);

  expect(await release.weight()).toBe(0);
  expect((await release.status()).message).toMatch(/: out of memory: web-.*\/web was OOMKilled$/);
  expect(await release.quarantines()).toHaveLength(1);
});

test("a canary that isn't ready within the deadline is taken back; false asks for the original's way", async () => {
  const release = await released();
  await release.push("web:stuck", { ...careful, spec: { progressDeadlineSeconds: 60 } });
  await release.world.run(seconds(59));
  expect(await release.status()).toMatchObject({ phase: "Progressing" });

  await release.world.run(seconds(3));

  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect((await release.status()).message).toMatch(
    /has timed out progressing\. Pod web-.*-0: ErrImagePull: no such tag$/,
  );
  expect(await release.quarantines()).toHaveLength(1);
  await release.push("web:stuck2", { ...careful, spec: { progressDeadlineSeconds: 60, progressDeadlineAbort: false } });
  await release.world.run(seconds(100));
  const status = await release.status();
  expect(status.abort).toBeUndefined();
  expect(status).toMatchObject({ phase: "Degraded" });
  expect(status.message).toMatch(/^ProgressDeadlineExceeded: ReplicaSet "web-.*" has timed out progressing\.$/);
});

test("a deadline that nobody was there to see begins anew: the version isn't blamed", async () => {
  const release = await released();
  await release.push("web:stuck", { ...careful, spec: { progressDeadlineSeconds: 60 } });
  await release.world.run(seconds(10));

  release.world.stop();
  await release.world.run(minutes(120));
  await release.world.restart();
  await release.world.run(seconds(50));
  const back = await release.status();
  await release.world.run(seconds(15));

  expect(back).toMatchObject({ phase: "Progressing" });
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
});

test("a person promotes in a pause, then fully", async () => {
  const options = { steps: [setWeight(20), pause(), setWeight(50), pause(), setWeight(60), pause("10h")] };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.world.run(minutes(600));
  expect(await release.weight()).toBe(20);

  await release.ask(promotePatch);

  expect(await release.weight()).toBe(50);
  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 3 });
  await release.ask((rollout) => promotePatch(rollout, { full: true }));
  expect(await release.stableImage()).toBe("web:v2");
  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({ phase: "Healthy", currentStepIndex: 6 });
});

test("a person aborts during an analysis, which ends; a retry begins at the first step with a new run", async () => {
  const options = { steps: [setWeight(20), analysis("latency"), setWeight(100)] };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.world.run(seconds(25));
  expect((await release.analysisRuns()).map(({ status }) => status?.phase)).toEqual(["Running"]);

  await release.ask(abortPatch);

  expect(await release.weight()).toBe(0);
  expect((await release.analysisRuns()).map(({ status }) => status?.phase)).toEqual(["Successful"]);
  expect(await release.quarantines()).toHaveLength(0);
  await release.ask(retryPatch);
  await release.world.run(seconds(25));
  expect(await release.weight()).toBe(20);
  expect((await release.analysisRuns()).map(({ status }) => status?.phase)).toEqual(["Successful", "Running"]);
});

test("a person's word that it is bad takes it back everywhere, and meets no later version", async () => {
  const release = await released();
  await release.push("web:v2", careful);

  await release.ask((rollout) => abortPatch(rollout, { bad: "checkout is broken" }));

  expect(await release.weight()).toBe(0);
  expect((await release.quarantines())[0]?.spec.reason).toBe("a person says it is bad: checkout is broken");
  expect((await release.rollout()).metadata.annotations?.["sluice.dev/bad"]).toBeUndefined();
  await release.push("web:v3", careful);
  expect(await release.weight()).toBe(20);
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

test("an edit on the way leaves the intermediate version at once, the stable one stays", async () => {
  const release = await released();
  await release.push("web:v2", careful);

  await release.push("web:v3", careful);

  expect(await release.pods()).toMatchObject({ "web:v1": 4, "web:v2": 0, "web:v3": 1 });
  expect(await release.stableImage()).toBe("web:v1");
  expect(await release.subsets()).toEqual({ stable: "web:v1", canary: "web:v3" });
});

test("going back to the stable version skips the steps", async () => {
  const release = await released();
  await release.push("web:v2", careful);

  await release.ask((rollout) => setImagePatch(rollout, "web", "web:v1"));

  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({ phase: "Healthy", currentStepIndex: 6 });
});

test("undo wants the template of an earlier revision", async () => {
  const release = await released();
  await release.push("web:v2", careful);
  await release.world.run(minutes(5));
  expect(await release.stableImage()).toBe("web:v2");
  const sets = await release.replicaSets();

  await release.ask((rollout) => undoPatch(rollout, sets, 1));

  expect(await release.weight()).toBe(20);
  await release.world.run(minutes(5));
  expect(await release.stableImage()).toBe("web:v1");
  expect((await release.rollout()).metadata.annotations).toMatchObject({ "rollout.argoproj.io/revision": "3" });
});

test("a change of the steps on the way begins anew, a change of replicas doesn't", async () => {
  const release = await released();
  await release.push("web:v2", careful);
  await release.push("web:v2", { ...careful, spec: { replicas: 10 } });
  expect(await release.status()).toMatchObject({ currentStepIndex: 1, phase: "Paused" });
  expect(await release.pods()).toMatchObject({ "web:v1": 10, "web:v2": 2 });

  await release.push("web:v2", { steps: [setWeight(10), pause()], spec: { replicas: 10 } });

  expect(await release.weight()).toBe(10);
  expect(await release.pods()).toMatchObject({ "web:v1": 10, "web:v2": 1 });
});

test("setCanaryScale sizes the canary apart from its weight", async () => {
  const options = {
    steps: [
      { setCanaryScale: { replicas: 3 } },
      setWeight(5),
      pause(),
      { setCanaryScale: { matchTrafficWeight: true } },
      pause(),
    ],
  };
  const release = await released(options);
  await release.push("web:v2", options);
  expect(await release.pods()).toMatchObject({ "web:v2": 3 });
  expect(await release.weight()).toBe(5);

  await release.ask(promotePatch);

  expect(await release.pods()).toMatchObject({ "web:v2": 1 });
});

test("without a router the Pods are the weight", async () => {
  const options: ReleaseOptions = { steps: [setWeight(25), pause("1m"), setWeight(50), pause("1m")], isRouted: false };
  const release = await released(options);
  await release.push("web:v2", options);
  expect(await release.pods()).toEqual({ "web:v1": 3, "web:v2": 1 });
  await release.world.run(seconds(62));
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });

  await release.ask(abortPatch);

  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 0 });
});

test("without steps it is a rolling update", async () => {
  const options: ReleaseOptions = { isRouted: false };
  const release = await released(options);

  await release.push("web:v2", options);

  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 4 });
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("spec.paused holds still, promote lets go", async () => {
  const release = await released();
  await release.push("web:v2", { ...careful, spec: { paused: true } });
  await release.world.run(minutes(10));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "manually paused", currentStepIndex: 0 });

  await release.ask(promotePatch);
  await release.world.run(minutes(5));

  expect(await release.stableImage()).toBe("web:v2");
});

test("a missing template or route is an invalid spec, and heals when it comes", async () => {
  const options = { steps: [setWeight(20), analysis("nowhere")] };
  const release = await Release.begin();
  await release.push("web:v1", options);
  expect(await release.status()).toMatchObject({
    phase: "Degraded",
    message:
      'InvalidSpec: The Rollout "web" is invalid: spec.strategy.canary.steps[1].analysis.templates: Invalid value: "nowhere": AnalysisTemplate \'nowhere\' not found',
  });

  await release.world.apply(template("nowhere", {}));

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("an aborted canary is kept for ever where the delay is 0", async () => {
  const options = { ...careful, canary: { abortScaleDownDelaySeconds: 0 } };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.ask(abortPatch);
  await release.world.run(minutes(100));

  expect(await release.pods()).toMatchObject({ "web:v1": 4, "web:v2": 1 });
});

test("previous versions stay for the delay, at most as many as the limit says", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(50)],
    canary: { scaleDownDelaySeconds: 60, scaleDownDelayRevisionLimit: 1 },
  };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.world.run(seconds(5));

  await release.push("web:v3", options);

  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 4, "web:v3": 4 });
  await release.world.run(seconds(61));
  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 0, "web:v3": 4 });
});

test("old empty ReplicaSets beyond the history limit are deleted", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(50)],
    canary: { scaleDownDelaySeconds: 0 },
    spec: { revisionHistoryLimit: 1 },
  };
  const release = await released(options);

  for (const image of ["web:v2", "web:v3", "web:v4"]) await release.push(image, options);

  expect(await release.pods()).toEqual({ "web:v3": 0, "web:v4": 4 });
});

test("between Services: selectors lead first, weights follow, and the way back needs no change of either", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause()],
    canary: {
      canaryService: "canary",
      stableService: "stable",
      trafficRouting: { istio: { virtualService: { name: "hosts" } } },
    },
  };
  const release = await Release.begin();
  await release.world.apply(...hostSurroundings);
  await release.push("web:v1", options);
  expect(await selected(release)).toEqual({ stable: "web:v1", canary: "web:v1" });

  await release.push("web:v2", options);

  expect(await selected(release)).toEqual({ stable: "web:v1", canary: "web:v2" });
  expect(await release.weight("hosts")).toBe(20);
  const story = release.world.story.join("\n");
  expect(story.indexOf("waits for the routes")).toBeGreaterThan(0);
  await release.ask(promotePatch);
  expect(await selected(release)).toEqual({ stable: "web:v2", canary: "web:v2" });
  expect(await release.weight("hosts")).toBe(0);
});

test("Pods wear the canary's labels until it is stable", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause()],
    canary: { canaryMetadata: { labels: { role: "canary" } }, stableMetadata: { labels: { role: "stable" } } },
  };
  const release = await released(options);
  await release.push("web:v2", options);
  const roles = async () =>
    Object.fromEntries(
      (await release.replicaSets()).map(({ spec }) => [
        spec.template?.spec.containers[0]?.image,
        spec.template?.metadata?.labels?.role,
      ]),
    );
  expect(await roles()).toEqual({ "web:v1": "stable", "web:v2": "canary" });

  await release.ask(promotePatch);

  expect(await roles()).toMatchObject({ "web:v2": "stable" });
});

test("a restart replaces Pods that are older, and says when it is done", async () => {
  const release = await Release.begin();
  await release.push("web:pods");
  const pods = () => release.world.list({ apiVersion: "v1", kind: "Pod" });
  expect(await pods()).toHaveLength(4);
  await release.world.run(seconds(10));

  await release.ask((rollout) => restartPatch(rollout, formatInstant(release.world.clock.now())));

  expect(await pods()).toHaveLength(0);
  expect((await release.status()).restartedAt).toBe((await release.rollout()).spec.restartAt);
});

test("a canary whose last Pod goes gets no user until one is back, and both are on record", async () => {
  const release = await Release.begin();
  await release.push("web:v1");
  await release.push("web:v2", { steps: [setWeight(20), pause()] });
  expect(await release.weight()).toBe(20);
  const known = await release.decisions();

  await release.limit("web:v2", 0);

  expect(await release.weight()).toBe(0);
  expect((await release.decisions()).slice(known.length)).toEqual(["hold"]);
  await release.limit("web:v2", undefined);
  expect(await release.weight()).toBe(20);
});

const hostSurroundings = [
  ...["stable", "canary"].map(
    (name): Resource => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    }),
  ),
  {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "hosts", namespace: "shop" },
    spec: {
      hosts: ["web"],
      http: [
        {
          route: [
            { destination: { host: "stable" }, weight: 100 },
            { destination: { host: "canary.shop.svc.cluster.local" }, weight: 0 },
          ],
        },
      ],
    },
  },
];

async function selected(release: Release) {
  const images = new Map(
    (await release.replicaSets()).map(({ metadata, spec }) => [
      metadata.labels?.["rollouts-pod-template-hash"],
      spec.template?.spec.containers[0]?.image,
    ]),
  );
  const imageOf = async (name: string) => {
    const service = await release.world.get<Service>({ apiVersion: "v1", kind: "Service", namespace: "shop", name });
    return images.get(service?.spec.selector?.["rollouts-pod-template-hash"]);
  };
  return { stable: await imageOf("stable"), canary: await imageOf("canary") };
}

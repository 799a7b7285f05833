import { builtInKinds, type CanaryStep, type Pod, type Quarantine } from "@sluice/api";
import { formatInstant, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { plainKinds } from "../laws/index.ts";
import {
  abortPatch,
  pausePatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  undoPatch,
} from "./index.ts";
import { analysis, careful, pause, Release, released, rollout, setWeight, template } from "./release.fixture.ts";

const retry = (): readonly RequestedPatch[] => [
  { patch: { type: "merge", value: { status: { abort: false } } }, subresource: "status" },
];

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

test("spec.paused holds still, promote lets go", async () => {
  const release = await released();
  await release.push("web:v2", { ...careful, spec: { paused: true } });
  await release.world.run(minutes(10));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "manually paused", currentStepIndex: 0 });

  await release.ask(promotePatch);
  await release.world.run(minutes(5));

  expect(await release.stableImage()).toBe("web:v2");
});

test("spec.paused holds the weight where it is, though the Pods for the step's come only now", async () => {
  const release = await Release.begin();
  const careful = { steps: [setWeight(10), pause("30s"), setWeight(50), pause()] };
  await release.push("web:v1");
  await release.push("web:v2", careful);
  await release.limit("web:v2", 1);
  await release.world.run(seconds(40));

  await release.ask(pausePatch);
  await release.limit("web:v2", undefined);

  expect(await release.available()).toBe(6);
  expect(await release.weight()).toBe(10);
  await release.ask(promotePatch);
  expect(await release.weight()).toBe(50);
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

const named = (name: string): CanaryStep => ({ experiment: { templates: [{ name, specRef: "canary" }] } });

test.each([
  ["AnalysisRun", [setWeight(20), analysis("odd"), pause()], template("odd", { count: 3 }), template("odd", {})],
  [
    "Experiment",
    [setWeight(20), named("Not A Name"), pause()],
    undefined,
    rollout("web:v2", { steps: [setWeight(20), named("next"), pause()] }),
  ],
] as const)(
  "an %s that the API refuses is an invalid spec that keeps the weight, and heals",
  async (kind, steps, odd, right) => {
    const strict = [
      ...plainKinds.filter((one) => one.kind !== kind),
      ...builtInKinds().filter((one) => one.kind === kind),
    ];
    const release = await Release.begin({ kinds: strict });
    if (odd !== undefined) await release.world.apply(odd);
    await release.push("web:v1", { steps });
    await release.push("web:v2", { steps });
    await release.world.run(minutes(2));

    const refused = await release.status();
    const weight = await release.weight();
    await release.world.apply(right);
    await release.world.run(seconds(5));

    expect(refused).toMatchObject({
      phase: "Degraded",
      message: expect.stringMatching(
        `^InvalidSpec: The Rollout "web" is invalid: ${kind} web-.* can't be made: ${kind}`,
      ),
    });
    expect(weight).toBe(20);
    expect((await release.decisions()).filter((action) => action === "refuse")).toEqual(["refuse"]);
    expect(["Paused", "Progressing"]).toContain((await release.status()).phase);
  },
);

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

test("after an abort the stable version's Pods are restarted, and what was taken back is kept for a look", async () => {
  const options = { steps: [setWeight(20), pause()], canary: { abortScaleDownDelaySeconds: 0 } };
  const release = await Release.begin();
  await release.push("web:v1-pods", options);
  await release.push("web:v2-pods", options);
  await release.limit("web:v2-pods", 0);
  await release.ask((rollout) => abortPatch(rollout));
  await release.world.run(seconds(10));
  const images = async () =>
    (await release.world.list<Pod>({ apiVersion: "v1", kind: "Pod" })).map(({ spec }) => spec.containers[0]?.image);
  expect((await images()).toSorted()).toEqual([...Array(4).fill("web:v1-pods"), "web:v2-pods"]);

  await release.ask((rollout) => restartPatch(rollout, formatInstant(release.world.clock.now())));
  await release.world.run(seconds(60));

  expect(await images()).toEqual(["web:v2-pods"]);
  expect(await release.status()).toMatchObject({
    phase: "Degraded",
    restartedAt: (await release.rollout()).spec.restartAt,
  });
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
  await release.limit("web:v2", 0);
  expect((await release.decisions()).slice(known.length)).toEqual(["hold", "hold"]);
});

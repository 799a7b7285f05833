import type { CanaryStep, Experiment, RolloutExperimentStep } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { experimentReconciler } from "../../experiment/index.ts";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, type World } from "../../laws/index.ts";
import type { Effects } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { abortPatch, promotePatch } from "../index.ts";
import {
  handlers,
  Outside,
  Release,
  type ReleaseOptions,
  reconcilers as releaseReconcilers,
  setWeight,
} from "../release.fixture.ts";

const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" };
const reconcilers = (effects: Effects) => [...releaseReconcilers(effects), experimentReconciler(effects)];

const experiment = (fields: Partial<RolloutExperimentStep> = {}): CanaryStep => ({
  experiment: {
    templates: [
      { name: "baseline", specRef: "stable" },
      { name: "canary", specRef: "canary", replicas: 2, metadata: { labels: { role: "experiment" } } },
    ],
    duration: "1m",
    analyses: [{ name: "errors", templateName: "latency" }],
    ...fields,
  },
});

const options = (fields: Partial<RolloutExperimentStep> = {}): ReleaseOptions => ({
  steps: [experiment(fields), setWeight(50), { pause: {} }],
});

async function underway(fields: Partial<RolloutExperimentStep> = {}, release?: Partial<ReleaseOptions>) {
  const begun = await Release.begin({ reconcilers });
  await begun.push("web:v1", { ...options(fields), ...release });
  await begun.world.run(seconds(5));
  await begun.push("web:v2", { ...options(fields), ...release });
  return begun;
}

const experiments = (release: Release) => release.world.list<Experiment>(kind, { namespace: "shop" });

test("a step runs an Experiment of both versions, and goes on when it succeeds", async () => {
  const release = await underway();

  const { currentPodHash } = await release.status();
  const [found] = await experiments(release);
  expect(found?.metadata).toMatchObject({
    name: `web-${currentPodHash}-2-0`,
    labels: { [podHashLabel]: currentPodHash },
    annotations: { "rollout.argoproj.io/revision": "2" },
  });
  expect(found?.spec.templates).toMatchObject([
    { name: "baseline", template: { spec: { containers: [{ image: "web:v1" }] } } },
    {
      name: "canary",
      replicas: 2,
      template: { metadata: { labels: { role: "experiment" } }, spec: { containers: [{ image: "web:v2" }] } },
    },
  ]);
  expect(await release.status()).toMatchObject({
    currentStepIndex: 0,
    canary: { currentExperiment: found?.metadata.name },
  });
  expect(await release.weight()).toBe(0);
  await release.world.run(seconds(65));
  expect(await release.status()).toMatchObject({ currentStepIndex: 2, phase: "Paused" });
  expect((await release.status()).canary?.currentExperiment).toBeUndefined();
  expect(await release.weight()).toBe(50);
  expect((await experiments(release))[0]?.status?.phase).toBe("Successful");
});

test("the pods of an experiment are no version's of the Rollout", async () => {
  const release = await underway();

  const { currentPodHash, stableRS, replicas } = await release.status();
  const hashes = (await experiments(release))[0]?.status?.templateStatuses?.map((one) => one.podTemplateHash);
  expect(hashes).toHaveLength(2);
  expect(hashes).not.toContain(currentPodHash);
  expect(hashes).not.toContain(stableRS);
  expect(replicas).toBe(4);
});

test("a bad experiment aborts the release and blames the version", async () => {
  const release = await underway();
  release.outside.answers = { latency: [0.5] };

  await release.world.run(seconds(15));

  const status = await release.status();
  expect(status).toMatchObject({ phase: "Degraded", abort: true });
  expect(status.message).toMatch(/Experiment web-.*-2-0 is Failed: Metric "latency" assessed Failed/);
  expect(await release.quarantines()).toHaveLength(1);
});

test("Pods that don't come abort the release, and blame nobody", async () => {
  const release = await Release.begin({ reconcilers });
  const spec = { progressDeadlineSeconds: 60 };
  const isolated = { ...options(), spec, annotations: { "sluice.dev/gate-progress-deadline": "off" } };
  await release.push("web:v1", isolated);
  await release.push("web:stuck", isolated);

  await release.world.run(seconds(65));

  const status = await release.status();
  expect(status.abort).toBe(true);
  expect(status.message).toMatch(/is Failed: Template 'canary' exceeded its progressDeadlineSeconds \(60\)/);
  expect(await release.quarantines()).toHaveLength(0);
});

test.each([
  ["NoData", { answers: { latency: [Number.NaN] } }],
  ["NoData", { answers: { latency: [] } }],
])("an experiment that saw nothing pauses with %s, and a person may go on", async (reason, { answers }) => {
  const release = await underway();
  release.outside.answers = answers;

  await release.world.run(seconds(75));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: reason, currentStepIndex: 0 });
  await release.ask(promotePatch);

  expect((await release.status()).currentStepIndex).toBe(2);
});

test("an inconclusive experiment pauses, and a person goes on past it", async () => {
  const release = await underway({ analyses: [{ name: "unsure", templateName: "unsure" }] });
  const metric = {
    name: "unsure",
    successCondition: "result[0] > 9",
    failureCondition: "result[0] < 0",
    provider: { prometheus: { query: "errors" } },
  };
  const spec = { metrics: [metric] };
  await release.world.apply({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: "unsure", namespace: "shop" },
    spec,
  } as never);
  await release.push("web:v3", options({ analyses: [{ name: "unsure", templateName: "unsure" }] }));

  await release.world.run(seconds(5));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "InconclusiveExperiment" });
  await release.ask(promotePatch);

  expect((await release.status()).currentStepIndex).toBe(2);
});

test.each([
  ["promote skips it", false, 2],
  ["promote --full skips all", true, 3],
] as const)("while it runs, %s and ends it", async (_words, full, index) => {
  const release = await underway({ duration: "1h" });
  await release.world.run(seconds(15));

  await release.ask((rollout) => promotePatch(rollout, { full }));
  await release.world.run(seconds(5));

  expect((await release.status()).currentStepIndex).toBe(index);
  expect((await experiments(release))[0]?.status?.phase).toBe("Successful");
});

test("a third version ends the experiment of the second and runs its own", async () => {
  const release = await underway({ duration: "1h" });
  await release.world.run(seconds(15));

  await release.push("web:v3", options());
  await release.world.run(minutes(2));

  const phases = (await experiments(release)).map(({ metadata, status }) => [
    metadata.name.replace(/-[a-z0-9]+-/, "-"),
    status?.phase,
  ]);
  expect(phases.toSorted()).toEqual([
    ["web-2-0", "Successful"],
    ["web-3-0", "Successful"],
  ]);
  expect((await release.status()).currentStepIndex).toBe(2);
});

test("arguments of its analyses name the versions", async () => {
  const args = [
    { name: "latest", valueFrom: { podTemplateHashValue: "Latest" as const } },
    { name: "stable", valueFrom: { podTemplateHashValue: "Stable" as const } },
    { name: "service", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
  ];
  const release = await underway({ analyses: [{ name: "errors", templateName: "latency", args }] });

  const { currentPodHash, stableRS } = await release.status();
  expect((await experiments(release))[0]?.spec.analyses?.[0]?.args).toEqual([
    { name: "latest", value: currentPodHash },
    { name: "stable", value: stableRS },
    { name: "service", value: "web" },
  ]);
});

test("old experiments beyond the limit are deleted, with all that is theirs", async () => {
  const release = await Release.begin({ reconcilers });
  const spec = { analysis: { successfulRunHistoryLimit: 1 } };
  for (const image of ["web:v1", "web:v2", "web:v3", "web:v4"]) {
    await release.push(image, { steps: [experiment({ duration: "5s" })], spec });
    await release.world.run(minutes(2));
  }

  expect((await experiments(release)).map(({ metadata }) => metadata.annotations)).toEqual([
    { "rollout.argoproj.io/revision": "4" },
  ]);
});

function scenario(tell: (release: Release) => Promise<void>): Scenario {
  const outsides = new WeakMap<object, Outside>();
  let outside = new Outside();
  return {
    world: {
      reconcilers,
      tasks: (clock) => {
        outside = outsides.get(clock) ?? new Outside();
        outsides.set(clock, outside);
        return handlers(outside)(clock);
      },
    },
    async story(world: World) {
      const release = new Release(world, outsides.get(world.clock) ?? outside);
      await release.prepare();
      await tell(release);
    },
    async end(world: World) {
      const release = new Release(world, outside);
      const { phase, currentStepIndex, abort, canary } = await release.status();
      return {
        weight: await release.weight(),
        weights: canary?.weights,
        stable: await release.stableImage(),
        status: { phase, currentStepIndex, abort, hasExperiment: canary?.currentExperiment !== undefined },
        ended: (await experiments(release)).map(({ status }) => status?.phase).toSorted(),
        quarantines: (await release.quarantines()).length,
      };
    },
  };
}

const laws = [
  [
    "a good release",
    scenario(async (release) => {
      const short = { steps: [experiment({ duration: "20s" }), setWeight(50)] };
      await release.push("web:v1", short);
      await release.push("web:v2", short);
      await release.world.run(minutes(2));
    }),
  ],
  [
    "a bad release",
    scenario(async (release) => {
      const short = { steps: [setWeight(20), experiment({ duration: "20s" })] };
      await release.push("web:v1", short);
      release.outside.answers = { latency: [0.5] };
      await release.push("web:v2", short);
      await release.world.run(minutes(2));
    }),
  ],
  [
    "a release that is aborted while it has weights,",
    scenario(async (release) => {
      const templates = [{ name: "next", specRef: "canary" as const, weight: 10 }];
      const long = { steps: [setWeight(20), experiment({ duration: "1h", templates })] };
      await release.push("web:v1", long);
      await release.push("web:v2", long);
      await release.world.run(seconds(30));
      await release.ask(abortPatch);
      await release.world.run(minutes(2));
    }),
  ],
] as const;

test.each(laws)("law: %s with an experiment settles", (_name, law) => settles(law));
test.each(laws)("law: a crash at any point of %s with an experiment changes nothing in the end", (_name, law) =>
  survivesCrashes(law, { points: 60 }),
);
test.each(laws)("law: stale reads of %s with an experiment converge to the same end", (_name, law) =>
  survivesStaleReads(law, { seeds: 4 }),
);

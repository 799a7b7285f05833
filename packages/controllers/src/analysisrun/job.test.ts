import {
  type AnalysisRun,
  builtInKinds,
  type Job,
  type JobSpec,
  type Metric,
  type Pod,
  type Resource,
} from "@sluice/api";
import { millis, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { jobReconciler } from "../job/index.ts";
import { type ModelledRun, modelledJobPods } from "../job/modelled-job-pods.fixture.ts";
import {
  type Scenario,
  settles,
  survivesCrashes,
  survivesStaleReads,
  World,
  type WorldOptions,
} from "../laws/index.ts";
import type { Effects } from "../loop/index.ts";
import { analysisRunReconciler } from "./index.ts";
import { jobName, jobStateOf } from "./job.ts";

const namespace = "shop";
const key = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", namespace, name: "run" };
const jobKind = { apiVersion: "batch/v1", kind: "Job" };

const jobSpec: JobSpec = {
  backoffLimit: 0,
  template: { spec: { restartPolicy: "Never", containers: [{ name: "smoke", image: "smoke:{{args.tag}}" }] } },
};
const smoke = (fields: Partial<Metric> = {}): Metric => ({
  name: "smoke",
  provider: {
    job: {
      metadata: { labels: { team: "shop" }, annotations: { why: "{{args.why}}" } },
      spec: jobSpec,
    },
  },
  ...fields,
});

const args = [
  { name: "why", value: "release" },
  { name: "tag", value: "v7" },
];

const reconcilers = (runs: readonly ModelledRun[]) => (effects: Effects) => [
  analysisRunReconciler(effects),
  jobReconciler(effects),
  modelledJobPods(runs)(effects),
];

async function prepare(world: World, spec: Partial<AnalysisRun["spec"]>): Promise<void> {
  await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await world.apply({
    apiVersion: key.apiVersion,
    kind: key.kind,
    metadata: { name: "run", namespace },
    spec: { args, metrics: [smoke()], ...spec },
  } as Resource);
}

async function play(
  runs: readonly ModelledRun[],
  spec: Partial<AnalysisRun["spec"]> = {},
  options: Partial<WorldOptions> = {},
) {
  const world = await World.create({ reconcilers: reconcilers(runs), ...options });
  await prepare(world, spec);
  const status = async () => (await world.get<AnalysisRun>(key))?.status;
  const jobs = () => world.list<Job>(jobKind, { namespace });
  return { world, status, jobs };
}

test("a Job is made of the metric, its arguments filled in", async () => {
  const { world, jobs } = await play([{ exitCode: 0 }]);

  const uid = (await world.get(key))?.metadata.uid;
  expect(await jobs()).toMatchObject([
    {
      metadata: {
        name: `${uid}.smoke.1`,
        labels: { team: "shop", "analysisrun.argoproj.io/uid": uid },
        annotations: {
          why: "release",
          "analysisrun.argoproj.io/name": "run",
          "analysisrun.argoproj.io/metric-name": "smoke",
        },
      },
      spec: { template: { spec: { containers: [{ image: "smoke:v7" }] } } },
    },
  ]);
});

test.each([
  [0, "Successful"],
  [1, "Failed"],
])("exit code %d makes the run %s", async (exitCode, phase) => {
  const { world, status } = await play([{ exitCode, lasts: seconds(30) }]);
  expect((await status())?.phase).toBe("Running");

  await world.run(seconds(35));

  expect(await status()).toMatchObject({
    phase,
    metricResults: [{ phase, count: 1, measurements: [{ phase, metadata: { "job-namespace": namespace } }] }],
  });
});

test("an interval counts from the end of the Job, each measurement has one of its own", async () => {
  const { world, status, jobs } = await play([{ exitCode: 0, lasts: seconds(10) }], {
    metrics: [smoke({ interval: "1m", count: 3 })],
  });

  await world.run(seconds(65));
  expect((await jobs()).length).toBe(1);
  await world.run(seconds(120));

  expect((await jobs()).map(({ metadata }) => metadata.name.split(".").slice(1))).toEqual([
    ["smoke", "1"],
    ["smoke", "2"],
    ["smoke", "3"],
  ]);
  expect(await status()).toMatchObject({ phase: "Successful", metricResults: [{ count: 3, successful: 3 }] });
});

test("a run that is ended ends its Job", async () => {
  const { world, status, jobs } = await play([{ exitCode: 0 }]);

  await world.client.patch(key, { type: "merge", value: { spec: { terminate: true } } });
  await world.run(seconds(60));

  expect(await status()).toMatchObject({ phase: "Successful" });
  expect(await jobs()).toEqual([]);
});

test.each([
  [undefined, 10],
  [0, 10],
  [3, 3],
  [12, 12],
])("with a retention of %s as many Jobs are kept as measurements: %d", async (limit, kept) => {
  const { world, jobs, status } = await play([{ exitCode: 0, lasts: millis(1000) }], {
    metrics: [smoke({ interval: "5s", count: 14 })],
    ...(limit === undefined ? {} : { measurementRetention: [{ metricName: "sm.*", limit }] }),
  });

  await world.run(seconds(120));

  const { measurements, count } = (await status())?.metricResults?.[0] ?? {};
  expect({ count, kept: measurements?.length }).toEqual({ count: 14, kept });
  expect((await jobs()).length).toBeLessThanOrEqual(kept + 1);
  expect((await jobs()).length).toBeGreaterThanOrEqual(kept);
});

test("a metric that ends the run ends the Job of another one, too", async () => {
  const bad = { successCondition: "result[0] < 1", provider: { prometheus: { query: "errors" } } };
  const { world, status, jobs } = await play(
    [{ exitCode: 0, lasts: seconds(600) }],
    { metrics: [smoke(), { name: "errors", initialDelay: "20s", ...bad }] },
    { tasks: () => ({ queryPrometheus: async () => ({ value: "[5]", parsed: [5] }) }) },
  );
  expect((await jobs()).length).toBe(1);

  await world.run(seconds(25));

  expect(await status()).toMatchObject({ phase: "Failed" });
  expect(await jobs()).toEqual([]);
});

const uid = "0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f";
const run = { metadata: { name: "run", uid } } as AnalysisRun;

test.each([
  ["smoke", 0, `${uid}.smoke.1`],
  ["a-name-of-25-letters-xxxx", 9, /^[0-9a-f-]{36}\.a-name[a-z0-9-]*\.10$/],
  ["Smoke_Test", 0, /^[0-9a-f-]{36}\.smoke-test-[a-z0-9]+\.1$/],
])("the name for %s, measurement %d, fits", (metric, measurement, expected) => {
  const name = jobName(run, metric, measurement);

  expect(name).toMatch(expected);
  expect(name.length).toBeLessThanOrEqual(63);
});

const labelled = (value: string): Partial<AnalysisRun["spec"]> => ({
  args: [{ name: "tag", value }],
  metrics: [smoke({ provider: { job: { metadata: { labels: { tag: "{{args.tag}}" } }, spec: jobSpec } } })],
});

test.each<[string, Partial<AnalysisRun["spec"]>, RegExp]>([
  ["a label that its argument makes no label", labelled("not a label!"), /metadata\.labels\[?.*not a label!/],
  ["a name that is too long for one", labelled("v".repeat(64)), /metadata\.labels/],
])(
  "a Job that the API refuses for %s is an error of its metric, tried again until the limit",
  async (_words, { args: given = [], metrics = [] }, why) => {
    const limit = 2;
    const { world, status, jobs } = await play(
      [],
      { args: given, metrics: metrics.map((metric) => ({ ...metric, consecutiveErrorLimit: limit })) },
      { kinds: builtInKinds() },
    );
    const first = (await status())?.metricResults?.[0];
    await world.run(seconds(25));

    const ended = await status();

    expect(first).toMatchObject({ phase: "Running", error: 1, consecutiveError: 1 });
    expect(first?.measurements?.[0]).toMatchObject({ phase: "Error", message: expect.stringMatching(why) });
    expect(ended).toMatchObject({
      phase: "Error",
      message: expect.stringContaining(`consecutiveErrors (${limit + 1}) > consecutiveErrorLimit (${limit})`),
      metricResults: [{ phase: "Error", error: limit + 1 }],
    });
    expect(await jobs()).toEqual([]);
  },
);

test("a secret that the API's refusal repeats is struck out of it", async () => {
  const secret = "s3cret word!";
  const { metrics = [] } = labelled("");
  const world = await World.create({ reconcilers: reconcilers([]), kinds: builtInKinds() });
  await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await world.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "token", namespace },
    stringData: { word: secret },
  } as Resource);

  await prepare(world, {
    args: [{ name: "tag", valueFrom: { secretKeyRef: { name: "token", key: "word" } } }],
    metrics,
  });

  const { metricResults } = (await world.get<AnalysisRun>(key))?.status ?? {};
  expect(metricResults?.[0]?.measurements?.[0]?.message).toMatch(/metadata\.labels.*\*\*\*\*\*/);
  expect(JSON.stringify(metricResults)).not.toContain(secret);
});

test("names that are cut stay apart", () => {
  const long = "a-very-long-name-of-a-metric-that-goes-on";

  expect(jobName(run, `${long}-1`, 0)).not.toBe(jobName(run, `${long}-2`, 0));
});

test("an image that can't be pulled is inconclusive: it says nothing of the version", () => {
  const waiting = { reason: "ErrImagePull", message: "no such tag" };
  const pod = { metadata: { name: "p" }, status: { containerStatuses: [{ state: { waiting } }] } } as unknown as Pod;

  expect(jobStateOf({ metadata: {} } as Job, [pod])).toMatchObject({
    is: "ended",
    phase: "Inconclusive",
    message: "Pod p: ErrImagePull: no such tag",
  });
  expect(jobStateOf({ metadata: {} } as Job, [])).toEqual({ is: "running" });
  expect(jobStateOf(undefined, [])).toEqual({ is: "absent" });
});

/** With kinds that have rules, a Job may be refused. */
const lawful = (metric: Partial<Metric>, options: Partial<WorldOptions> = {}): Scenario => ({
  world: { reconcilers: reconcilers([{ exitCode: 0, lasts: seconds(5) }]), ...options },
  async story(world) {
    await prepare(world, { metrics: [smoke(metric)] });
    await world.run(seconds(120));
  },
  async end(world) {
    const status = (await world.get<AnalysisRun>(key))?.status;
    const { count, error } = status?.metricResults?.[0] ?? {};
    return { phase: status?.phase, message: status?.message?.replace(/[0-9a-f-]{36}/, "its-uid"), count, error };
  },
});

const refused = { provider: { job: { metadata: { labels: { tag: "{{args.why}}!" } }, spec: jobSpec } } };
const laws = [
  ["measured by Jobs", lawful({ interval: "20s", count: 3 })],
  ["whose Jobs are refused", lawful({ ...refused, consecutiveErrorLimit: 1 }, { kinds: builtInKinds() })],
] as const;

test.each(laws)("law: a run %s settles", (_name, law) => settles(law));
test.each(laws)("law: a crash at any point of a run %s changes nothing in the end", (_name, law) =>
  survivesCrashes(law, { points: 40 }),
);
test.each(laws)("law: stale reads of a run %s converge to the same end", (_name, law) =>
  survivesStaleReads(law, { seeds: 4 }),
);

import {
  type AnalysisRun,
  builtInKinds,
  type Experiment,
  type ExperimentSpec,
  type ReplicaSet,
  type Resource,
} from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "../laws/index.ts";
import { podHashLabel } from "../version/index.ts";
import {
  analyses,
  begin,
  experiment,
  key,
  namespace,
  Outside,
  prepare,
  runKind,
  serviceKind,
  setKind,
  version,
  worldOf,
} from "./experiment.fixture.ts";

test("it is pending until all Pods are available, then its analyses begin; duration counts from there", async () => {
  const { world, status, sets, runs } = await begin({ duration: "1m", analyses: analyses("errors") });

  expect(await status()).toMatchObject({
    phase: "Pending",
    templateStatuses: [{ name: "baseline", status: "Progressing" }, { status: "Progressing" }],
  });
  expect(await sets()).toEqual({ "compare-baseline": 1, "compare-canary": 1 });
  expect(await runs()).toEqual([]);
  await world.run(seconds(5));
  expect(await status()).toMatchObject({
    phase: "Running",
    availableAt: "2026-01-01T00:00:05Z",
    analysisRuns: [{ name: "errors", analysisRun: "compare-errors", phase: "Running" }],
  });
  await world.run(seconds(59));
  expect(await status()).toMatchObject({ phase: "Running" });
  await world.run(seconds(1));
  expect(await status()).toMatchObject({
    phase: "Successful",
    templateStatuses: [{ status: "Successful", availableReplicas: 1 }, { status: "Successful" }],
    analysisRuns: [{ phase: "Successful" }],
    conditions: [{ type: "Progressing", status: "False", reason: "ExperimentCompleted" }],
  });
});

test("its Pods stay for 30 s after its end, then they and their Services go", async () => {
  const { world, sets } = await begin({ duration: "10s", templates: [version("canary", { service: {} })] });

  await world.run(seconds(16));
  expect(await sets()).toEqual({ "compare-canary": 1 });
  expect(await world.list(serviceKind, { namespace })).toHaveLength(1);
  await world.run(seconds(29));
  expect(await sets()).toEqual({ "compare-canary": 0 });
  expect(await world.list(serviceKind, { namespace })).toEqual([]);
});

test.each([
  [{ scaleDownDelaySeconds: 0 }, 15, 0],
  [{ scaleDownDelaySeconds: 90 }, 104, 1],
  [{ scaleDownDelaySeconds: 90 }, 106, 0],
])("scaleDownDelaySeconds is honoured: %j after %d s", async (spec, wait, replicas) => {
  const { world, sets } = await begin({ duration: "10s", ...spec, templates: [version("canary")] });

  await world.run(seconds(wait));

  expect(await sets()).toEqual({ "compare-canary": replicas });
});

test("any bad analysis ends it early, the others are terminated", async () => {
  const { world, outside, status, runs } = await begin({ duration: "10m", analyses: analyses("errors", "latency") });
  await world.run(seconds(20));

  outside.answers = { latency: 0.5 };
  await world.run(seconds(12));

  expect(await status()).toMatchObject({
    phase: "Failed",
    message: 'Metric "latency" assessed Failed due to failed (1) > failureLimit (0)',
    templateStatuses: [{ status: "Successful" }, { status: "Successful" }],
  });
  expect(await runs()).toEqual([
    ["compare-errors", "Successful"],
    ["compare-latency", "Failed"],
  ]);
});

test.each([
  ["while its Pods still stay", 5],
  ["once they are gone", 60],
])("begun again by an empty status, as kubectl's plugin does it, %s, it measures anew", async (_words, wait) => {
  const { world, outside, status, sets, runs } = await begin({ duration: "1m", analyses: analyses("errors") });
  outside.answers = { errors: 0.5 };
  await world.run(seconds(10));
  expect(await status()).toMatchObject({ phase: "Failed" });
  await world.run(seconds(wait));
  outside.answers = {};

  await world.client.patch(key, { type: "merge", value: { status: null } }, { subresource: "status" });
  await world.run(seconds(10));

  expect(await status()).toMatchObject({ phase: "Running", analysisRuns: [{ analysisRun: "compare-errors.1" }] });
  expect(await runs()).toEqual([
    ["compare-errors", "Failed"],
    ["compare-errors.1", "Running"],
  ]);
  await world.run(seconds(56));
  expect(await status()).toMatchObject({ phase: "Successful" });
  expect(await sets()).toEqual({ "compare-baseline": 1, "compare-canary": 1 });
  await world.run(seconds(31));
  expect(await sets()).toEqual({ "compare-baseline": 0, "compare-canary": 0 });
});

test("a template that isn't there is an error, named", async () => {
  const { world, status } = await begin({ duration: "10m", analyses: analyses("nothing") });

  await world.run(seconds(6));

  expect(await status()).toMatchObject({ phase: "Error", message: "AnalysisTemplate 'nothing' not found" });
});

test.each<[string, Partial<ExperimentSpec>, number, string]>([
  ["ends early once the required one succeeded", { duration: "10m" }, 20, "Successful"],
  ["waits for the required one although its duration is over", { duration: "1s" }, 10, "Running"],
  ["ends then", { duration: "1s" }, 20, "Successful"],
  ["ends without a duration", {}, 20, "Successful"],
])("requiredForCompletion: it %s", async (_words, spec, wait, phase) => {
  const required = { name: "once", templateName: "once", requiredForCompletion: true };
  const { world, status } = await begin({ ...spec, analyses: [required, ...analyses("errors")] });

  await world.run(seconds(wait));

  expect(await status()).toMatchObject({ phase });
});

test("without duration and required analyses it runs until it is terminated", async () => {
  const { world, status } = await begin({ analyses: analyses("errors") });
  await world.run(minutes(60));
  expect(await status()).toMatchObject({ phase: "Running" });

  await world.client.patch(key, { type: "merge", value: { spec: { terminate: true } } });
  await world.settle();

  expect(await status()).toMatchObject({ phase: "Successful", analysisRuns: [{ phase: "Successful" }] });
});

test("terminated before its Pods are there, it ends and measures nothing", async () => {
  const { runs, status } = await begin({ terminate: true, analyses: analyses("errors") });

  expect(await status()).toMatchObject({ phase: "Successful" });
  expect(await runs()).toEqual([]);
});

test.each([
  [{}, 600],
  [{ progressDeadlineSeconds: 60 }, 60],
])("Pods that don't come fail it after the deadline (%j)", async (spec, deadline) => {
  const templates = [version("baseline"), version("canary", {}, "shop:stuck")];
  const { world, status, sets } = await begin({ ...spec, duration: "1m", templates });

  // The last progress was the other version's Pod at 5 s; each version has its own clock.
  await world.run(seconds(deadline));
  expect(await status()).toMatchObject({ phase: "Pending" });
  await world.run(seconds(1));

  expect(await status()).toMatchObject({
    phase: "Failed",
    message: `Template 'canary' exceeded its progressDeadlineSeconds (${deadline})`,
    templateStatuses: [{ status: "Successful" }, { status: "Failed" }],
  });
  await world.run(seconds(31));
  expect(await sets()).toEqual({ "compare-baseline": 0, "compare-canary": 0 });
});

test("versions of one template keep their Pods apart, and arguments name them", async () => {
  const same = version("x").template;
  const selector = { matchLabels: { app: "shop" } };
  const templates = [
    { name: "one", selector, template: same },
    { name: "two", selector, template: same, service: { name: "shop-two" } },
  ];
  const args = [{ name: "hash", value: "{{templates.two.podTemplateHash}}" }];
  const { world, outside, status } = await begin({
    templates,
    analyses: [{ name: "errors", templateName: "errors", args }],
  });

  await world.run(seconds(6));

  const [one, two] = (await status()).templateStatuses ?? [];
  expect(one?.podTemplateHash).not.toBe(two?.podTemplateHash);
  expect(outside.queries).toEqual([`errors${two?.podTemplateHash}`]);
  expect(await world.list(serviceKind, { namespace })).toMatchObject([
    {
      metadata: { name: "shop-two" },
      spec: { selector: { app: "shop", [podHashLabel]: two?.podTemplateHash }, ports: [{ port: 8080 }] },
    },
  ]);
});

test("dry runs never decide, and measurementRetention reaches the run", async () => {
  const { world, outside, status } = await begin({
    duration: "1m",
    analyses: analyses("errors", "latency"),
    dryRun: [{ metricName: ".*" }],
    measurementRetention: [{ metricName: ".*", limit: 2 }],
  });
  outside.answers = { latency: 0.5 };

  await world.run(seconds(70));

  expect(await status()).toMatchObject({ phase: "Successful" });
  const runs = await world.list<AnalysisRun>(runKind, { namespace });
  expect(runs.map(({ status }) => status?.metricResults?.[0]?.measurements?.length)).toEqual([2, 1]);
});

test("a ReplicaSet's name that is another's is left alone", async () => {
  const outside = new Outside();
  const world = await World.create(worldOf(outside));
  await prepare(world);
  const foreign = { ...setKind, metadata: { name: "compare-baseline", namespace }, spec: { replicas: 0 } };
  await world.apply(foreign as Resource, experiment({ duration: "1m" }));

  await world.run(seconds(6));

  const status = (await world.get<Experiment>(key))?.status;
  expect(status).toMatchObject({ phase: "Running", templateStatuses: [{ name: "baseline", collisionCount: 1 }, {}] });
  const names = (await world.list<ReplicaSet>(setKind, { namespace })).map(({ metadata }) => metadata.name);
  expect(names).toEqual(["compare-baseline", "compare-baseline-1", "compare-canary"]);
});

test("a Service that is another's is an error, and stays as it is", async () => {
  const outside = new Outside();
  const world = await World.create(worldOf(outside));
  await prepare(world);
  const foreign = { ...serviceKind, metadata: { name: "shop", namespace }, spec: { selector: { app: "shop" } } };
  const templates = [version("canary", { service: { name: "shop" } })];
  await world.apply(foreign as Resource, experiment({ duration: "1m", templates }));

  await world.run(minutes(2));

  const status = (await world.get<Experiment>(key))?.status;
  expect(status).toMatchObject({ phase: "Error", message: 'Service "shop" is not this experiment\'s' });
  expect(await world.get({ ...serviceKind, namespace, name: "shop" })).toMatchObject({ spec: foreign.spec });
});

const long = "a".repeat(60);

test.each<[string, Partial<ExperimentSpec>, string, RegExp]>([
  [
    "a Service whose name is too long is an error of its version",
    { templates: [version("baseline"), version(long, { service: {} })] },
    "templateStatuses",
    /^Failed to create Service for template 'a{60}': /,
  ],
  [
    "a ReplicaSet whose name is too long is an error of its version",
    { templates: [version(long)] },
    "templateStatuses",
    /^Failed to create ReplicaSet for template 'a{60}': /,
  ],
  [
    "an AnalysisRun whose name is too long is an error of its analysis",
    { analyses: [{ name: "a".repeat(250), templateName: "errors" }, ...analyses("latency")] },
    "analysisRuns",
    /^Failed to create AnalysisRun for analysis 'a{250}': /,
  ],
])("%s, which ends the experiment", async (_words, spec, where, why) => {
  const world = await World.create({ ...worldOf(new Outside()), kinds: builtInKinds() });
  await prepare(world);
  const name = where === "templateStatuses" ? "e".repeat(spec.templates?.length === 1 ? 200 : 10) : "compare";
  const made = experiment({ duration: "1m", ...spec });
  await world.apply({ ...made, metadata: { ...made.metadata, name } });

  await world.run(seconds(6));

  const status = (await world.get<Experiment>({ ...key, name }))?.status;
  expect(status).toMatchObject({ phase: "Error", message: expect.stringMatching(why) });
  const children = where === "analysisRuns" ? status?.analysisRuns : status?.templateStatuses;
  expect(children).toContainEqual(
    expect.objectContaining({ [where === "analysisRuns" ? "phase" : "status"]: "Error", message: status?.message }),
  );
  await world.run(minutes(1));
  const sets = await world.list<ReplicaSet>(setKind, { namespace });
  expect(sets.map(({ spec: { replicas } }) => replicas).every((replicas) => replicas === 0)).toBe(true);
});

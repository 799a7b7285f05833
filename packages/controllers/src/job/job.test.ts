import { builtInKinds, type Job, type JobSpec, type Pod } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import { type ModelledRun, modelledJobPods } from "./modelled-job-pods.fixture.ts";
import { jobReconciler } from "./reconciler.ts";

const key = { apiVersion: "batch/v1", kind: "Job", namespace: "default", name: "smoke" };
const podKind = { apiVersion: "v1", kind: "Pod" };
const succeeds: ModelledRun = { lasts: seconds(5), exitCode: 0 };
const fails: ModelledRun = { lasts: seconds(5), exitCode: 1 };
const hangs: ModelledRun = { exitCode: 0 };

const job = (spec: Partial<JobSpec> = {}, pod: Partial<JobSpec["template"]["spec"]> = {}): Job => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "smoke", namespace: "default" },
  spec: {
    template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: "smoke:v1" }], ...pod } },
    ...spec,
  },
});

const options = (...runs: readonly ModelledRun[]) => ({
  kinds: builtInKinds(),
  reconcilers: (effects: Parameters<typeof jobReconciler>[0]) => [
    jobReconciler(effects),
    modelledJobPods(runs)(effects),
  ],
});

async function begin(spec: Partial<JobSpec>, ...runs: readonly ModelledRun[]) {
  const world = await World.create(options(...runs));
  await world.apply(job(spec));
  return {
    world,
    status: async () => (await world.get<Job>(key))?.status,
    pods: () => world.list<Pod>(podKind),
    change: async (change: Partial<JobSpec>) => {
      await world.client.patch(key, { type: "merge", value: { spec: change } });
      await world.settle();
    },
    conditions: async () =>
      ((await world.get<Job>(key))?.status?.conditions ?? []).map(
        ({ type, status, reason }) => `${type}=${status} ${reason}`,
      ),
  };
}

test("one Pod that succeeds: Complete, with its times, and nothing holds it any more", async () => {
  const { world, status, conditions, pods } = await begin({}, succeeds);
  expect(await status()).toMatchObject({ active: 1, ready: 1, uncountedTerminatedPods: {} });

  await world.run(seconds(6));

  expect(await conditions()).toEqual([
    "SuccessCriteriaMet=True CompletionsReached",
    "Complete=True CompletionsReached",
  ]);
  expect(await status()).toMatchObject({ succeeded: 1, ready: 0, terminating: 0, uncountedTerminatedPods: {} });
  expect(await status()).not.toHaveProperty("active");
  expect((await status())?.completionTime).toBe("2026-01-01T00:00:05Z");
  expect(
    [...(await pods()), (await world.get<Job>(key))!].flatMap(({ metadata }) => metadata.finalizers ?? []),
  ).toEqual([]);
});

test("no more Pods than parallelism, no more than are still needed", async () => {
  const { world, status, pods, conditions } = await begin({ parallelism: 3, completions: 5 }, succeeds);
  expect(await status()).toMatchObject({ active: 3 });

  await world.run(seconds(5));
  expect(await status()).toMatchObject({ active: 2, succeeded: 3 });
  await world.run(seconds(5));

  expect(await status()).toMatchObject({ succeeded: 5 });
  expect(await pods()).toHaveLength(5);
  expect(await conditions()).toContain("Complete=True CompletionsReached");
});

test("a work queue: after the first success none is started, and the others may end", async () => {
  const { world, status, conditions, pods } = await begin({ parallelism: 2 }, succeeds);
  const [one] = await pods();
  await world.client.delete({ ...podKind, namespace: "default", name: one!.metadata.name });
  await world.run(seconds(30));

  expect(await status()).toMatchObject({ succeeded: 1, failed: 1 });
  expect(await pods()).toHaveLength(1);
  expect(await conditions()).toContain("Complete=True CompletionsReached");
});

test("after a failure it waits 10 s, then 20 s, then 40 s, at most 6 min", async () => {
  const { world, pods } = await begin({ backoffLimit: 20 }, fails);
  const createdAt = async () =>
    (await pods()).map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? "") / 1000).sort((a, b) => a - b);

  await world.run(minutes(30));

  const gaps = (await createdAt()).map((at, index, all) => at - (all[index - 1] ?? at) - 5).slice(1);
  expect(gaps).toEqual([10, 20, 40, 80, 160, 320, 360, 360, 360]);
});

test("more failures than backoffLimit: Failed", async () => {
  const { world, status, conditions } = await begin({ backoffLimit: 1 }, fails);

  await world.run(minutes(5));

  expect(await status()).toMatchObject({ failed: 2 });
  expect(await conditions()).toEqual(["FailureTarget=True BackoffLimitExceeded", "Failed=True BackoffLimitExceeded"]);
  expect((await status())?.completionTime).toBeUndefined();
});

test("activeDeadlineSeconds end what runs, and count it as failed", async () => {
  const { world, status, conditions, pods } = await begin({ activeDeadlineSeconds: 30, parallelism: 2 }, hangs);

  await world.run(seconds(29));
  expect(await status()).toMatchObject({ active: 2 });
  await world.run(seconds(2));

  expect(await conditions()).toEqual(["FailureTarget=True DeadlineExceeded", "Failed=True DeadlineExceeded"]);
  expect(await status()).toMatchObject({ failed: 2 });
  expect(await pods()).toEqual([]);
});

test("suspended it has no Pods, its clock stands still, and nothing counts as failed", async () => {
  const { world, status, conditions, change, pods } = await begin({ activeDeadlineSeconds: 60 }, hangs);
  await world.run(seconds(40));

  await change({ suspend: true });
  expect(await conditions()).toEqual(["Suspended=True JobSuspended"]);
  expect(await pods()).toEqual([]);
  expect((await status())?.startTime).toBeUndefined();
  await world.run(minutes(10));
  await change({ suspend: false });
  await world.run(seconds(40));

  expect(await conditions()).toEqual(["Suspended=False JobResumed"]);
  expect(await status()).toMatchObject({ active: 1, startTime: "2026-01-01T00:10:40Z" });
  expect(await status()).not.toHaveProperty("failed");
});

test("ttlSecondsAfterFinished", async () => {
  const { world, pods } = await begin({ ttlSecondsAfterFinished: 60 }, succeeds);

  await world.run(seconds(64));
  expect(await world.get(key)).toBeDefined();
  await world.run(seconds(2));

  expect(await world.get(key)).toBeUndefined();
  expect(await pods()).toEqual([]);
});

test("a Job that is deleted lets its Pods go", async () => {
  const { world, pods } = await begin({ parallelism: 2 }, hangs);

  await world.client.delete(key, { propagationPolicy: "Background" });
  await world.settle();

  expect(await world.get(key)).toBeUndefined();
  expect(await pods()).toEqual([]);
});

test("OnFailure: the agent's restarts count towards backoffLimit", async () => {
  const world = await World.create(options(hangs));
  await world.apply(job({ backoffLimit: 3 }, { restartPolicy: "OnFailure" }));
  const restarted = async (restartCount: number) => {
    const [pod] = await world.list<Pod>(podKind);
    const containerStatuses = [{ name: "main", image: "", imageID: "", ready: true, restartCount }];
    await world.client.update({ ...pod!, status: { ...pod!.status, containerStatuses } }, { subresource: "status" });
    await world.settle();
    return (await world.get<Job>(key))?.status?.conditions?.at(-1)?.reason;
  };

  expect(await restarted(2)).toBeUndefined();
  expect(await restarted(3)).toBe("BackoffLimitExceeded");
});

describe("podFailurePolicy", () => {
  const exits = (exitCode: number) => ({ lasts: seconds(5), exitCode });
  const rule = (action: "FailJob" | "Ignore" | "Count", operator: "In" | "NotIn", ...values: number[]) => ({
    podFailurePolicy: { rules: [{ action, onExitCodes: { operator, values } }] },
  });

  test.each([
    ["FailJob ends it at once", rule("FailJob", "In", 42), [exits(42)], { failed: 1 }, "PodFailurePolicy"],
    ["another code counts", rule("FailJob", "In", 42), [exits(1)], { failed: 3 }, "BackoffLimitExceeded"],
    ["NotIn", rule("FailJob", "NotIn", 1), [exits(42)], { failed: 1 }, "PodFailurePolicy"],
    ["Count", rule("Count", "In", 42), [exits(42)], { failed: 3 }, "BackoffLimitExceeded"],
    [
      "Ignore",
      rule("Ignore", "In", 42),
      [exits(42), exits(42), exits(42), succeeds],
      { succeeded: 1 },
      "CompletionsReached",
    ],
  ])("%s", async (_, spec, runs, counts, reason) => {
    const { world, status } = await begin({ backoffLimit: 2, ...spec }, ...runs);

    await world.run(minutes(10));

    const end = await status();
    expect({ failed: 0, succeeded: 0, ...end }).toMatchObject({ failed: 0, succeeded: 0, ...counts });
    expect(end?.conditions?.at(-1)?.reason).toBe(reason);
  });
});

test("podReplacementPolicy Failed: a Pod on its way out is replaced when it has ended", async () => {
  const lingering = { ...job({ podReplacementPolicy: "Failed" }) };
  const world = await World.create({ ...options(hangs), reconcilers: (effects) => [jobReconciler(effects)] });
  await world.apply(lingering);
  const [pod] = await world.list<Pod>(podKind);
  const podKey = { ...podKind, namespace: "default", name: pod!.metadata.name };
  await world.client.patch(podKey, { type: "merge", value: { spec: { nodeName: "local" } } });

  await world.client.delete(podKey);
  await world.run(minutes(1));
  expect((await world.get<Job>(key))?.status).toMatchObject({ terminating: 1 });
  const leaving = await world.get<Pod>(podKey);
  await world.client.update({ ...leaving!, status: { phase: "Failed" } }, { subresource: "status" });
  await world.settle();
  await world.run(minutes(1));

  expect((await world.get<Job>(key))?.status).toMatchObject({ active: 1, failed: 1, terminating: 0 });
});

const scenario: Scenario = {
  world: options(fails, fails, succeeds),
  story: async (world) => {
    await world.apply(job({ completions: 2, parallelism: 1, backoffLimit: 3 }));
    await world.run(seconds(7));
    const [pod] = await world.list<Pod>(podKind);
    await world.client.delete({ ...podKind, namespace: "default", name: pod!.metadata.name });
    await world.run(minutes(5));
  },
  end: async (world) => {
    const { conditions = [], completionTime: _, startTime: __, ...counts } = (await world.get<Job>(key))?.status ?? {};
    return { counts, conditions: conditions.map(({ type, reason }) => [type, reason]) };
  },
};

test("it settles", async () => {
  await settles(scenario);
});
test("a crash between any two effects counts nothing twice", async () => {
  await survivesCrashes(scenario);
});
test("stale reads converge", async () => {
  await survivesStaleReads(scenario);
});

import type { Resource, VirtualService } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Effects } from "../../loop/index.ts";
import { abortPatch, promotePatch, retryPatch } from "../index.ts";
import { rolloutReconciler } from "../reconciler.ts";
import { pause, Release, type ReleaseOptions, reconcilers, setWeight } from "../release.fixture.ts";
import { availableOf } from "../view.ts";

// What becomes of users while a release on its way is made larger or smaller, or its Pods come and go.

/** What is written to the route, with the share of all Pods that the stable version has then. */
interface Written {
  readonly weight: number;
  readonly stable: number;
}

function watched(written: Written[]) {
  return (effects: Effects) => {
    const real = rolloutReconciler(effects);
    const plan: typeof real.plan = (observed, now) => {
      const made = real.plan(observed, now);
      const { rollout, replicaSets } = observed;
      const stable = replicaSets.find(
        ({ metadata }) => metadata.labels?.["rollouts-pod-template-hash"] === rollout.status?.stableRS,
      );
      for (const action of made.actions) {
        if (action.do !== "update" || action.object.kind !== "VirtualService") continue;
        const [, canary] = (action.object as VirtualService).spec.http?.[0]?.route ?? [];
        const share = (100 * availableOf(stable)) / (rollout.spec.replicas ?? 1);
        written.push({ weight: canary?.weight ?? 0, stable: share });
      }
      return made;
    };
    return [{ ...real, plan }, ...reconcilers(effects).slice(1)];
  };
}

const policy: Resource = {
  apiVersion: "sluice.dev/v1alpha1",
  kind: "RollbackPolicy",
  metadata: { name: "careful", namespace: "shop" },
  spec: { holdback: { weight: 5, seconds: 3600 } },
} as Resource;

async function released(options: ReleaseOptions, ...given: readonly Resource[]) {
  const written: Written[] = [];
  const release = await Release.begin({ reconcilers: watched(written) });
  await release.world.apply(...given);
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  return { release, written };
}

const sized = (options: ReleaseOptions, replicas: number): ReleaseOptions => ({
  ...options,
  spec: { ...options.spec, replicas },
});

test.each<[string, ReleaseOptions, readonly Resource[], number]>([
  ["held back", { steps: [setWeight(20), pause("10s"), setWeight(50), pause("10s")] }, [policy], 95],
  [
    "asking for data",
    {
      steps: [{ setCanaryScale: { matchTrafficWeight: true } }],
      canary: { analysis: { templates: [{ templateName: "latency" }] } },
    },
    [],
    100,
  ],
  ["in a pause", { steps: [setWeight(20), pause("10s"), setWeight(50), pause()] }, [], 50],
  [
    "in a pause, with Pods of its own number",
    { steps: [{ setCanaryScale: { replicas: 3 } }, setWeight(50), pause()] },
    [],
    50,
  ],
  [
    "in a pause, with Pods of another weight",
    { steps: [{ setCanaryScale: { weight: 25 } }, setWeight(50), pause()] },
    [],
    50,
  ],
  [
    "held back, with a smaller stable version",
    { steps: [setWeight(20), pause("10s"), setWeight(50), pause("10s")], canary: { dynamicStableScale: true } },
    [policy],
    95,
  ],
])("%s: users keep their version while there come to be more Pods or fewer", async (_words, plan, given, weight) => {
  const options = { spec: { replicas: 4 }, ...plan };
  const { release, written } = await released(options, ...given);
  // Nobody asks for a version that has everything: a person is asked instead.
  if (weight === 100) release.outside.requests = 0;
  await release.push("web:v2", options);
  await release.world.run(minutes(5));
  const reached = await release.weight();
  const step = (await release.status()).currentStepIndex;
  const told = await release.decisions();
  written.length = 0;

  for (const replicas of [8, 3, 1, 2]) {
    await release.push("web:v2", sized(options, replicas));
    await release.world.run(seconds(5));
  }
  await release.limit("web:v2", 1);
  await release.push("web:v2", sized(options, 12));
  await release.world.run(seconds(5));
  await release.limit("web:v2", undefined);

  expect(reached).toBe(weight);
  expect(written.filter((one) => one.weight !== weight)).toEqual([]);
  expect(await release.weight()).toBe(weight);
  expect(await release.decisions()).toEqual(told);
  expect((await release.status()).currentStepIndex).toBe(step);
});

const shrinking: ReleaseOptions = {
  steps: [setWeight(60), pause(), setWeight(20), pause()],
  canary: { dynamicStableScale: true },
  spec: { replicas: 10 },
};
const other = (steps: ReleaseOptions["steps"]): ReleaseOptions => ({ ...shrinking, steps: steps ?? [] });

test.each<[string, ReleaseOptions, (release: Release) => Promise<void>, number]>([
  ["a step that asks for less", shrinking, (release) => release.ask(promotePatch), 20],
  [
    "a step that asks for less, with the canary scaled apart",
    other([setWeight(60), pause(), { setCanaryScale: { weight: 80 } }, setWeight(20), pause()]),
    (release) => release.ask(promotePatch),
    20,
  ],
  [
    "steps that are edited",
    shrinking,
    (release) => release.push("web:v2", other([setWeight(30), pause(), setWeight(100)])),
    30,
  ],
  ...[{ replicas: 0 }, { weight: 0 }].map(
    (setCanaryScale): [string, ReleaseOptions, (release: Release) => Promise<void>, number] => [
      `a step that asks for no Pod of it, ${JSON.stringify(setCanaryScale)},`,
      other([setWeight(60), pause(), { setCanaryScale }, pause()]),
      (release) => release.ask(promotePatch),
      0,
    ],
  ),
  ["steps that begin with none", shrinking, (release) => release.push("web:v2", other([pause(), setWeight(100)])), 0],
  [
    "a holdback that somebody asks for when all have it",
    other([setWeight(100), pause()]),
    (release) => release.world.apply(policy),
    95,
  ],
  ["an abort", shrinking, (release) => release.ask(abortPatch), 0],
  [
    "an abort of one that was scaled apart",
    {
      ...other([{ setCanaryScale: { weight: 70 } }, setWeight(60), pause()]),
      canary: { dynamicStableScale: true, abortScaleDownDelaySeconds: 0 },
    },
    (release) => release.ask(abortPatch),
    0,
  ],
])("%s gives a smaller stable version no more users than its Pods can take", async (_words, options, change, end) => {
  const { release, written } = await released(options);
  await release.push("web:v2", options);
  await release.world.run(seconds(40));
  const before = await release.weight();
  // Its Pods come one by one.
  const has = (await release.pods())["web:v1"] ?? 0;
  await release.limit("web:v1", has);
  written.length = 0;

  await change(release);
  const early = await release.weight();
  const kept = (await release.pods())["web:v2"] ?? 0;
  for (let count = has + 1; count <= 10; count++) await release.limit("web:v1", count);
  await release.world.run(minutes(1));

  expect(early).toBe(before);
  expect(10 * kept).toBeGreaterThanOrEqual(before ?? 0);
  expect(written.filter(({ weight, stable }) => 100 - weight > stable)).toEqual([]);
  expect(await release.weight()).toBe(end);
});

test("a step that asks for no Pod of it doesn't wait for more of the stable version's than a threshold is content with", async () => {
  const options: ReleaseOptions = {
    ...other([setWeight(60), pause(), { setCanaryScale: { replicas: 0 } }, pause()]),
    canary: { dynamicStableScale: true, replicaProgressThreshold: { type: "Percent", value: 80 } },
  };
  const { release } = await released(options);
  await release.push("web:v2", options);
  await release.world.run(seconds(40));
  await release.limit("web:v1", 8);

  await release.ask(promotePatch);
  await release.world.run(minutes(1));

  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({
    currentStepIndex: 3,
    pauseConditions: [{ reason: "CanaryPauseStep" }],
  });
});

test("a step back that waits for Pods of the stable version, and for none of its own, is said to do so once its time is over", async () => {
  const { release } = await released(shrinking);
  await release.push("web:v2", shrinking);
  await release.world.run(seconds(40));
  const { stableRS } = await release.status();
  await release.limit("web:v1", 5);
  await release.ask(promotePatch);

  await release.world.run(minutes(12));

  const { phase, message, abort } = await release.status();
  expect({ phase, abort }).toEqual({ phase: "Degraded", abort: undefined });
  expect(message).toBe(
    `ProgressDeadlineExceeded: ReplicaSet "web-${stableRS}" has timed out progressing. The stable version has 5 of its 8 Pods.`,
  );
});

test("a stable version takes no users back by Pods that it was just asked to let go", async () => {
  const options = other([
    setWeight(40),
    pause(),
    setWeight(60),
    setWeight(70),
    { setCanaryScale: { replicas: 0 } },
    pause(),
  ]);
  const { release } = await released(options);
  await release.push("web:v2", options);
  await release.world.run(seconds(40));
  // It counts the six that it had.
  await release.deafen("web:v1");

  await release.ask(promotePatch);
  await release.world.run(seconds(5));
  const meanwhile = await release.weight();
  await release.deafen("web:v1", false);
  await release.world.run(seconds(5));

  expect(meanwhile).toBe(70);
  expect(await release.weight()).toBe(0);
});

test("each time that a step takes all users of a version is on record, also of one that was asked for again", async () => {
  const options = { steps: [setWeight(60), pause(), { setCanaryScale: { replicas: 0 } }, pause()] };
  const { release } = await released(options);
  await release.push("web:v2", options);
  const lost: number[] = [];

  for (const again of [abortPatch, retryPatch, undefined]) {
    await release.world.run(seconds(10));
    if (again !== retryPatch) await release.ask(promotePatch);
    await release.world.run(seconds(10));
    lost.push((await release.decisions()).filter((action) => action === "hold").length);
    if (again !== undefined) await release.ask(again);
  }

  expect(lost).toEqual([1, 1, 2]);
});

test("a full promotion gives a smaller stable version nothing back when more Pods are asked for", async () => {
  const { release, written } = await released(shrinking);
  await release.push("web:v2", shrinking);
  await release.world.run(seconds(40));
  await release.limit("web:v2", 9);
  await release.ask((rollout) => promotePatch(rollout, { full: true }));
  const before = [await release.weight(), await release.pods()];
  written.length = 0;

  await release.push("web:v2", sized(shrinking, 20));
  const scaled = await release.weight();
  await release.limit("web:v2", undefined);
  await release.world.run(minutes(1));

  expect(before).toEqual([90, { "web:v1": 1, "web:v2": 10 }]);
  expect(scaled).toBe(90);
  expect(written.filter(({ weight }) => weight > 0 && weight < 90)).toEqual([]);
  expect(await release.stableImage()).toBe("web:v2");
});

test.each([false, true])(
  "a release that is asked for no Pods on its way loses its users, and that is told; smaller stable version: %s",
  async (dynamicStableScale) => {
    const options = { steps: [setWeight(50), pause()], canary: dynamicStableScale ? { dynamicStableScale } : {} };
    const { release } = await released(options);
    await release.push("web:v2", options);
    const known = await release.decisions();

    await release.push("web:v2", sized(options, 0));
    const [weight, told] = [await release.weight(), await release.decisions()];
    await release.push("web:v2", sized(options, 4));
    await release.world.run(seconds(5));

    expect(weight).toBe(0);
    expect(told.slice(known.length)).toEqual(["hold"]);
    expect(await release.weight()).toBe(50);
    expect(await release.decisions()).toEqual(told);
  },
);

test.each<[string, number | undefined, boolean | undefined, number]>([
  ["the stable version lacks as many: nobody is blamed", 4, undefined, 95],
  ["the stable version has all of its own: it is taken back", undefined, undefined, 0],
  ["the stable version lacks as many, and a team asks for an abort", 4, true, 0],
])("Pods that don't come after a holdback are missed by the deadline; %s", async (_words, others, aborts, weight) => {
  const short: ReleaseOptions = {
    steps: [setWeight(50), pause("10s")],
    spec: { replicas: 4, ...(aborts === undefined ? {} : { progressDeadlineAbort: aborts }) },
  };
  const brief = { ...policy, spec: { holdback: { weight: 5, seconds: 60 } } } as Resource;
  const { release } = await released(short, brief);
  await release.push("web:v2", short);
  await release.world.run(seconds(30));
  await release.limit("web:v2", 4);
  await release.limit("web:v1", others);
  await release.push("web:v2", sized(short, 8));

  await release.world.run(minutes(9));
  const before = await release.status();
  await release.world.run(minutes(15));

  expect(before).toMatchObject({ phase: "Progressing" });
  expect((await release.status()).phase).toBe("Degraded");
  expect((await release.status()).abort === true).toBe(weight === 0);
  expect(await release.weight()).toBe(weight);
  if (weight === 0) return;
  await release.limit("web:v2", undefined);
  await release.world.run(seconds(5));
  expect(await release.stableImage()).toBe("web:v2");
});

import { builtInKinds, type Experiment, type Judgement, type ReplicaSet, type Resource } from "@sluice/api";
import { type Clock, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { experimentReconciler } from "../../experiment/index.ts";
import { judgementReconciler } from "../../judgement/index.ts";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, World } from "../../laws/index.ts";
import type { Effects } from "../../loop/index.ts";
import { abortPatch, promotePatch } from "../index.ts";
import { handlers, Outside, pause, Release, type ReleaseOptions, reconcilers, setWeight } from "../release.fixture.ts";
import { wantedOf } from "../view.ts";
import { Bench } from "./bench.fixture.ts";

const steps = [setWeight(20), pause("2m"), setWeight(60), pause("2m"), setWeight(100)];
interface Options extends ReleaseOptions {
  readonly ports?: readonly { readonly containerPort: number }[];
}

const template = (image: string, ports: Options["ports"] = [{ containerPort: 80 }]) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image, ports }] },
});
const policy = (spec: object = {}): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name: "fresh", namespace: "shop" },
    spec: { freshBaseline: true, holdback: { weight: 0 }, ...spec },
  }) as Resource;

const withAll = (effects: Effects) => [
  ...reconcilers(effects),
  judgementReconciler(effects),
  experimentReconciler(effects),
];
const tasksOf = (bench: Bench) => (clock: Clock) => ({
  ...handlers(new Outside())(clock),
  judgeWindows: bench.handler,
});

const push = (release: Release, image: string, { ports, ...options }: Options) =>
  release.push(image, { ...options, spec: { template: template(image, ports), ...options.spec } });

async function underWay(options: Options = {}, given = policy()) {
  const bench = new Bench();
  const world = await World.create({ reconcilers: withAll, tasks: tasksOf(bench), kinds: builtInKinds() });
  const release = new Release(world, new Outside());
  await release.prepare();
  await world.apply(given);
  await push(release, "web:v1", { steps, ...options });
  await world.run(seconds(60));
  await push(release, "web:v2", { steps, ...options });
  await world.run(seconds(8));
  return { release, bench, world };
}

const experimentKind = { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" };
const judgementKind = { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" };
const experiments = (world: World) => world.list<Experiment>(experimentKind, { namespace: "shop" });
const judgements = (world: World) => world.list<Judgement>(judgementKind, { namespace: "shop" });
const isBaseline = ({ metadata }: ReplicaSet) => metadata.ownerReferences?.[0]?.kind === "Experiment";
const baselinePods = async (release: Release) =>
  (await release.replicaSets()).filter(isBaseline).reduce((sum, set) => sum + wantedOf(set), 0);
const conditionOf = async (release: Release) =>
  (await release.status()).conditions?.find(({ type }) => type === "FreshBaseline");

test("as many new Pods of the stable version as the canary's get the same share, and are compared with", async () => {
  const { release, world } = await underWay();

  const first = (await release.status()).canary?.weights;
  const pods = await baselinePods(release);
  const [judgement] = await judgements(world);
  const condition = await conditionOf(release);
  await world.run(minutes(2.5));
  const second = (await release.status()).canary?.weights;

  expect(first).toMatchObject({
    canary: { weight: 20 },
    stable: { weight: 60 },
    additional: [{ weight: 20, podTemplateHash: judgement?.spec.baseline?.podTemplateHash }],
  });
  expect(pods).toBe(1);
  expect(judgement?.spec).toMatchObject({ stable: { name: "v1" }, baseline: { name: "new Pods of v1" } });
  expect(judgement?.spec.baseline?.podTemplateHash).not.toBe(judgement?.spec.stable.podTemplateHash);
  expect(condition).toMatchObject({ status: "True", reason: "Comparing" });
  // Each of its Pods gets as much as each of the canary's three, of what the stable version has left.
  expect(second).toMatchObject({ canary: { weight: 60 }, stable: { weight: 0 }, additional: [{ weight: 40 }] });
  expect(await baselinePods(release)).toBe(2);
});

test("it is none of the original's numbers, and goes with the release's end", async () => {
  const { release, world } = await underWay();
  const { replicas } = await release.status();

  await world.run(minutes(6));

  expect(replicas).toBe(5);
  expect(await release.stableImage()).toBe("web:v2");
  expect((await release.status()).canary?.weights).not.toHaveProperty("additional");
  expect(await baselinePods(release)).toBe(0);
  expect(await conditionOf(release)).toBeUndefined();
  expect((await experiments(world)).map(({ spec }) => spec.terminate)).toEqual([true]);
  expect((await judgements(world)).map(({ spec }) => spec.outcome)).toEqual(["promoted"]);
});

test("a release that is asked for no Pods starts none of the stable version, and one that is asked for some again does", async () => {
  const none = { spec: { replicas: 0 } };
  const { release, world } = await underWay(none);
  const without = [await baselinePods(release), (await experiments(world)).length];

  await push(release, "web:v2", { steps, spec: { replicas: 4 } });
  await world.run(seconds(20));
  const some = await baselinePods(release);
  await push(release, "web:v2", { steps, ...none });
  await world.run(minutes(1));

  expect(without).toEqual([0, 0]);
  expect(some).toBe(1);
  expect(await baselinePods(release)).toBe(0);
});

test("without a router its Pods are among those that the Service spreads over", async () => {
  const { release, world } = await underWay({ isRouted: false, steps: [setWeight(50), pause("2m")] });

  const pods = await baselinePods(release);
  const [experiment] = await experiments(world);
  const labels = (await release.replicaSets()).find(isBaseline)?.spec.template?.metadata?.labels;
  await world.run(minutes(3));

  expect(pods).toBe(2);
  expect(experiment?.spec.templates[0]?.service).toBeUndefined();
  expect(labels).toMatchObject({ app: "web", "rollouts-pod-template-hash": expect.any(String) });
  expect((await judgements(world))[0]?.spec.baseline).toBeDefined();
  expect(await release.stableImage()).toBe("web:v2");
  expect(await baselinePods(release)).toBe(0);
});

test.each([
  ["an abort", async ({ release }: Awaited<ReturnType<typeof underWay>>) => release.ask(abortPatch)],
  [
    "a verdict",
    async ({ bench, world }: Awaited<ReturnType<typeof underWay>>) => {
      bench.action = "rollback";
      await world.run(seconds(6));
    },
  ],
  [
    "promote --full",
    async ({ release }: Awaited<ReturnType<typeof underWay>>) =>
      release.ask((rollout) => promotePatch(rollout, { full: true })),
  ],
  [
    "another version",
    async ({ release }: Awaited<ReturnType<typeof underWay>>) => push(release, "web:v3", { steps: [] }),
  ],
  [
    "the wish withdrawn",
    async ({ world }: Awaited<ReturnType<typeof underWay>>) => {
      await world.apply(policy({ freshBaseline: false }));
    },
  ],
])("%s takes its share at once, and its Pods soon after", async (_title, end) => {
  const story = await underWay();

  await end(story);
  await story.world.run(seconds(1));
  const { weights } = (await story.release.status()).canary ?? {};
  await story.world.run(seconds(30));

  expect(weights?.additional).toBeUndefined();
  expect(await baselinePods(story.release)).toBe(0);
});

test("Pods that don't come hold the release up for two minutes at most; then it is compared with the stable version", async () => {
  const stuck = { steps: [setWeight(20), pause("2m")] };
  const bench = new Bench();
  const world = await World.create({ reconcilers: withAll, tasks: tasksOf(bench), kinds: builtInKinds() });
  const release = new Release(world, new Outside());
  await release.prepare();
  await world.apply(policy());
  await push(release, "web:stuck", stuck);
  const [set] = await release.replicaSets();
  if (set === undefined) throw new Error("no version");
  await world.client.patch(
    { apiVersion: "apps/v1", kind: "ReplicaSet", namespace: "shop", name: set.metadata.name },
    { type: "merge", value: { status: { replicas: 4, readyReplicas: 4, availableReplicas: 4 } } },
    { subresource: "status" },
  );
  await world.run(seconds(10));
  await push(release, "web:v2", stuck);
  await world.run(seconds(60));
  const early = await release.weight();
  const waiting = await conditionOf(release);
  await world.run(seconds(80));

  expect(early).toBe(0);
  expect(waiting).toMatchObject({ status: "False", reason: "Starting" });
  expect(await release.weight()).toBe(20);
  expect(await conditionOf(release)).toMatchObject({ status: "False", reason: "Missing" });
  expect((await judgements(world))[0]?.spec.baseline).toBeUndefined();
});

test("containers that name no port can't be sent anything: the stable version is compared with", async () => {
  const { release, world } = await underWay({ ports: [] });

  expect(await experiments(world)).toEqual([]);
  expect(await conditionOf(release)).toMatchObject({
    reason: "Missing",
    message: expect.stringContaining("names a port"),
  });
  expect(await release.weight()).toBe(20);
});

test("a wish that is withdrawn begins another judgement, against the stable version", async () => {
  const { world } = await underWay();

  await world.apply(policy({ freshBaseline: false }));
  await world.run(seconds(2));

  const found = (await judgements(world)).map(({ spec }) => [spec.outcome, spec.baseline !== undefined] as const);
  expect(found.toSorted(([, a], [, b]) => Number(b) - Number(a))).toEqual([
    ["superseded", true],
    [undefined, false],
  ]);
});

test("off unless a policy says so", async () => {
  const { release, world } = await underWay({}, policy({ freshBaseline: undefined }));

  expect(await experiments(world)).toEqual([]);
  expect((await judgements(world))[0]?.spec.baseline).toBeUndefined();
  expect(await release.weight()).toBe(20);
});

const lawful = (isRouted: boolean): Scenario => {
  const bench = new Bench();
  return {
    world: { reconcilers: withAll, tasks: tasksOf(bench), kinds: builtInKinds() },
    async story(world: World) {
      bench.action = "continue";
      const release = new Release(world, new Outside());
      await release.prepare();
      await world.apply(policy({ judge: { windowSeconds: 30 } }));
      for (const image of ["web:v1", "web:v2"]) {
        await push(release, image, { steps, isRouted });
        await world.run(minutes(5));
      }
      await push(release, "web:v3", { steps, isRouted });
      await world.run(seconds(45));
      bench.action = "rollback";
      await world.run(minutes(3));
    },
    async end(world: World) {
      const release = new Release(world, new Outside());
      return {
        weight: await release.weight(),
        stable: await release.stableImage(),
        leftBehind: await baselinePods(release),
        running: (await experiments(world)).filter(({ spec }) => spec.terminate !== true).length,
        quarantined: (await release.quarantines()).map(({ spec }) => spec.images),
      };
    },
  };
};

test.each([
  ["routed", true],
  ["basic", false],
])("a %s release with a fresh baseline settles", (_title, isRouted) => settles(lawful(isRouted)));
test("it survives a crash between any two effects, and leaves none behind", () => survivesCrashes(lawful(true)));
test("it survives stale reads", () => survivesStaleReads(lawful(true)));

import type { Deployment, Pod, ReplicaSet } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { settles, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import type { Effects } from "../loop/index.ts";
import { modelledPods } from "../pods/modelled-pods.fixture.ts";
import { replicaSetReconciler } from "../replicaset/index.ts";
import { fencepostsOf } from "./fenceposts.ts";
import { deploymentReconciler } from "./reconciler.ts";
import { oldSizes } from "./rolling.ts";
import { scaleSizes } from "./scale.ts";
import { viewOf } from "./view.ts";

const deployment = (image: string, replicas = 4, more: Partial<Deployment["spec"]> = {}): Deployment => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
    progressDeadlineSeconds: 60,
    ...more,
  },
});

const imageOf = (pod: Pod | ReplicaSet): string | undefined =>
  (pod.kind === "Pod" ? pod.spec.containers : pod.spec.template?.spec.containers)?.[0]?.image;

const reconcilers = (effects: Effects) => [
  deploymentReconciler(effects),
  replicaSetReconciler(effects),
  modelledPods({ readyAfter: (pod) => (imageOf(pod)?.includes("broken") ? undefined : seconds(3)) })(effects),
];

const open = () => World.create({ reconcilers });
const key = { apiVersion: "apps/v1", kind: "Deployment", namespace: "default", name: "web" };
const read = async (world: World) => (await world.get<Deployment>(key))!;
const sets = async (world: World) => {
  const list = await world.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" });
  return Object.fromEntries(
    list.map((set) => [
      imageOf(set),
      [set.spec.replicas, set.metadata.annotations?.["deployment.kubernetes.io/revision"]],
    ]),
  );
};
const conditions = async (world: World) =>
  Object.fromEntries(
    ((await read(world)).status?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );

test.each([
  [4, "25%", "25%", { maxSurge: 1, maxUnavailable: 1 }],
  [10, "25%", "25%", { maxSurge: 3, maxUnavailable: 2 }],
  [3, "0%", "10%", { maxSurge: 0, maxUnavailable: 1 }],
  [1, 1, 0, { maxSurge: 1, maxUnavailable: 0 }],
  [2, 5, 5, { maxSurge: 5, maxUnavailable: 2 }],
  [0, "25%", "25%", { maxSurge: 0, maxUnavailable: 0 }],
])("%d replicas with surge %s and unavailable %s", (replicas, maxSurge, maxUnavailable, expected) => {
  const rolling = deployment("web:v1", replicas, { strategy: { rollingUpdate: { maxSurge, maxUnavailable } } });

  expect(fencepostsOf(rolling)).toEqual(expected);
});

test("a new template is rolled out within the fenceposts, and the history stays", async () => {
  const world = await open();
  await world.apply(deployment("web:v1"));
  await world.run(seconds(10));
  expect(await conditions(world)).toEqual({
    Available: "True MinimumReplicasAvailable",
    Progressing: "True NewReplicaSetAvailable",
  });

  await world.apply(deployment("web:v2"));
  let fewest = 4;
  let most = 4;
  for (let second = 0; second < 30; second++) {
    await world.run(seconds(1));
    const pods = await world.list<Pod>({ apiVersion: "v1", kind: "Pod" });
    const ready = pods.filter(({ status }) => status?.conditions?.[0]?.status === "True").length;
    fewest = Math.min(fewest, ready);
    most = Math.max(most, pods.length);
  }

  expect(fewest).toBe(3);
  expect(most).toBe(5);
  expect(await sets(world)).toEqual({ "web:v1": [0, "1"], "web:v2": [4, "2"] });
  const { metadata, status } = await read(world);
  expect(metadata.annotations?.["deployment.kubernetes.io/revision"]).toBe("2");
  expect(status).toMatchObject({
    replicas: 4,
    updatedReplicas: 4,
    readyReplicas: 4,
    availableReplicas: 4,
    unavailableReplicas: 0,
    observedGeneration: metadata.generation,
  });
  world.stop();
});

test("an old template coming back (undo) gets a new revision and keeps its ReplicaSet", async () => {
  const world = await open();
  for (const version of ["v1", "v2", "v1"]) {
    await world.apply(deployment(`web:${version}`));
    await world.run(seconds(30));
  }

  expect(await sets(world)).toEqual({ "web:v1": [4, "3"], "web:v2": [0, "2"] });
  const [back] = (await world.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" })).filter(
    (set) => imageOf(set) === "web:v1",
  );
  expect(back?.metadata.annotations?.["deployment.kubernetes.io/revision-history"]).toBe("1");
  world.stop();
});

test("an old ReplicaSet whose status still counts Pods that go doesn't make room for more to go", () => {
  const set = (image: string, replicas: number, availableReplicas: number): ReplicaSet => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name: image, namespace: "default" },
    spec: { replicas, selector: { matchLabels: { app: "web" } }, template: deployment(image).spec.template },
    status: { replicas: availableReplicas, availableReplicas },
  });
  const sizes = (available: number) => {
    const replicaSets = [set("web:v1", 3, available), set("web:v2", 1, 1)];
    return [
      ...oldSizes(
        viewOf({ deployment: deployment("web:v2"), replicaSets, orphans: [], strays: [], oldPodsRunning: 0 }),
      ).values(),
    ];
  };

  expect(sizes(3)).toEqual([2]);
  expect(sizes(4)).toEqual([2]);
});

test("what never gets ready stops at the fenceposts and runs into its deadline", async () => {
  const world = await open();
  await world.apply(deployment("web:v1"));
  await world.run(seconds(10));
  await world.apply(deployment("web:broken"));
  await world.run(minutes(2));

  expect(await sets(world)).toEqual({ "web:v1": [3, "1"], "web:broken": [2, "2"] });
  expect(await conditions(world)).toEqual({
    Available: "True MinimumReplicasAvailable",
    Progressing: "False ProgressDeadlineExceeded",
  });
  world.stop();
});

test("while paused nothing new begins; resumed it goes on", async () => {
  const world = await open();
  await world.apply(deployment("web:v1"));
  await world.run(seconds(10));
  await world.apply(deployment("web:v2", 4, { paused: true }));
  await world.run(minutes(2));

  expect(await sets(world)).toEqual({ "web:v1": [4, "1"] });
  expect((await conditions(world)).Progressing).toBe("Unknown DeploymentPaused");

  await world.apply(deployment("web:v2"));
  await world.run(seconds(30));

  expect(await sets(world)).toEqual({ "web:v1": [0, "1"], "web:v2": [4, "2"] });
  world.stop();
});

test("Recreate starts the new ones when the old ones are gone", async () => {
  const world = await open();
  const recreate = { strategy: { type: "Recreate" as const } };
  await world.apply(deployment("web:v1", 3, recreate));
  await world.run(seconds(10));
  await world.apply(deployment("web:v2", 3, recreate));
  const images = new Set<string>();
  for (let second = 0; second < 10; second++) {
    await world.run(seconds(1));
    const pods = await world.list<Pod>({ apiVersion: "v1", kind: "Pod" });
    images.add([...new Set(pods.map(imageOf))].join());
  }

  expect([...images]).toEqual(["web:v2"]);
  expect(await sets(world)).toEqual({ "web:v1": [0, "1"], "web:v2": [3, "2"] });
  world.stop();
});

test("scaling in the middle of a rollout is spread in proportion", () => {
  const set = (image: string, replicas: number, available: number): ReplicaSet => ({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: image,
      uid: image,
      annotations: { "deployment.kubernetes.io/desired-replicas": "10", "deployment.kubernetes.io/max-replicas": "13" },
    },
    spec: {
      replicas,
      selector: {},
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
    },
    status: { replicas, availableReplicas: available },
  });
  // The example of Kubernetes' documentation: 10 replicas, surge 3, unavailable 2, scaled to 15 at 8 old and 5 new.
  const view = viewOf({
    deployment: deployment("web:v2", 15, { strategy: { rollingUpdate: { maxSurge: 3, maxUnavailable: 2 } } }),
    replicaSets: [set("web:v1", 8, 8), set("web:v2", 5, 0)],
    orphans: [],
    strays: [],
    oldPodsRunning: 0,
  });

  const sizes = scaleSizes(view);

  expect([...sizes].map(([{ metadata }, size]) => [metadata.name, size])).toEqual([
    ["web:v1", 11],
    ["web:v2", 7],
  ]);
});

test("the history is kept within its limit", async () => {
  const world = await open();
  for (const version of ["v1", "v2", "v3", "v4"]) {
    await world.apply(deployment(`web:${version}`, 1, { revisionHistoryLimit: 1 }));
    await world.run(seconds(30));
  }

  expect(Object.keys(await sets(world)).sort()).toEqual(["web:v3", "web:v4"]);
  world.stop();
});

const scenario = {
  world: { reconcilers },
  story: async (world: World) => {
    await world.apply(deployment("web:v1", 3));
    await world.run(seconds(10));
    await world.apply(deployment("web:v2", 3));
    await world.run(seconds(4));
    await world.apply(deployment("web:v2", 5));
    await world.run(minutes(3));
  },
  end: async (world: World) => {
    const pods = await world.list<Pod>({ apiVersion: "v1", kind: "Pod" });
    const { conditions: _, ...counts } = (await read(world)).status ?? {};
    return [await sets(world), pods.map(imageOf), { ...counts, observedGeneration: 0 }, await conditions(world)];
  },
};

test("it settles", async () => {
  await settles(scenario);
});
test("a crash between any two effects changes nothing in the end", async () => {
  await survivesCrashes(scenario);
});
test("stale reads converge", async () => {
  await survivesStaleReads(scenario);
});

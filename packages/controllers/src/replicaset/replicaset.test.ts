import type { Pod, ReplicaSet } from "@sluice/api";
import { instant, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { settles, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import { byDispensability } from "../pods/index.ts";
import { modelledPods } from "../pods/modelled-pods.fixture.ts";
import { planReplicaSet } from "./plan.ts";
import { replicaSetReconciler } from "./reconciler.ts";

const replicaSet = (replicas: number, more: Partial<ReplicaSet["spec"]> = {}): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "web", namespace: "default", uid: "rs-1", generation: 1 },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:v1" }] } },
    ...more,
  },
});

const pod = (
  name: string,
  more: { ready?: string; phase?: "Pending"; node?: string; cost?: string; restarts?: number; created?: string } = {},
): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace: "default",
    uid: name,
    labels: { app: "web" },
    creationTimestamp: more.created ?? "2026-01-01T00:00:00Z",
    ...(more.cost === undefined ? {} : { annotations: { "controller.kubernetes.io/pod-deletion-cost": more.cost } }),
  },
  spec: { containers: [], nodeName: more.node ?? "local" },
  status: {
    phase: more.phase ?? "Running",
    conditions: more.ready === undefined ? [] : [{ type: "Ready", status: "True", lastTransitionTime: more.ready }],
    containerStatuses: [{ name: "web", ready: true, restartCount: more.restarts ?? 0, image: "", imageID: "" }],
  },
});

test("Pods go in Kubernetes' order", () => {
  const early = "2026-01-01T00:00:00Z";
  const late = "2026-01-01T01:00:00Z";
  const inOrder = [
    pod("a-unbound", { node: "" }),
    pod("b-pending", { phase: "Pending" }),
    pod("c-unready"),
    pod("d-cheap", { ready: early, cost: "-1" }),
    pod("e-late", { ready: late }),
    pod("f-restarted", { ready: early, restarts: 3 }),
    pod("g-young", { ready: early, created: late }),
    pod("h-old", { ready: early }),
    pod("i-dear", { ready: early, cost: "5" }),
  ];

  const sorted = [...inOrder].reverse().sort(byDispensability);

  expect(sorted.map(({ metadata }) => metadata.name)).toEqual(inOrder.map(({ metadata }) => metadata.name));
});

test("names are functions of the owner and free slots; what leaves holds its name", () => {
  const now = instant(0);
  const empty = { replicaSet: replicaSet(2), pods: [], orphans: [], strays: [] };
  const names = (plan: ReturnType<typeof planReplicaSet>) =>
    plan.actions.map((action) => (action.do === "create" ? action.object.metadata.name : action.do));

  const [first, second] = names(planReplicaSet(empty, now));
  const leaving = pod(first!);
  const again = planReplicaSet(
    { ...empty, pods: [{ ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } }] },
    now,
  );

  expect(names(planReplicaSet(empty, now))).toEqual([first, second]);
  expect(names(again)[0]).toBe(second);
  expect(names(again)).not.toContain(first);
});

test("available only after minReadySeconds, and woken for it", () => {
  const now = instant(Date.parse("2026-01-01T00:00:05Z"));
  const pods = [pod("a", { ready: "2026-01-01T00:00:00Z" }), pod("b", { ready: "2025-12-31T23:00:00Z" })];

  const plan = planReplicaSet(
    { replicaSet: replicaSet(2, { minReadySeconds: 10 }), pods, orphans: [], strays: [] },
    now,
  );

  expect(plan.status).toMatchObject({ replicas: 2, readyReplicas: 2, availableReplicas: 1 });
  expect(plan.wakeAt).toBe(now + 5000);
});

const kinds = { apiVersion: "v1", kind: "Pod" };
const scenario = {
  world: {
    reconcilers: (effects: Parameters<typeof replicaSetReconciler>[0]) => [
      replicaSetReconciler(effects),
      modelledPods({ readyAfter: () => seconds(2) })(effects),
    ],
  },
  story: async (world: World) => {
    const { uid: _, generation: __, ...metadata } = replicaSet(3).metadata;
    const owned = { ...replicaSet(3), metadata };
    const orphan = pod("orphan");
    const { uid: ___, ...orphanMeta } = orphan.metadata;
    await world.apply({ ...orphan, metadata: orphanMeta, status: undefined } as never);
    await world.apply(owned);
    await world.run(seconds(5));
    await world.apply({ ...owned, spec: { ...owned.spec, replicas: 5 } });
    await world.run(seconds(5));
    await world.apply({ ...owned, spec: { ...owned.spec, replicas: 2 } });
    await world.run(seconds(5));
  },
  end: async (world: World) => {
    const pods = await world.list<Pod>(kinds);
    const set = await world.get<ReplicaSet>({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      namespace: "default",
      name: "web",
    });
    return [
      pods.length,
      pods.every(({ metadata }) => metadata.ownerReferences?.[0]?.kind === "ReplicaSet"),
      set?.status,
    ];
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

test("a new Pod isn't news to the other versions of its application", async () => {
  const world = await World.create(scenario.world);
  const version = (hash: string, replicas: number) => {
    const { uid: _, generation: __, ...metadata } = replicaSet(0).metadata;
    const labels = { app: "web", "rollouts-pod-template-hash": hash };
    const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:v1" }] } };
    const spec = { replicas, selector: { matchLabels: labels }, template };
    return { ...replicaSet(0), metadata: { ...metadata, name: `web-${hash}` }, spec };
  };
  await world.apply(version("old", 1));
  await world.apply(version("new", 0));
  await world.run(seconds(5));
  const before = world.story.length;

  await world.apply(version("new", 2));
  await world.run(seconds(5));

  const looks = world.story.slice(before);
  expect(looks.filter((line) => line.includes("web-new"))).not.toEqual([]);
  expect(looks.filter((line) => line.includes("ReplicaSet") && line.includes("web-old"))).toEqual([]);
});

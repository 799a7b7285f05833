import type { Pod, PodDisruptionBudget, ReplicaSet, Resource } from "@sluice/api";
import { formatInstant, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { restartPatch } from "../index.ts";
import { Release } from "../release.fixture.ts";
import { evictable } from "./budgets.ts";

const set = { metadata: { name: "web-1", uid: "set" }, spec: { replicas: 10 } } as ReplicaSet;
const pod = (name: string, ready = true, owner: string | undefined = "set"): Pod =>
  ({
    metadata: { name, labels: { app: "web" }, ownerReferences: [{ uid: owner, controller: true }] },
    status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
  }) as unknown as Pod;
const ready = (count: number) => Array.from({ length: count }, (_, index) => pod(`ready-${index}`));
const unready = (count: number) => Array.from({ length: count }, (_, index) => pod(`unready-${index}`, false));
const budget = (spec: PodDisruptionBudget["spec"]): PodDisruptionBudget =>
  ({ metadata: { name: "web" }, spec: { selector: { matchLabels: { app: "web" } }, ...spec } }) as PodDisruptionBudget;

const all = ready(10);
test.each<[string, readonly PodDisruptionBudget["spec"][], readonly Pod[], number]>([
  ["no budget", [], all, 10],
  ["a budget that names nothing", [{}], all, 10],
  ["minAvailable", [{ minAvailable: 8 }], all, 2],
  ["minAvailable of all", [{ minAvailable: 10 }], all, 0],
  ["minAvailable of more than there are", [{ minAvailable: 12 }], all, 0],
  ["minAvailable as percent, rounded up", [{ minAvailable: "75%" }], all, 2],
  ["maxUnavailable", [{ maxUnavailable: 3 }], all, 3],
  ["maxUnavailable as percent, rounded up", [{ maxUnavailable: "25%" }], all, 3],
  ["maxUnavailable 0", [{ maxUnavailable: 0 }], all, 0],
  ["what is missing already counts", [{ maxUnavailable: 3 }], ready(8), 1],
  ["two budgets: the stricter one", [{ maxUnavailable: 3 }, { minAvailable: 9 }], all, 1],
  ["one of other Pods", [{ maxUnavailable: 0, selector: { matchLabels: { app: "api" } } }], all, 10],
  ["an empty selector is every Pod's", [{ maxUnavailable: 1, selector: {} }], all, 1],
  ["unready Pods go while the budget is healthy", [{ minAvailable: 7 }], [...unready(3), ...ready(7)], 3],
  ["unready Pods stay while it isn't", [{ minAvailable: 8 }], [...unready(3), ...ready(7)], 0],
  [
    "unless they always may go",
    [{ minAvailable: 8, unhealthyPodEvictionPolicy: "AlwaysAllow" }],
    [...unready(3), ...ready(7)],
    3,
  ],
  ["Pods of others are counted as they are", [{ maxUnavailable: 2 }], [...ready(10), pod("stray", false, "other")], 2],
])("%s", (_name, specs, pods, count) => {
  const found = evictable(pods, { budgets: specs.map(budget), pods }, [set]);

  expect(found).toHaveLength(count);
});

test("a Pod on its way out is not available", () => {
  const [first, ...rest] = all;
  const leaving = { ...first, metadata: { ...first?.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } } as Pod;

  const found = evictable(rest, { budgets: [budget({ maxUnavailable: 2 })], pods: [leaving, ...rest] }, [set]);

  expect(found).toHaveLength(1);
});

test("a restart waits for the budget, asks again every 30 seconds, and goes on when it has room", async () => {
  const release = await Release.begin();
  const podKind = { apiVersion: "v1", kind: "Pod" };
  const pods = () => release.world.list<Pod>(podKind, { namespace: "shop" });
  const protecting = (spec: PodDisruptionBudget["spec"]) =>
    release.world.apply({
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "web", namespace: "shop" },
      spec: { selector: {}, ...spec },
    } as Resource);
  await release.push("web:pods");
  for (const { metadata } of await pods()) {
    const value = { status: { conditions: [{ type: "Ready", status: "True" }] } };
    await release.world.client.patch(
      { ...podKind, namespace: "shop", name: metadata.name },
      { type: "merge", value },
      { subresource: "status" },
    );
  }
  await protecting({ minAvailable: 4 });
  await release.world.run(seconds(10));
  await release.ask((rollout) => restartPatch(rollout, formatInstant(release.world.clock.now())));

  await release.world.run(seconds(65));

  expect(await pods()).toHaveLength(4);
  expect(await release.status()).toMatchObject({ phase: "Progressing", message: "rollout is restarting" });
  expect((await release.status()).restartedAt).toBeUndefined();
  await protecting({ minAvailable: 0 });
  await release.world.run(seconds(31));
  expect(await pods()).toHaveLength(0);
  expect((await release.status()).restartedAt).toBe((await release.rollout()).spec.restartAt);
});

test("a restart takes no second Pod while the first one leaves, whatever its ReplicaSet still counts", async () => {
  const release = await Release.begin();
  const podKind = { apiVersion: "v1", kind: "Pod" };
  await release.push("web:pods");
  await release.world.run(seconds(10));
  const pods = () => release.world.list<Pod>(podKind, { namespace: "shop" });
  const [first] = await pods();
  const key = { ...podKind, namespace: "shop", name: first?.metadata.name ?? "" };
  const held = { metadata: { finalizers: ["example.com/held"] } };
  await release.world.client.patch(key, { type: "merge", value: held });
  await release.world.client.delete(key);
  const count = (await pods()).length;
  await release.ask((rollout) => restartPatch(rollout, formatInstant(release.world.clock.now())));

  await release.world.run(seconds(5));

  expect(await pods()).toHaveLength(count);
});

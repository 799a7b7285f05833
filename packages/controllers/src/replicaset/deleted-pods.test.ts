import { type Client, KindRegistry, type Pod, type ReplicaSet, type Watch, type WatchEvent } from "@sluice/api";
import { formatInstant, instant, seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { plainKinds } from "../laws/index.ts";
import { Loop, TaskBoard } from "../loop/index.ts";
import { byDispensability } from "../pods/index.ts";
import { planReplicaSet } from "./plan.ts";
import { replicaSetReconciler } from "./reconciler.ts";

const namespace = "default";
const key = { apiVersion: "apps/v1", kind: "ReplicaSet", namespace, name: "web" };
const replicaSet: ReplicaSet = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "web", namespace, uid: "rs-1", generation: 2 },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image: "web:v1" }] } },
  },
};
const ready: Pod["status"] = {
  phase: "Running",
  conditions: [{ type: "Ready", status: "True", lastTransitionTime: formatInstant(instant(0)) }],
};

/** News of Pods comes as late as a test says. */
class Late {
  /** So many more come at once. */
  #due = Number.POSITIVE_INFINITY;
  #letGo = () => {};

  hold(): void {
    this.#due = 0;
  }

  deliver(count: number): void {
    this.#due = count;
    this.#letGo();
  }

  async #turn(): Promise<void> {
    while (this.#due === 0) {
      await new Promise<void>((resolve) => {
        this.#letGo = resolve;
      });
    }
    this.#due--;
  }

  around(client: Client): Client {
    const watch: Client["watch"] = (kind, options) => {
      const real = client.watch(kind, options);
      return kind.kind === "Pod" ? (this.#slowed(real) as never) : (real as never);
    };
    return { ...client, watch };
  }

  #slowed(real: Watch): Watch {
    const late = this;
    return {
      stop: () => real.stop(),
      async *[Symbol.asyncIterator](): AsyncIterator<WatchEvent> {
        for await (const event of real) {
          await late.#turn();
          yield event;
        }
      },
    } as Watch;
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Two Pods that are ready, on a node. */
async function begun() {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(plainKinds), clock, random: seededRandom(1) });
  const late = new Late();
  const loop = new Loop({
    client: late.around(client),
    clock,
    tasks: new TaskBoard(clock, {}),
    fieldManager: "sluice",
    reconcilers: (effects) => [replicaSetReconciler(effects)],
  });
  await loop.start();
  const { uid: _, generation: __, ...metadata } = replicaSet.metadata;
  await client.create({ ...replicaSet, metadata });
  await turns();
  const pods = async () => (await client.list<Pod>({ apiVersion: "v1", kind: "Pod" }, {})).items;
  for (const pod of await pods()) {
    const bound: Pod = await client.update({ ...pod, spec: { ...pod.spec, nodeName: "local" } });
    await client.update({ ...bound, status: ready } as Pod, { subresource: "status" });
  }
  await turns();
  const status = async () => (await client.get<ReplicaSet>(key))?.status;
  const scale = async (replicas: number) => {
    await client.patch(key, { type: "merge", value: { spec: { replicas } } });
    await turns();
  };
  return { late, client, loop, pods, status, scale };
}

test("Pods that it has just deleted are none of those that are asked for again, however late the news of them comes", async () => {
  const { late, loop, pods, status, scale } = await begun();
  const before = await status();
  late.hold();

  await scale(0);
  const without = await status();
  await scale(2);
  const again = await status();
  const staying = (await pods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  late.deliver(Number.POSITIVE_INFINITY);
  await turns();

  expect(before).toMatchObject({ replicas: 2, availableReplicas: 2 });
  expect(without).toMatchObject({ replicas: 0, availableReplicas: 0, observedGeneration: 2 });
  expect(again).toMatchObject({ replicas: 2, availableReplicas: 0, observedGeneration: 3 });
  expect(staying.length).toBe(2);
  loop.stop();
});

test("what it hears late of one Pod takes no second one in place of the one that it has deleted", async () => {
  const { late, client, loop, pods, scale } = await begun();
  const [, kept] = [...(await pods())].sort(byDispensability);
  late.hold();
  // It isn't ready any more before the other is deleted, and nobody hears of it before.
  const broken = { phase: "Running", conditions: [] };
  await client.update({ ...kept, status: broken } as unknown as Pod, { subresource: "status" });

  await scale(1);
  late.deliver(1);
  await turns();
  late.deliver(Number.POSITIVE_INFINITY);
  await turns();

  const staying = (await pods()).filter(({ metadata: { deletionTimestamp } }) => deletionTimestamp === undefined);
  expect(staying.map(({ metadata }) => metadata.name)).toEqual([kept?.metadata.name]);
  loop.stop();
});

test("what is deleted in a turn isn't counted in the status of that turn", () => {
  const pod = (name: string): Pod => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid: name, labels: { app: "web" } },
    spec: { containers: [], nodeName: "local" },
    status: ready,
  });
  const pods = [pod("one"), pod("other")];
  const asked = { ...replicaSet, spec: { ...replicaSet.spec, replicas: 0 } };

  const plan = planReplicaSet({ replicaSet: asked, pods, orphans: [], strays: [] }, instant(0));

  expect(plan.actions.map((action) => action.do)).toEqual(["delete", "delete"]);
  expect(plan.status).toMatchObject({ replicas: 0, readyReplicas: 0, availableReplicas: 0 });
});

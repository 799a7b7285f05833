import { builtInKinds, KindRegistry, type Resource } from "@sluice/api";
import { minutes, seconds, seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type Condition, createStore } from "../index.ts";
import { ScriptedPersistence } from "./scripted-persistence.fixture.ts";

const configMap = (name: string, data: Readonly<Record<string, string>> = {}): Resource & { data: object } => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});
const key = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name });

async function begin() {
  const persistence = new ScriptedPersistence();
  const clock = new VirtualClock();
  const conditions: Condition[] = [];
  const store = await createStore({
    kinds: new KindRegistry(builtInKinds()),
    clock,
    random: seededRandom(1),
    persistence,
    onCondition: (condition) => conditions.push(condition),
  });
  return { store, client: store.client, persistence, clock, conditions };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const unavailable = expect.objectContaining({ reason: "ServiceUnavailable" });

test("the writes of one turn are one commit", async () => {
  const { client, persistence } = await begin();
  const before = persistence.committed.length;

  await Promise.all(["a", "b", "c"].map((name) => client.create(configMap(name))));

  expect(persistence.committed.length - before).toBe(1);
  expect(persistence.committed.at(-1)?.changes.map((change) => change.after?.metadata.name)).toEqual(["a", "b", "c"]);
});

test("nothing shows before the commit: no reply, no read, no watch", async () => {
  const { client, persistence, store } = await begin();
  const seen: string[] = [];
  const watch = client.watch({ apiVersion: "v1", kind: "ConfigMap" })[Symbol.asyncIterator]();
  void watch.next().then(() => seen.push("watched"));
  const revision = store.revision();
  persistence.hold();

  const write = client.create(configMap("a")).then(() => seen.push("replied"));
  const refused = client.create(configMap("a")).catch(() => seen.push("refused"));
  await turn();
  const early = { seen: [...seen], read: await client.get(key("a")), revision: store.revision() };
  persistence.release();
  await Promise.all([write, refused]);
  await turn();

  expect(early).toEqual({ seen: [], read: undefined, revision });
  expect(seen.toSorted()).toEqual(["refused", "replied", "watched"]);
});

test("writes during a commit are the next one, on top of it", async () => {
  const { client, persistence } = await begin();
  persistence.hold();
  const first = client.create(configMap("a", { x: "1" }));
  await turn();

  const second = client.patch(key("a"), { type: "merge", value: { data: { y: "2" } } });
  await turn();
  const waiting = persistence.waiting;
  persistence.release();

  expect(waiting).toBe(1);
  expect((await first).data).toEqual({ x: "1" });
  expect(await second).toMatchObject({ data: { x: "1", y: "2" } });
});

test("a failed commit changes nothing and fails all that stood on it", async () => {
  const { client, persistence, store, conditions } = await begin();
  const before = await client.create(configMap("a", { x: "1" }));
  const events: unknown[] = [];
  const { resourceVersion } = await client.list({ apiVersion: "v1", kind: "ConfigMap" });
  const watch = client.watch({ apiVersion: "v1", kind: "ConfigMap" }, { resourceVersion })[Symbol.asyncIterator]();
  void watch.next().then((event) => events.push(event));
  const revision = store.revision();
  persistence.hold();
  const outcomes = Promise.allSettled([
    client.update({ ...before, data: { x: "2" } }),
    client.create(configMap("b")),
    turn().then(() => client.create(configMap("c"))),
  ]);
  await turn();
  await turn();

  persistence.fail(new Error("the disk is full"));

  const reasons = (await outcomes).map((outcome) => (outcome.status === "rejected" ? outcome.reason : "stored"));
  expect(reasons).toEqual([unavailable, unavailable, unavailable]);
  expect(await client.get(key("a"))).toBe(before);
  expect((await client.list({ apiVersion: "v1", kind: "ConfigMap" })).items).toEqual([before]);
  expect(store.revision()).toBe(revision);
  expect(events).toEqual([]);
  expect(conditions).toEqual([{ is: "readOnly", reason: "the disk is full" }]);
});

test("a read-only store reads on, and takes writes again by itself", async () => {
  const { client, persistence, clock, store, conditions } = await begin();
  const made = await client.create(configMap("a"));
  persistence.broken = new Error("the disk is full");
  await expect(client.create(configMap("b"))).rejects.toEqual(unavailable);

  await clock.advance(minutes(1));
  const probes = persistence.probes;
  await expect(client.create(configMap("b"))).rejects.toEqual(unavailable);
  const read = await client.get(key("a"));
  persistence.broken = undefined;
  await clock.advance(seconds(10), turn);
  const late = await client.create(configMap("b"));

  expect(probes).toBeGreaterThan(5);
  expect(probes).toBeLessThan(20);
  expect(read).toBe(made);
  expect(store.condition()).toEqual({ is: "writable" });
  expect(conditions.map(({ is }) => is)).toEqual(["readOnly", "writable"]);
  expect(Number(late.metadata.resourceVersion)).toBeGreaterThan(Number(made.metadata.resourceVersion) + 1);
});

test("each revision lies in a block that its commit made durable", async () => {
  const { client, persistence } = await begin();

  for (let index = 0; index < 1200; index++) await client.create(configMap(`a-${index}`));

  let durable = 0;
  const used = new Set<number>();
  for (const { changes, reserved } of persistence.committed) {
    durable = Math.max(durable, reserved);
    for (const { revision } of changes) {
      expect(revision).toBeLessThanOrEqual(durable);
      expect(used.has(revision)).toBe(false);
      used.add(revision);
    }
  }
  expect(new Set(persistence.committed.map(({ reserved }) => reserved)).size).toBe(2);
});

test("a stopped store refuses and has lost nothing", async () => {
  const { client, persistence, store } = await begin();
  const write = client.create(configMap("a"));

  await store.stop();

  await expect(client.create(configMap("b"))).rejects.toEqual(unavailable);
  expect((await write).metadata.name).toBe("a");
  expect(persistence.committed.at(-1)?.changes[0]?.after?.metadata.name).toBe("a");
});

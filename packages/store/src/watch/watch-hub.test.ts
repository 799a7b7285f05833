import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { builtInKinds, KindRegistry, type Resource, type WatchEvent } from "@sluice/api";
import { minutes, seconds, seededRandom, VirtualClock } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createStore, type StoreOptions } from "../index.ts";

const kind = { apiVersion: "v1", kind: "ConfigMap" };
const configMap = (name: string, text = ""): Resource & { data: object } => ({
  ...kind,
  metadata: { name, namespace: "default" },
  data: { text },
});

async function begin(window: StoreOptions["window"] = {}) {
  const clock = new VirtualClock();
  const options = { kinds: new KindRegistry(builtInKinds()), clock, random: seededRandom(1), window };
  const store = await createStore(options);
  return { store, client: store.client, clock };
}

const expired = expect.objectContaining({ reason: "Expired", code: 410 });
setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a version older than the window is Expired", async () => {
  const { client, store } = await begin({ count: 10 });
  const first = await client.create(configMap("first"));

  for (let index = 0; index < 20; index++) await client.create(configMap(`a-${index}`));
  const resourceVersion = first.metadata.resourceVersion ?? "";
  const old = client.watch(kind, { resourceVersion })[Symbol.asyncIterator]();
  const floor = client.watch(kind, { resourceVersion: String(store.compactionFloor()) })[Symbol.asyncIterator]();

  await expect(old.next()).rejects.toEqual(expired);
  expect(await old.next()).toMatchObject({ done: true });
  expect(await floor.next()).toMatchObject({ value: { type: "ADDED" } });
});

test("the window ends by age too", async () => {
  const { client, clock } = await begin({ age: minutes(5) });
  const first = await client.create(configMap("first"));
  await client.create(configMap("second"));

  await clock.advance(minutes(6));
  await client.create(configMap("third"));
  const { resourceVersion = "" } = first.metadata;

  await expect(client.watch(kind, { resourceVersion })[Symbol.asyncIterator]().next()).rejects.toEqual(expired);
});

test("a version that was never given out is refused", async () => {
  const { client, store } = await begin();

  const future = client.watch(kind, { resourceVersion: String(store.revision() + 1) })[Symbol.asyncIterator]();
  const nonsense = client.watch(kind, { resourceVersion: "soon" })[Symbol.asyncIterator]();

  await expect(future.next()).rejects.toMatchObject({ reason: "Timeout" });
  await expect(nonsense.next()).rejects.toMatchObject({ reason: "BadRequest" });
});

test("a reader that waits has missed nothing, however long nothing concerned it", async () => {
  const { client, store } = await begin({ count: 10 });
  const options = {
    resourceVersion: String(store.revision()),
    fieldSelector: "metadata.name=mine",
    namespace: "default",
  };
  const watch = client.watch(kind, options)[Symbol.asyncIterator]();
  const pending = watch.next();

  for (let index = 0; index < 50; index++) await client.create(configMap(`a-${index}`));
  await client.create(configMap("mine"));

  expect(await pending).toMatchObject({ value: { type: "ADDED", object: { metadata: { name: "mine" } } } });
});

test("a reader that falls behind the window is told so, once", async () => {
  const { client, store } = await begin({ count: 10 });
  const watch = client.watch(kind, { resourceVersion: String(store.revision()) })[Symbol.asyncIterator]();
  const first = watch.next();

  for (let index = 0; index < 50; index++) await client.create(configMap(`a-${index}`));

  expect(await first).toMatchObject({ value: { object: { metadata: { name: "a-0" } } } });
  await expect(watch.next()).rejects.toEqual(expired);
  expect(await watch.next()).toMatchObject({ done: true });
});

test("a reader in the middle of its initial events lets go of a snapshot that is too old", async () => {
  const { client } = await begin({ count: 10 });
  for (const name of ["a", "b", "c"]) await client.create(configMap(name));
  const watch = client.watch(kind)[Symbol.asyncIterator]();
  await watch.next();

  for (let index = 0; index < 50; index++) await client.create(configMap(`d-${index}`));

  await expect(watch.next()).rejects.toEqual(expired);
});

test("bookmarks tell a waiting reader how far it is, and only when that is news", async () => {
  const { client, store, clock } = await begin();
  const watch = client
    .watch(kind, {
      resourceVersion: String(store.revision()),
      allowBookmarks: true,
      labelSelector: "none=such",
    })
    [Symbol.asyncIterator]();
  const events: WatchEvent[] = [];
  const read = async () => {
    for (;;) events.push((await watch.next()).value);
  };
  void read();

  await client.create(configMap("a"));
  await clock.advance(minutes(3), turn);

  expect(events).toEqual([{ type: "BOOKMARK", resourceVersion: String(store.revision()) }]);
});

test("1,000 watches that never read hold no more than the window", async () => {
  const { client, store } = await begin({ count: 100, bytes: 1024 * 1024 });
  const since = { resourceVersion: String(store.revision()) };
  const watches = Array.from({ length: 1000 }, () => client.watch(kind, since)[Symbol.asyncIterator]());
  const idle = Array.from({ length: 1000 }, () => client.watch(kind)[Symbol.asyncIterator]());
  await client.create(configMap("a"));
  await Promise.all([...watches, ...idle].map((watch) => watch.next()));
  const big = "x".repeat(20_000);
  const update = (index: number) =>
    client.patch(
      { ...kind, namespace: "default", name: "a" },
      { type: "merge", value: { data: { text: `${big}${index}` } } },
    );
  for (let index = 0; index < 100; index++) await update(index);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;

  for (let index = 0; index < 3000; index++) await update(index);

  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 1024 * 1024);
  await expect(watches[0]?.next()).rejects.toEqual(expired);
});

test("events that the watches share are the very same objects", async () => {
  const { client, store } = await begin();
  const since = { resourceVersion: String(store.revision()) };
  const watches = [client.watch(kind, since), client.watch(kind, since)].map((watch) => watch[Symbol.asyncIterator]());
  const pending = watches.map((watch) => watch.next());

  const made = await client.create(configMap("a"));

  const objects = (await Promise.all(pending)).map(({ value }) => value.object);
  expect(objects[0]).toBe(made);
  expect(objects[1]).toBe(made);
});

test("records of the past end: Events after an hour, Decisions by their number and their age", async () => {
  const clock = new VirtualClock();
  const retention = {
    "/Event": { age: minutes(60), count: 100 },
    "sluice.dev/Decision": { age: minutes(60 * 24), count: 3 },
  };
  const { client } = await createStore({
    kinds: new KindRegistry(builtInKinds()),
    clock,
    random: seededRandom(1),
    retention,
  });
  const event = (name: string) => ({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name, namespace: "default" },
    involvedObject: {},
  });
  const decision = (name: string) => ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Decision",
    metadata: { name, namespace: "default" },
    spec: { subject: { kind: "Rollout", name: "shop" }, action: "promote", at: "2026-01-01T00:00:00Z", because: "so" },
  });
  const names = async (of: { apiVersion: string; kind: string }) =>
    (await client.list(of)).items.map((item) => item.metadata.name);

  await client.create(event("early"));
  await clock.advance(minutes(40), turn);
  await client.create(event("late"));
  for (const name of ["a", "b", "c", "d"]) {
    await clock.advance(seconds(1), turn);
    await client.create(decision(name));
  }
  await clock.advance(minutes(30), turn);
  const left = await names(event(""));
  const rewritten = client.update({ ...decision("d"), spec: { ...decision("d").spec, because: "otherwise" } });

  await expect(rewritten).rejects.toMatchObject({ reason: "Invalid", violations: [{ path: "spec" }] });
  expect(left).toEqual(["late"]);
  expect(await names(decision(""))).toEqual(["b", "c", "d"]);
  await clock.advance(minutes(60), turn);
  expect(await names(event(""))).toEqual([]);
  await clock.advance(minutes(60 * 24), turn);
  expect(await names(decision(""))).toEqual([]);
});

import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { type KindDefinition, KindRegistry, type Resource } from "@sluice/api";
import { type Clock, instant, type Random } from "@sluice/kernel";
import { createStore, jsonOf, type Persistence } from "@sluice/store";
import { openSqlitePersistence } from "../packages/backends/src/embedded/persistence/index.ts";
import type { Row } from "./row.ts";

const clock: Clock = {
  now: () => instant(Date.now()),
  after(wait, task) {
    const timer = setTimeout(task, wait);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};
const random: Random = { next: () => Math.random() };

const definition: KindDefinition = {
  group: "",
  versions: ["v1"],
  kind: "ConfigMap",
  plural: "configmaps",
  singular: "configmap",
  namespaced: true,
  schema: { type: "object", properties: { data: { type: "object", additionalProperties: { type: "string" } } } },
};
const kind = { apiVersion: "v1", kind: "ConfigMap" };

const configMap = (name: string, count = 0): Resource => ({
  ...kind,
  metadata: { name, namespace: "bench", labels: { app: "shop", tier: name.slice(-1) } },
  ...{ data: { count: String(count), settings: "key=value\n".repeat(100) } },
});

const open = (persistence?: Persistence) =>
  createStore({
    kinds: new KindRegistry([definition]),
    clock,
    random,
    schedule: setImmediate,
    ...(persistence === undefined ? {} : { persistence }),
  });

/** Everything on one disk, in a folder that is gone afterwards. */
async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Acknowledged updates a second with `writers` at once: each turn of them is one commit. */
async function storeWrites(writers: number, rounds: number): Promise<number> {
  return withFolder(async (folder) => {
    const store = await open(openSqlitePersistence(join(folder, "store.db")));
    for (let index = 0; index < writers; index++) await store.client.create(configMap(`a-${index}`));
    const started = performance.now();
    for (let round = 1; round <= rounds; round++) {
      await Promise.all(
        Array.from({ length: writers }, (_, index) => store.client.update(configMap(`a-${index}`, round))),
      );
    }
    const seconds = (performance.now() - started) / 1000;
    await store.stop();
    return (writers * rounds) / seconds;
  });
}

/** The same rows in the same transactions, by SQLite alone. */
async function bareWrites(writers: number, rounds: number): Promise<number> {
  const sample = await open();
  const text = JSON.stringify(await sample.client.create(configMap("a-0")));
  await sample.stop();
  return withFolder(async (folder) => {
    const database = new DatabaseSync(join(folder, "bare.db"));
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE rows (name TEXT PRIMARY KEY, json TEXT)");
    const put = database.prepare("INSERT OR REPLACE INTO rows VALUES (?, ?)");
    const started = performance.now();
    for (let round = 1; round <= rounds; round++) {
      database.exec("BEGIN IMMEDIATE");
      for (let index = 0; index < writers; index++) put.run(`a-${index}`, text);
      database.exec("COMMIT");
    }
    const seconds = (performance.now() - started) / 1000;
    database.close();
    return (writers * rounds) / seconds;
  });
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Milliseconds from a write's start until the last of 1,000 watches has its event. */
async function fanOut(watchers: number, rounds: number): Promise<number> {
  const store = await open();
  await store.client.create(configMap("a"));
  const since = { resourceVersion: String(store.revision()) };
  const watches = Array.from({ length: watchers }, () => store.client.watch(kind, since)[Symbol.asyncIterator]());
  const times: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const all = Promise.all(watches.map((watch) => watch.next()));
    const started = performance.now();
    await store.client.update(configMap("a", round));
    await all;
    times.push(performance.now() - started);
  }
  await store.stop();
  return median(times);
}

/** The same with Node's own emitter: a promise for each of its listeners. */
async function emitterFanOut(watchers: number, rounds: number): Promise<number> {
  const emitter = new EventEmitter().setMaxListeners(0);
  const times: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const all = Promise.all(Array.from({ length: watchers }, () => once(emitter, "event")));
    const started = performance.now();
    emitter.emit("event", { round });
    await all;
    times.push(performance.now() - started);
  }
  return median(times);
}

/** Microseconds of a write that no watch waits for, among `objects` others and `watchers` of single names. */
async function writeAmong(objects: number, watchers: number): Promise<number> {
  const store = await open();
  const names = Array.from({ length: objects }, (_, index) => `a-${index}`);
  for (let at = 0; at < objects; at += 1000) {
    await Promise.all(names.slice(at, at + 1000).map((name) => store.client.create(configMap(name))));
  }
  const resourceVersion = String(store.revision());
  for (const name of names.slice(0, watchers)) {
    const options = { namespace: "bench", fieldSelector: `metadata.name=${name}`, resourceVersion };
    void store.client.watch(kind, options)[Symbol.asyncIterator]().next();
  }
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const started = performance.now();
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.client.create(configMap(`z-${round}-${index}`))));
    times.push(((performance.now() - started) * 1000) / 50);
  }
  await store.stop();
  return median(times);
}

async function lists(count: number): Promise<{ first: number; again: number; stringify: number; select: number }> {
  const store = await open();
  await Promise.all(Array.from({ length: count }, (_, index) => store.client.create(configMap(`a-${index}`))));
  const encode = async () => {
    const { items, resourceVersion } = await store.client.list(kind);
    return `{"metadata":{"resourceVersion":"${resourceVersion}"},"items":[${items.map(jsonOf).join(",")}]}`;
  };
  const timed = async (work: () => Promise<unknown>) => {
    const started = performance.now();
    await work();
    return performance.now() - started;
  };
  const repeated = async (work: () => Promise<unknown>) => {
    const times: number[] = [];
    for (let round = 0; round < 15; round++) times.push(await timed(work));
    return median(times);
  };
  const first = await timed(encode);
  const again = await repeated(encode);
  const { items } = await store.client.list(kind);
  const stringify = await repeated(async () => JSON.stringify({ items }));
  const select = await repeated(() => store.client.list(kind, { labelSelector: "tier=7" }));
  await store.stop();
  return { first, again, stringify, select };
}

/** How fast the store takes writes, tells its watches and lists, each beside the least that could do the same. */
export async function bench(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [writers, rounds] of [
    [1, 1000],
    [16, 300],
    [128, 60],
  ] as const) {
    const store = median([
      await storeWrites(writers, rounds),
      await storeWrites(writers, rounds),
      await storeWrites(writers, rounds),
    ]);
    const bare = median([
      await bareWrites(writers, rounds),
      await bareWrites(writers, rounds),
      await bareWrites(writers, rounds),
    ]);
    rows.push({
      name: `store: acknowledged writes, ${writers} at once`,
      value: Math.round(store),
      unit: "writes/s",
      peer: `bare SQLite, the same transactions: ${Math.round(bare)} writes/s`,
      ratio: store / bare,
    });
  }
  const fan = await fanOut(1000, 200);
  const emitter = await emitterFanOut(1000, 200);
  rows.push({
    name: "store: a write to the last of 1,000 watches",
    value: fan,
    unit: "ms",
    peer: `EventEmitter with 1,000 promises: ${emitter.toFixed(2)} ms`,
    ratio: fan / emitter,
  });
  const crowded = await writeAmong(20_000, 2000);
  const alone = await writeAmong(0, 0);
  rows.push({
    name: "store: a write among 20,000 objects and 2,000 watches of other names",
    value: crowded,
    unit: "us",
    peer: `in an empty store: ${alone.toFixed(1)} us`,
    ratio: crowded / alone,
  });
  const { first, again, stringify, select } = await lists(10_000);
  const peer = `JSON.stringify of the same: ${stringify.toFixed(1)} ms`;
  rows.push({
    name: "store: list of 10,000 as JSON, the first time",
    value: first,
    unit: "ms",
    peer,
    ratio: first / stringify,
  });
  rows.push({ name: "store: list of 10,000 as JSON, again", value: again, unit: "ms", peer, ratio: again / stringify });
  rows.push({ name: "store: list by label out of 10,000", value: select, unit: "ms", peer, ratio: select / stringify });
  return rows;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await bench());

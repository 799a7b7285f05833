import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytes, hours, instant, millis, minutes, seconds, VirtualClock } from "@sluice/kernel";
import { afterEach, expect, test } from "vitest";
import { queryInstant } from "../../evaluate/query.ts";
import { labelsOf } from "../../labels.ts";
import { createMetricsStore, type MetricsStore, type MetricsStoreOptions } from "./metrics-store.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const start = instant(1_800_000_000_000);

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "metrics-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function open(
  folder: string,
  clock: VirtualClock,
  more: Partial<MetricsStoreOptions> = {},
): Promise<MetricsStore> {
  const store = await createMetricsStore({ folder, clock, ...more });
  cleanups.push(() => store.close());
  return store;
}

/** One sample each second, counting up from `from`. */
async function count(
  store: MetricsStore,
  clock: VirtualClock,
  samples: number,
  from = 0,
  name = "c_total",
): Promise<void> {
  for (let index = 0; index < samples; index++) {
    const series = store.seriesFor(labelsOf({ __name__: name, job: "test" }));
    if (series !== undefined) store.append(series, clock.now(), from + index);
    await clock.advance(seconds(1));
  }
}

function ask(store: MetricsStore, clock: VirtualClock, query: string): number | undefined {
  const outcome = queryInstant(store, query, clock.now());
  if (outcome.is === "refused" || outcome.result.type !== "vector") throw new Error(JSON.stringify(outcome));
  return outcome.result.samples[0]?.value;
}

test("what was flushed is there after a start without a farewell", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  const before = await open(folder, clock);
  await count(before, clock, 100);

  const after = await open(folder, clock);

  expect(ask(after, clock, "count_over_time(c_total[10m])")).toBe(100);
  expect(ask(after, clock, "c_total")).toBe(99);
});

test("a torn tail is cut, and what is written next is read back", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  await count(await open(folder, clock), clock, 10);
  appendFileSync(join(folder, "journal-00000001"), Buffer.from([200, 0, 0, 0, 1, 2, 3]));
  appendFileSync(join(folder, "series"), Buffer.from([5]));

  await count(await open(folder, clock), clock, 10, 10);
  const third = await open(folder, clock);

  expect(ask(third, clock, "count_over_time(c_total[10m])")).toBe(20);
});

test("half of a record is as if it had never been written", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  await count(await open(folder, clock), clock, 10);
  truncateSync(join(folder, "journal-00000001"), 60);

  const store = await open(folder, clock);

  expect(ask(store, clock, "count_over_time(c_total[10m])")).toBeLessThan(10);
  expect(ask(store, clock, "count_over_time(c_total[10m])")).toBeGreaterThan(0);
});

test("blocks and memory answer as one, before and after a start", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  const store = await open(folder, clock, { blockEvery: hours(100), flushEvery: minutes(10) });
  for (let block = 0; block < 3; block++) {
    await count(store, clock, 1500, block * 1500);
    await store.cutBlock();
  }
  await count(store, clock, 500, 4500);
  store.flush();

  const again = await open(folder, clock);

  for (const each of [store, again]) {
    expect(each.stats().blocks).toBe(3);
    expect(ask(each, clock, "count_over_time(c_total[2h])")).toBe(5000);
    expect(ask(each, clock, "increase(c_total[2h])")).toBeCloseTo(5000, 0);
    expect(ask(each, clock, "c_total offset 1h")).toBe(5000 - 3600);
  }
  expect(readdirSync(folder).filter((name) => name.startsWith("journal"))).toEqual(["journal-00000004"]);
});

test("staleness survives the journal and the block", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  const store = await open(folder, clock);
  await count(store, clock, 5);
  const series = store.find(labelsOf({ __name__: "c_total", job: "test" }));
  if (series !== undefined) store.markStale(series, clock.now());
  store.flush();

  const replayed = await open(folder, clock);
  await replayed.cutBlock();
  const fromBlock = await open(folder, clock);

  for (const each of [store, replayed, fromBlock]) {
    expect(ask(each, clock, "c_total")).toBeUndefined();
    expect(ask(each, clock, "count_over_time(c_total[1m])")).toBe(5);
  }
});

test("retention forgets by time and by size, series too", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  const store = await open(folder, clock, {
    retention: { time: hours(1) },
    blockEvery: hours(100),
    flushEvery: hours(1),
  });
  await count(store, clock, 10, 0, "old_total");
  await store.cutBlock();
  await clock.advance(hours(2));
  await count(store, clock, 10, 0, "new_total");
  await store.cutBlock();

  expect(store.stats()).toMatchObject({ blocks: 1, series: 1 });
  expect(store.labelValues("__name__")).toEqual(["new_total"]);

  const small = await open(newFolder(), clock, { retention: { size: bytes(1) }, blockEvery: hours(100) });
  await count(small, clock, 10);
  await small.cutBlock();

  expect(small.stats().blocks).toBe(0);
});

test("the list of series on disk is tidied, and goes on", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  const store = await open(folder, clock, {
    retention: { time: hours(1) },
    blockEvery: hours(100),
    flushEvery: hours(1),
  });
  for (let pod = 0; pod < 20; pod++) await count(store, clock, 1, 0, `old_${pod}`);
  await store.cutBlock();
  const before = statSync(join(folder, "series")).size;
  await clock.advance(hours(2));
  await count(store, clock, 5, 0, "kept_total");
  await store.cutBlock();
  const after = statSync(join(folder, "series")).size;
  await count(store, clock, 5, 0, "later_total");
  store.flush();

  const again = await open(folder, clock);

  expect(after).toBeLessThan(before);
  expect(again.labelValues("__name__")).toEqual(["kept_total", "later_total"]);
  expect(ask(again, clock, "count_over_time(kept_total[1m]) + count_over_time(later_total[1m])")).toBe(10);
});

test("a folder that is gone is a condition, until it is back", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  const store = await open(folder, clock);
  rmSync(folder, { recursive: true });
  await count(store, clock, 3);
  const conditions = store.conditions();
  mkdirSync(folder);
  await count(store, clock, 3, 3);

  expect(conditions).toMatchObject([{ reason: "DiskUnavailable" }]);
  expect(store.conditions()).toEqual([]);
  expect(ask(store, clock, "count_over_time(c_total[1m])")).toBe(6);
});

test("a clock that is set back loses nothing but what it lived twice", async () => {
  const folder = newFolder();
  const clock = new VirtualClock(start);
  const store = await open(folder, clock);
  await clock.advance(hours(24));
  await count(store, clock, 10, 1000);
  clock.jump(millis(-hours(24)));
  store.rewind(clock.now());
  await count(store, clock, 10);
  store.flush();

  const again = await open(folder, clock);

  for (const each of [store, again]) expect(ask(each, clock, "count_over_time(c_total[1h])")).toBe(10);
});

test("too many series are refused with a condition, those that are known go on", async () => {
  const clock = new VirtualClock(start);
  const store = await open(newFolder(), clock, { seriesMax: 1 });
  await count(store, clock, 2);
  await count(store, clock, 2, 0, "other_total");
  await count(store, clock, 2, 2);

  expect(store.conditions()).toMatchObject([{ reason: "TooManySeries" }]);
  expect(ask(store, clock, "count_over_time(c_total[1m])")).toBe(4);
});

const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), "mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder], { stdio: "ignore" });
    return true;
  } catch {
    return false; // Mounting takes rights that a test seldom has.
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();

test.skipIf(!canMount)(
  "a full disk is a condition: memory answers, and the disk is used again once it can be",
  async () => {
    const folder = newFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
    cleanups.push(() => void execFileSync("umount", ["-l", folder]));
    const clock = new VirtualClock(start);
    const state = join(folder, "metrics");
    mkdirSync(state);
    const store = await open(state, clock, { blockEvery: hours(100) });
    await count(store, clock, 10);
    try {
      for (;;) appendFileSync(join(folder, "ballast"), Buffer.alloc(1024));
    } catch {
      // Full.
    }

    await count(store, clock, 500, 10);
    await store.cutBlock();
    const whileFull = { conditions: store.conditions(), samples: ask(store, clock, "count_over_time(c_total[1h])") };
    rmSync(join(folder, "ballast"));
    await count(store, clock, 10, 510);
    await store.cutBlock();
    const again = await open(state, clock);

    expect(whileFull).toMatchObject({ conditions: [{ reason: "DiskUnavailable" }], samples: 510 });
    expect(store.conditions()).toEqual([]);
    expect(ask(again, clock, "count_over_time(c_total[1h])")).toBe(520);
  },
);

test("kill -9 loses at most the last second", async () => {
  const folder = newFolder();
  const script = fileURLToPath(new URL("./append-for-ever.testing.ts", import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  cleanups.push(() => void child.kill("SIGKILL"));
  let flushed = 0;
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (text: Buffer) => {
      flushed = Number(text.toString().trim().split("\n").at(-1));
      if (flushed > 20_000) resolve();
    });
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await gone;

  const store = await open(folder, new VirtualClock(start));
  const outcome = queryInstant(store, "max(c_total)", instant(start + 10_000_000));
  const found = [...store.select([{ label: "__name__", operator: "=", value: "c_total" }], 0, 1e15)][0];

  expect(outcome.is).toBe("answered");
  expect(found?.values.length).toBeGreaterThanOrEqual(flushed);
  expect(found?.values.at(-1)).toBe((found?.values.length ?? 0) - 1);
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Judgement, JudgementSpec } from "@sluice/api";
import type { JudgedWindows } from "@sluice/controllers";
import { instant } from "@sluice/kernel";
import { afterEach, beforeEach, expect, test } from "vitest";
import { asMetrics, began, counted, countedSpec, never } from "./counted.fixture.ts";
import { judgeWindows } from "./judge-windows.ts";
import { replayedOf, wholeLog } from "./whole-log.fixture.ts";
import { WindowLogs } from "./window-logs.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-resumed-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const spec: JudgementSpec = {
  ...countedSpec,
  policy: "careful",
  metrics: [{ name: "orders", query: "vector(3)" }],
  rules: [{ name: "few", when: [{ signal: "metric", metric: "orders", below: 5 }], action: "alert_human" }],
};
const judgement = { metadata: { name: "shop-canary-2", uid: "one" }, spec } as Judgement;

function handlerOf(logs: WindowLogs, now = () => instant(began + 300_000)) {
  const failed = (share: number) => (total: number) => Math.round(total * share);
  const store = asMetrics(
    counted([
      { hash: "stable", perSecond: 200, from: -1800, failed: failed(0.002) },
      { hash: "canary", perSecond: 50, from: 0, failed: failed(0.006) },
    ]),
  );
  const judge = judgeWindows({ store, logs, now });
  return async (upTo: number, uid = "one") =>
    (await judge(
      {
        do: "judgeWindows",
        uid,
        namespace: "shop",
        spec,
        known: 0,
        upTo,
        weight: 20,
        step: 0,
        stepSince: began,
        canary: { pods: 1, restarts: 0 },
        stable: { pods: 4, restarts: 0 },
      },
      never,
    )) as JudgedWindows;
}

/** Whose disk is full at some time. */
class FullAtTimes extends WindowLogs {
  isFull = false;

  override async append(...given: Parameters<WindowLogs["append"]>): Promise<void> {
    if (this.isFull) throw new Error("ENOSPC");
    return super.append(...given);
  }
}

class Counting extends WindowLogs {
  reads = 0;

  override async read(...given: Parameters<WindowLogs["read"]>) {
    this.reads++;
    return super.read(...given);
  }
}

test("a window that couldn't be kept is judged again, and not left out of the record", async () => {
  const logs = new FullAtTimes(folder);
  const judge = handlerOf(logs);
  await judge(12);
  logs.isFull = true;
  await expect(judge(20)).rejects.toThrow("ENOSPC");
  logs.isFull = false;

  const { windows, verdict } = await judge(40);

  const log = await wholeLog(logs, "one");
  const ends = log?.windows.map(({ window }) => window.ends / 5000);
  expect(ends).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  expect(log === undefined ? undefined : replayedOf(judgement, log)).toMatchObject({ windows: 40, differing: [] });
  expect({ windows, nats: log?.windows.at(-1)?.verdict.nats }).toEqual({ windows: 40, nats: verdict.nats });
});

test("what rules look at after a crash just behind a window's line is kept, and a replay rules the same", async () => {
  const logs = new WindowLogs(folder);
  await handlerOf(logs)(12);
  const lines = (await readFile(logs.path("one"), "utf8")).trimEnd().split("\n");
  expect(lines.at(-1)).toContain('"type":"known"');
  await writeFile(logs.path("one"), `${lines.slice(0, -1).join("\n")}\n`);

  const again = handlerOf(logs);
  await again(12);
  await again(12);

  const log = await wholeLog(logs, "one");
  expect(log?.windows.at(-1)?.known).toEqual({ metrics: { orders: 3 } });
  expect(log === undefined ? undefined : replayedOf(judgement, log).asItWas).toMatchObject({ action: "alert" });
  const kept = (await readFile(logs.path("one"), "utf8")).trimEnd().split("\n");
  expect(kept).toHaveLength(lines.length);
});

test("a long log is read once, and each window judged and kept once, however often somebody asks meanwhile", async () => {
  const logs = new WindowLogs(folder);
  await handlerOf(logs)(12);
  const counting = new Counting(folder);
  const judge = handlerOf(counting);

  const answers = await Promise.all([judge(12), judge(13), judge(13)]);

  expect(answers.map(({ windows }) => windows)).toEqual([12, 13, 13]);
  expect(counting.reads).toBe(1);
  const log = await wholeLog(logs, "one");
  expect(log?.windows).toHaveLength(13);
  expect(log?.windows.at(-1)?.known).toEqual({ metrics: { orders: 3 } });
});

test("what nobody has asked about for ten minutes is remembered no more, and read again where somebody does", async () => {
  const logs = new Counting(folder);
  let now = began + 300_000;
  const judge = handlerOf(logs, () => instant(now));
  await judge(12);
  now += 9 * 60_000;
  await judge(13);
  await judge(1, "another");
  expect(logs.reads).toBe(2);

  now += 11 * 60_000;
  await judge(2, "another");
  const { windows } = await judge(20);

  // A look at the other one forgot it.
  expect(logs.reads).toBe(3);
  expect(windows).toBe(20);
  const log = await wholeLog(logs, "one");
  expect(log === undefined ? undefined : replayedOf(judgement, log)).toMatchObject({ windows: 20, differing: [] });
});

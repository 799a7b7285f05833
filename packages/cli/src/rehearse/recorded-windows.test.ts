import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, ratio } from "@sluice/kernel";
import type { JudgedWindow } from "@sluice/verdict";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WindowLogs } from "../control-plane/judging/window-logs.ts";
import { recordedBy } from "./recorded-windows.ts";

let folder: string;
let logs: WindowLogs;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-recorded-"));
  logs = new WindowLogs(folder);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Window `index` has `index` requests of the canary, and from the third on ten times as many of the stable version. */
function window(index: number): JudgedWindow {
  const version = (requests: number) => {
    const served = { requests, failures: 1, latencyCounts: [requests, 0] };
    return { ...served, endpoints: [served], exposures: 0, conversions: 0, restarts: index, pods: 1 };
  };
  const ends = millis(index * 5000);
  const times = { ends, lasts: millis(5000), weight: ratio(0.2), step: index, stepAge: ends };
  return { ...times, canary: version(index), ...(index < 3 ? {} : { stable: version(10 * index) }) };
}

async function kept(count: number, most: number) {
  const verdict = { action: "continue", nats: 0, because: "" } as const;
  const windows = Array.from({ length: count }, (_, index) => window(index + 1));
  await logs.append("one", [
    { type: "release", release: { plan: [], bucketEdgesMs: [100], history: [] } },
    ...windows.map((one) => ({ type: "window", window: one, verdict, judge: 1 }) as const),
  ]);
  return (await recordedBy(logs, "one", most))?.windows ?? [];
}

test("of a release that took long, several windows are put together, and no request is lost", async () => {
  const windows = await kept(11, 4);

  expect(windows.map(({ ends, lasts }) => [ends, lasts])).toEqual([
    [20_000, 20_000],
    [40_000, 20_000],
    [55_000, 15_000],
  ]);
  expect(windows.map(({ canary }) => canary.requests)).toEqual([10, 26, 30]);
  expect(windows.map(({ canary }) => canary.endpoints[0]?.latencyCounts)).toEqual([
    [10, 0],
    [26, 0],
    [30, 0],
  ]);
  expect(windows.map(({ stable }) => stable?.requests)).toEqual([70, 260, 300]);
  expect(windows[0]).toMatchObject({ step: 4, canary: { failures: 4, restarts: 4 } });
});

test("of any other release each window is as it was", async () => {
  expect(await kept(4, 4)).toEqual([1, 2, 3, 4].map(window));
});

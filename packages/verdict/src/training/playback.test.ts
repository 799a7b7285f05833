import { millis, ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Verdict } from "../judge.ts";
import type { VersionServed } from "../windows/window.ts";
import { PastPlayback, type PastRelease, type Playback } from "./playback.ts";

const served = (requests: number, failures: number): VersionServed => {
  const one = { requests, failures, latencyCounts: [requests, 0] };
  return { ...one, endpoints: [one], exposures: 0, conversions: 0, restarts: 0, pods: 1 };
};

function played(outcome: PastRelease["outcome"], action: Verdict["action"]): Playback | undefined {
  const release = {
    plan: [{ weight: ratio(0.1), lasts: millis(600_000) }],
    bucketEdgesMs: [100],
    history: [{ lasts: millis(60_000), first: served(3000, 6), second: served(3000, 6) }],
  };
  const past = new PastPlayback({ release, tolerances: { failures: 1.1, latency: 1.05, conversions: 0.99 }, outcome });
  for (const index of [1, 2, 3]) {
    const ends = millis(10_000 * index);
    const at = { ends, lasts: millis(10_000), weight: ratio(0.1), step: 0, stepAge: ends };
    past.show({ ...at, canary: served(100, 60), stable: served(900, 2) }, { action });
  }
  return past.playback();
}

test.each([
  ["promoted", "continue", false, 1],
  ["promoted", "rollback", false, 3],
  ["rolledBack", "rollback", true, 1],
  ["rolledBack", "monitor", true, 3],
] as const)("%s after %s: bad is %s, and counts %d", (outcome, action, isBad, weight) => {
  const playback = played(outcome, action);

  expect(playback).toMatchObject({ isBad, weight });
  expect(playback?.looks).toHaveLength(3);
  expect(playback?.looks.at(-1)?.inputs?.length).toBeGreaterThan(20);
});

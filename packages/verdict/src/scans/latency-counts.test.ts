import { millis } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Served } from "../windows/window.ts";
import { LatencyCounts } from "./latency-counts.ts";

const edges = [1, 2, 3, 5, 10, 25];

/** Requests that took so many milliseconds each. */
const served = (...latencies: readonly number[]): Served => {
  const latencyCounts = new Array<number>(edges.length + 1).fill(0);
  for (const latency of latencies) {
    const bucket = edges.findIndex((edge) => latency <= edge);
    const at = bucket < 0 ? edges.length : bucket;
    latencyCounts[at] = (latencyCounts[at] ?? 0) + 1;
  }
  return { requests: latencies.length, failures: 0, latencyCounts };
};

const version = (of: Served) => ({ ...of, endpoints: [of], exposures: 0, conversions: 0, restarts: 0, pods: 1 });

const fast = served(...new Array<number>(100).fill(0.5));
const history = [{ lasts: millis(60_000), first: version(fast), second: version(fast) }];
const counts = new LatencyCounts({ plan: [], bucketEdgesMs: edges, history }, 1);

test.each([
  ["three times as slow, and nobody feels it", 0.5, 1.5, 0],
  ["the same at a millisecond and at two", 1.5, 0.5, 0],
  ["slower by what is felt", 0.5, 4, 0.4],
  ["slower where all is felt", 4, 20, 1],
])("%s", (_, stable, canary, atLeast) => {
  const found = counts.compare([served(canary, canary)], [served(stable, stable)])!.difference;

  if (atLeast === 0) expect(found).toBe(0);
  else expect(found).toBeGreaterThan(atLeast);
});

test("a request isn't slow before anybody feels it, however fast the others are", () => {
  for (const { from } of counts.tails) expect(edges[from[0]! - 1]).toBeGreaterThanOrEqual(2.5);
});

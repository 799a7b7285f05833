import { below } from "../model/chance.ts";
import { type History, type HistoryPoint, kept, quantileOf, spreadOf, sumOf } from "./history.ts";

export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Undefined where nothing tells it. */
  readonly p99Ms: number | undefined;
  /** Standard deviation of the log of the 95th percentile over minutes. */
  readonly wanders: number;
  /** The last bucket has no upper edge: what lies in it isn't known. */
  readonly isOpen: boolean;
}

const enough = 200;

/** From the buckets of ordinary times, else from their percentiles. Undefined where there are neither. */
export function latencyOf({ edgesMs, stepSeconds }: History, ordinary: readonly HistoryPoint[]): Latency | undefined {
  const counts = Array.from({ length: edgesMs.length + 1 }, (_, place) =>
    sumOf(ordinary, ({ latencyCounts }) => latencyCounts[place] ?? 0),
  );
  const all = sumOf(counts, (count) => count);
  if (edgesMs.length < 2 || all < enough) return latencyOfQuantiles(ordinary, stepSeconds);
  const each = ordinary.flatMap(({ latencyCounts }) => {
    const count = sumOf(latencyCounts, (one) => one);
    return count < enough ? [] : [{ log: Math.log(within(latencyCounts, edgesMs, 0.95)), chance: 4 / count }];
  });
  const variance =
    spreadOf(each.map(({ log }) => log)) ** 2 - sumOf(each, ({ chance }) => chance) / Math.max(1, each.length);
  return {
    p50Ms: within(counts, edgesMs, 0.5),
    p95Ms: within(counts, edgesMs, 0.95),
    p99Ms: within(counts, edgesMs, 0.99),
    wanders: Math.min(0.5, Math.sqrt(Math.max(0, variance) / kept(stepSeconds))),
    isOpen: (counts.at(-1) ?? 0) > 0.05 * all,
  };
}

/** Of fewer than that at a time the 95th percentile is hardly more than the slowest of them. */
const enoughAtATime = 20;

/** Of percentiles nobody can make others: the middle one of all ordinary times with enough requests stands for them. */
function latencyOfQuantiles(ordinary: readonly HistoryPoint[], stepSeconds: number): Latency | undefined {
  const known = ordinary.flatMap(({ requests, quantilesMs }) =>
    quantilesMs === undefined || requests < enoughAtATime ? [] : [{ requests, ...quantilesMs }],
  );
  if (sumOf(known, ({ requests }) => requests) < enough) return undefined;
  const middle = (quantiles: readonly (number | undefined)[]): number =>
    quantileOf(
      quantiles.filter((one) => one !== undefined),
      0.5,
    );
  const sure = known.filter(({ requests }) => requests >= enough);
  const variance =
    spreadOf(sure.map(({ p95 }) => Math.log(p95))) ** 2 -
    sumOf(sure, ({ requests }) => 4 / requests) / Math.max(1, sure.length);
  return {
    p50Ms: middle(known.map(({ p50 }) => p50)),
    p95Ms: middle(known.map(({ p95 }) => p95)),
    p99Ms: known.some(({ p99 }) => p99 !== undefined) ? middle(known.map(({ p99 }) => p99)) : undefined,
    wanders: Math.min(0.5, Math.sqrt(Math.max(0, variance) / kept(stepSeconds))),
    isOpen: false,
  };
}

/**
 * Between two edges as a normal distribution of logs has it, which latencies resemble: evenly within a wide bucket would
 * be a tenth too much. The last edge where it is beyond all of them.
 */
function within(counts: readonly number[], edgesMs: readonly number[], share: number): number {
  const all = sumOf(counts, (count) => count);
  let under = 0;
  for (const [place, edge] of edgesMs.entries()) {
    const here = (counts[place] ?? 0) / all;
    if (under + here >= share && here > 0) {
      const low = edgesMs[place - 1] ?? edge / 2;
      return low * (edge / low) ** partOf(under, share, under + here);
    }
    under += here;
  }
  return edgesMs.at(-1) ?? 0;
}

const least = 1e-6;

/** How far `share` lies from `low` to `high`, in standard deviations of a normal. */
function partOf(low: number, share: number, high: number): number {
  const from = sigmasOf(Math.max(least, low));
  const to = sigmasOf(Math.min(1 - least, high));
  return to - from < least ? 1 : (sigmasOf(share) - from) / (to - from);
}

/** The inverse of `below`, by halving. */
function sigmasOf(share: number): number {
  let low = -6;
  let high = 6;
  for (let round = 0; round < 40; round++) {
    const middle = (low + high) / 2;
    if (below(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

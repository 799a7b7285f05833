import type { Excess } from "../learned/fading.ts";
import type { PlaceboScore } from "../noise/noise.ts";
import type { JudgedRelease, Served } from "../windows/window.ts";
import type { LatencyDifference } from "./latency-scan.ts";

/**
 * Up to here answers are equally fast: nobody feels the difference, and a process that has served little is slower there than
 * one that has served much, though the program is the same.
 */
const feltMillis = 2.5;

export interface Tail {
  /** The first bucket that belongs to it, by endpoint. */
  readonly from: readonly number[];
  /** By how much the log of its share grows with the log of latency. */
  readonly slope: number;
}

/** What the service's latencies look like before the release, and how two versions' histograms are compared. */
export class LatencyCounts {
  readonly #middles: readonly number[];
  readonly #variances: number[];
  readonly #means: number[];
  /** Requests that count as slow: about one in twenty, and about one in a hundred. */
  readonly tails: readonly Tail[];

  constructor(release: JudgedRelease, endpoints: number) {
    this.#middles = middlesOf(release.bucketEdgesMs);
    const buckets = this.#middles.length;
    const histories = Array.from({ length: endpoints }, (_, endpoint) => {
      const sum = new Array<number>(buckets).fill(0);
      for (const { first, second } of release.history) {
        for (const version of [first, second]) {
          for (const [bucket, count] of (version.endpoints[endpoint]?.latencyCounts ?? []).entries()) {
            if (bucket < buckets) sum[bucket] = (sum[bucket] ?? 0) + count;
          }
        }
      }
      return sum;
    });
    const moments = histories.map((counts) => this.#moments(counts));
    this.#means = moments.map(({ mean }) => mean);
    this.#variances = moments.map(({ count, variance }) =>
      Math.max(0.04, (count * variance + 20 * 0.4) / (count + 20)),
    );
    this.tails = [0.93, 0.985].map((share) => {
      const from = histories.map((counts) => Math.max(slowBucket(counts, share), firstFelt(release.bucketEdgesMs)));
      return { from, slope: slopeOf(histories, from, release.bucketEdgesMs) };
    });
  }

  /** The canary's mean log latency against the control's, by endpoint, so that a changed mix of endpoints cancels. */
  compare(
    canary: readonly Served[],
    control: readonly Served[],
  ): (LatencyDifference & { readonly byEndpoint: readonly (Excess | undefined)[] }) | undefined {
    let weights = 0;
    let sum = 0;
    let requests = 0;
    const byEndpoint: (Excess | undefined)[] = [];
    for (const [endpoint, variance] of this.#variances.entries()) {
      const one = this.#moments(canary[endpoint]?.latencyCounts ?? []);
      const other = this.#moments(control[endpoint]?.latencyCounts ?? []);
      if (one.count === 0 || other.count === 0) continue;
      const weight = 1 / (variance * (1 / one.count + 1 / other.count));
      weights += weight;
      requests += one.count;
      sum += weight * (one.mean - other.mean);
      byEndpoint[endpoint] = { observed: weight * (one.mean - other.mean), expected: 0, information: weight };
    }
    return weights > 0 ? { difference: sum / weights, variance: 1 / weights, requests, byEndpoint } : undefined;
  }

  /** How much slower than in the history a version is; undefined with too few requests to tell. */
  shift(version: readonly Served[]): { readonly shift: number; readonly error: number } | undefined {
    let count = 0;
    let sum = 0;
    for (const [endpoint, mean] of this.#means.entries()) {
      const found = this.#moments(version[endpoint]?.latencyCounts ?? []);
      count += found.count;
      sum += found.count * (found.mean - mean);
    }
    return count > 3 ? { shift: sum / count, error: Math.sqrt(0.5 / count) } : undefined;
  }

  placebo(release: JudgedRelease): PlaceboScore[] {
    return release.history.map(({ first, second }) => {
      const found = this.compare(first.endpoints, second.endpoints);
      if (found === undefined) return { score: 0, information: 0 };
      return { score: found.difference / found.variance, information: 1 / found.variance };
    });
  }

  #moments(counts: readonly number[]): { readonly count: number; readonly mean: number; readonly variance: number } {
    let count = 0;
    let sum = 0;
    let squares = 0;
    for (let bucket = 0; bucket < counts.length && bucket < this.#middles.length; bucket++) {
      const found = counts[bucket] ?? 0;
      if (found <= 0) continue;
      const middle = this.#middles[bucket] ?? 0;
      count += found;
      sum += found * middle;
      squares += found * middle * middle;
    }
    const mean = count > 0 ? sum / count : 0;
    return { count, mean, variance: count > 0 ? squares / count - mean * mean : 0 };
  }
}

/** Requests of one endpoint that lie in the tail. */
export function slowOf(tail: Tail, served: Served, endpoint: number): number {
  let count = 0;
  const from = tail.from[endpoint] ?? Number.POSITIVE_INFINITY;
  for (let bucket = from; bucket < served.latencyCounts.length; bucket++) count += served.latencyCounts[bucket] ?? 0;
  return count;
}

/** The first bucket of which all is felt. */
function firstFelt(edges: readonly number[]): number {
  const below = edges.findIndex((edge) => edge >= feltMillis);
  return below < 0 ? edges.length : below + 1;
}

/** The middle of each bucket in logarithms; the open ends are taken as wide as their neighbours. */
function middlesOf(edges: readonly number[]): number[] {
  const logs = edges.map((edge) => Math.log(Math.max(edge, 1e-6)));
  const first = logs[0] ?? 0;
  const last = logs.at(-1) ?? 0;
  const firstWidth = Math.min(0.7, (logs[1] ?? first + 0.7) - first);
  const lastWidth = Math.min(0.7, last - (logs.at(-2) ?? last - 0.7));
  const inner = logs.slice(1).map((log, index) => (log + (logs[index] ?? log)) / 2);
  const felt = Math.log(feltMillis);
  return [first - firstWidth / 2, ...inner, last + lastWidth].map((middle) => Math.max(middle, felt));
}

function slowBucket(counts: readonly number[], share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    below += count;
    if (total > 0 && below >= share * total) return Math.min(bucket + 1, counts.length - 1);
  }
  return counts.length - 1;
}

function slopeOf(histories: readonly number[][], slowFrom: readonly number[], edges: readonly number[]): number {
  let slow = 0;
  let slopes = 0;
  for (const [endpoint, counts] of histories.entries()) {
    const from = slowFrom[endpoint] ?? 0;
    const above = counts.slice(from).reduce((sum, count) => sum + count, 0);
    const before = above + (counts[from - 1] ?? 0);
    const width = Math.log((edges[from - 1] ?? 1.35) / (edges[from - 2] ?? (edges[from - 1] ?? 1.35) / 1.35));
    if (above < 5 || !(width > 0)) continue;
    slow += above;
    slopes += above * (Math.log(before / above) / width);
  }
  return slow > 0 ? Math.min(9, Math.max(2, slopes / slow)) : 4;
}

/** Weeks of one service as its metrics tell them, without its versions: often there are no labels for those. */
export interface History {
  /** In order of time; where nothing is known there is none. */
  readonly points: readonly HistoryPoint[];
  readonly stepSeconds: number;
  /** False where no label says what became of a request. */
  readonly tellsFailures: boolean;
  /** Upper edges of `latencyCounts`, whose last place is open; empty where nothing is known of latency. */
  readonly edgesMs: readonly number[];
}

/** What came in within one step. Counts may be fractions: rates were multiplied by time. */
export interface HistoryPoint {
  /** Epoch seconds of its end. */
  readonly endsAt: number;
  readonly requests: number;
  readonly failures: number;
  /** Answers with 3xx and 4xx, which are no failures. */
  readonly notFound: number;
  readonly latencyCounts: readonly number[];
  /** Percentiles, where those are told instead of buckets. */
  readonly quantilesMs?: Quantiles;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99?: number;
}

export const sumOf = <Item>(items: readonly Item[], count: (item: Item) => number): number =>
  items.reduce((sum, item) => sum + count(item), 0);

/** By nearest rank of sorted values; 0 where there are none. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** Half of the distance that the middle 68 % span: a standard deviation that outages and releases don't move. */
export const spreadOf = (values: readonly number[]): number =>
  (quantileOf(values, 0.8413) - quantileOf(values, 0.1587)) / 2;

/**
 * What wanders over five minutes is flatter in a mean over `stepSeconds` (an Ornstein-Uhlenbeck process): the factor on
 * its variance.
 */
export function kept(stepSeconds: number): number {
  const steps = stepSeconds / wanderSeconds;
  return (2 * (steps - 1 + Math.exp(-steps))) / (steps * steps);
}

const wanderSeconds = 300;

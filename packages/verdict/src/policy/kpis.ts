import type { JudgedWindow, VersionServed } from "../windows/window.ts";

/** What a rule looks at, in percent; undefined where nothing was seen to work it out from. */
export interface Kpis {
  /** Of the new version, within the time looked back. */
  readonly requests: number;
  readonly errorRate: number | undefined;
  readonly stableErrorRate: number | undefined;
  readonly errorRateChange: number | undefined;
  readonly p95Change: number | undefined;
  /** Of the new version, in milliseconds. */
  readonly p95Ms?: number | undefined;
  readonly conversionChange: number | undefined;
  /** Of the pod that uses most, since the release began. */
  readonly memoryGrowth: number | undefined;
  /** Of its limit. */
  readonly memoryUsage: number | undefined;
}

const lookBackMs = 600_000;
/** A cold start isn't growth. */
const warmUpMs = 120_000;

/** The last ten minutes of a release, as numbers that people set thresholds on. */
export class RecentKpis {
  readonly #edgesMs: readonly number[];
  #windows: JudgedWindow[] = [];
  #firstMemory: number | undefined;

  constructor(bucketEdgesMs: readonly number[]) {
    this.#edgesMs = bucketEdgesMs;
  }

  add(window: JudgedWindow): void {
    this.#windows = this.#windows.filter(({ ends }) => ends > window.ends - lookBackMs);
    this.#windows.push(window);
    if (window.ends >= warmUpMs) this.#firstMemory ??= window.canary.memoryMax;
  }

  /** `memoryLimit` in the windows' unit of memory. */
  now(memoryLimit?: number): Kpis {
    const canary = nothing(this.#edgesMs);
    const stable = nothing(this.#edgesMs);
    // Only windows with both: a comparison over different times would compare the times.
    const compared = nothing(this.#edgesMs);
    let isWhole = true;
    for (const window of this.#windows) {
      add(canary, window.canary);
      if (window.stable === undefined) isWhole = false;
      else add(stable, window.stable);
    }
    if (!isWhole) for (const window of this.#windows) if (window.stable !== undefined) add(compared, window.canary);
    const mine = isWhole ? canary : compared;
    const memory = this.#windows.at(-1)?.canary.memoryMax;
    return {
      requests: canary.requests,
      errorRate: percent(canary.failures, canary.requests),
      stableErrorRate: percent(stable.failures, stable.requests),
      errorRateChange: change(percent(mine.failures, mine.requests), percent(stable.failures, stable.requests)),
      p95Change: change(this.#p95(mine.latencyCounts), this.#p95(stable.latencyCounts)),
      p95Ms: this.#p95(canary.latencyCounts),
      conversionChange: change(
        percent(mine.conversions, mine.exposures),
        percent(stable.conversions, stable.exposures),
      ),
      memoryGrowth: change(memory, this.#firstMemory),
      memoryUsage: memory === undefined || memoryLimit === undefined ? undefined : percent(memory, memoryLimit),
    };
  }

  /** Interpolated within its bucket, as histogram_quantile does; the last bucket counts as its lower edge. */
  #p95(counts: readonly number[]): number | undefined {
    const total = counts.reduce((sum, count) => sum + count, 0);
    if (total === 0) return undefined;
    let rank = 0.95 * total;
    for (const [bucket, count] of counts.entries()) {
      const lower = bucket === 0 ? 0 : (this.#edgesMs[bucket - 1] ?? 0);
      if (rank <= count) return lower + ((this.#edgesMs[bucket] ?? lower) - lower) * (rank / count);
      rank -= count;
    }
    return this.#edgesMs.at(-1);
  }
}

interface Sum {
  requests: number;
  failures: number;
  exposures: number;
  conversions: number;
  readonly latencyCounts: number[];
}

const nothing = (edgesMs: readonly number[]): Sum => ({
  requests: 0,
  failures: 0,
  exposures: 0,
  conversions: 0,
  latencyCounts: new Array<number>(edgesMs.length + 1).fill(0),
});

/** In place: of each look it is asked for more than a hundred windows. */
function add(sum: Sum, version: VersionServed): void {
  sum.requests += version.requests;
  sum.failures += version.failures;
  sum.exposures += version.exposures;
  sum.conversions += version.conversions;
  const { latencyCounts } = version;
  for (let bucket = 0; bucket < latencyCounts.length; bucket++) {
    sum.latencyCounts[bucket] = (sum.latencyCounts[bucket] ?? 0) + (latencyCounts[bucket] as number);
  }
}

const percent = (part: number, whole: number): number | undefined => (whole > 0 ? (100 * part) / whole : undefined);

function change(now: number | undefined, before: number | undefined): number | undefined {
  if (now === undefined || before === undefined) return undefined;
  if (before === 0) return now === 0 ? 0 : undefined;
  return (100 * (now - before)) / before;
}

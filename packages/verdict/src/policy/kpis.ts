import type { JudgedWindow, Served, VersionServed } from "../window.ts";

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
    const canary = sumOf(this.#windows.map((window) => window.canary));
    // Only windows with both: a comparison over different times would compare the times.
    const compared = this.#windows.filter((window) => window.stable !== undefined);
    const mine = sumOf(compared.map((window) => window.canary));
    const stable = sumOf(compared.flatMap((window) => window.stable ?? []));
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

type Sum = Pick<VersionServed, "exposures" | "conversions"> & Served;

function sumOf(versions: readonly VersionServed[]): Sum {
  const latencyCounts: number[] = [];
  const sum = { requests: 0, failures: 0, exposures: 0, conversions: 0 };
  for (const version of versions) {
    sum.requests += version.requests;
    sum.failures += version.failures;
    sum.exposures += version.exposures;
    sum.conversions += version.conversions;
    for (const [bucket, count] of version.latencyCounts.entries()) {
      latencyCounts[bucket] = (latencyCounts[bucket] ?? 0) + count;
    }
  }
  return { ...sum, latencyCounts };
}

const percent = (part: number, whole: number): number | undefined => (whole > 0 ? (100 * part) / whole : undefined);

function change(now: number | undefined, before: number | undefined): number | undefined {
  if (now === undefined || before === undefined) return undefined;
  if (before === 0) return now === 0 ? 0 : undefined;
  return (100 * (now - before)) / before;
}

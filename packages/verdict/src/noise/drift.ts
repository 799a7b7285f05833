/** Drift between two equal versions is remembered for about this long, where nothing says for how long. */
const memorySeconds = 220;

/** Variance of the log ratio of two equal versions, by the seconds for which they remember it: it may change as a release goes on. */
export interface DriftOf {
  readonly memories: readonly number[];
  readonly variances: readonly number[];
}

/** Drift is taken to be so many times what it seems to be: from half an hour it is rather found too small. */
export const cautious = 1.15;

/** Drift that isn't learned while the release runs. */
export function fixedDrift(drift: number): DriftOf {
  return { memories: [memorySeconds], variances: [(cautious * drift) ** 2] };
}

/** As `of`, and besides it what is peculiar to a part. */
export function withOwnDrift(of: DriftOf, own: number): DriftOf {
  const { memories } = of;
  let known: readonly number[] | undefined;
  let both: readonly number[] = [];
  return {
    memories,
    get variances() {
      if (of.variances !== known) {
        known = of.variances;
        both = known.map((variance) => variance + (own * own) / memories.length);
      }
      return both;
    },
  };
}

/** What is left of drift after a window: the same for every onset. */
export interface Kept {
  readonly byMemory: readonly number[];
  readonly ofDisturbance: readonly number[];
}

export const keptAfter = (seconds: number, memories: readonly number[]): Kept => ({
  byMemory: memories.map((memory) => Math.exp(-seconds / memory)),
  ofDisturbance: [Math.exp(-seconds / memorySeconds)],
});

/** Of one window: information about the log ratio, and the standard deviations that more requests don't average away. */
export interface DriftInput {
  /** As much of it as counts. */
  readonly information: number;
  /** The share of the window that counts. */
  readonly weight: number;
  readonly kept: Kept;
  /** Of a disturbance that hits both versions. */
  readonly disturbance: number;
  /** Of the mean of the pods that serve: pods differ for as long as they live. */
  readonly pods: number;
}

/** Adds up the variance of a sum of scores whose errors are correlated over minutes, and among windows of the same pods. */
export class DriftSums {
  information = 0;
  #weighed = 0;
  #pods = 0;
  readonly #disturbed = new CorrelatedSums(1);
  readonly #drifting: CorrelatedSums;

  constructor(memories: readonly number[]) {
    this.#drifting = new CorrelatedSums(memories.length);
  }

  clear(): void {
    this.information = 0;
    this.#weighed = 0;
    this.#pods = 0;
    this.#disturbed.clear();
    this.#drifting.clear();
  }

  add({ information, weight, kept, disturbance, pods }: DriftInput): void {
    this.#disturbed.add(information * disturbance, kept.ofDisturbance);
    this.#drifting.add(information, kept.byMemory);
    this.information += information;
    this.#weighed += weight * information;
    this.#pods += information * pods;
  }

  /** Variance over that of independent events, where those have `burst`, and the versions drift by `variances`. */
  dispersion(burst: number, variances: readonly number[]): number {
    if (this.information <= 0) return burst;
    let variance = this.#weighed * burst + this.#disturbed.variance(0) + this.#pods * this.#pods;
    for (let which = 0; which < variances.length; which++) {
      variance += (variances[which] ?? 0) * this.#drifting.variance(which);
    }
    return variance / this.information;
  }
}

/** Variances of a sum of loads times an error that is forgotten with time, for each time it may take. */
class CorrelatedSums {
  /** Of each the variance, and what isn't forgotten. */
  readonly #sums: Float64Array;

  constructor(length: number) {
    this.#sums = new Float64Array(2 * length);
  }

  clear(): void {
    this.#sums.fill(0);
  }

  /** `kept`: of what came before. */
  add(load: number, kept: readonly number[]): void {
    const sums = this.#sums;
    for (let which = 0; which < kept.length; which++) {
      const recent = (sums[2 * which + 1] as number) * (kept[which] as number);
      sums[2 * which] = (sums[2 * which] as number) + (load * load + 2 * load * recent);
      sums[2 * which + 1] = recent + load;
    }
  }

  variance(which: number): number {
    return this.#sums[2 * which] as number;
  }
}

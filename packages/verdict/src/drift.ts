/** Drift between two equal versions is remembered for about this long. */
const memorySeconds = 220;

/** Of one window: information about the log ratio, and the standard deviations that more requests don't average away. */
export interface DriftInput {
  readonly information: number;
  readonly seconds: number;
  readonly drift: number;
  /** Of the mean of the pods that serve: pods differ for as long as they live. */
  readonly pods: number;
}

/** Adds up the variance of a sum of scores whose errors are correlated over minutes, and among windows of the same pods. */
export class DriftSums {
  information = 0;
  #recent = 0;
  #correlated = 0;
  #pods = 0;

  add({ information, seconds, drift, pods }: DriftInput): void {
    const load = information * drift;
    this.#recent *= Math.exp(-seconds / memorySeconds);
    this.#correlated += load * load + 2 * load * this.#recent;
    this.#recent += load;
    this.information += information;
    this.#pods += information * pods;
  }

  /** Variance over that of independent events, where those have `burst`. */
  dispersion(burst: number): number {
    if (this.information <= 0) return burst;
    return burst + (this.#correlated + this.#pods * this.#pods) / this.information;
  }
}

/** Events of a window on the canary, and what was expected of an equal version given both. */
export interface Excess {
  readonly observed: number;
  readonly expected: number;
  readonly information: number;
}

/** A sum that forgets with time; without `seconds` it never does. */
export class Fading {
  readonly #seconds: number;
  observed = 0;
  expected = 0;
  information = 0;
  /** The most that one window added beyond what was expected. */
  #worst = 0;

  constructor(seconds = Number.POSITIVE_INFINITY) {
    this.#seconds = seconds;
  }

  add({ observed, expected, information }: Excess, seconds: number): void {
    const kept = Math.exp(-seconds / this.#seconds);
    this.observed = this.observed * kept + observed;
    this.expected = this.expected * kept + expected;
    this.information = this.information * kept + information;
    this.#worst = Math.max(this.#worst * kept, observed - expected);
  }

  clear(): void {
    this.observed = 0;
    this.expected = 0;
    this.information = 0;
    this.#worst = 0;
  }

  get ratio(): number {
    return Math.log((this.observed + 0.7) / (this.expected + 0.7));
  }

  get mean(): number {
    return this.information > 0 ? this.observed / this.information : 0;
  }

  /** In standard deviations, where events come in bursts and the versions drift apart. */
  score(burst: number, drift: number): number {
    return this.#scored(this.observed - this.expected, burst, drift);
  }

  /** The same without its worst window. */
  restScore(burst: number, drift: number): number {
    return this.#scored(this.observed - this.expected - this.#worst, burst, drift);
  }

  #scored(excess: number, burst: number, drift: number): number {
    const { information } = this;
    return excess / Math.sqrt(burst * information + (drift * information) ** 2 + 0.5);
  }
}

export const sumOfExcess = (all: readonly Excess[]): Excess => {
  let [observed, expected, information] = [0, 0, 0];
  for (const one of all) {
    observed += one.observed;
    expected += one.expected;
    information += one.information;
  }
  return { observed, expected, information };
};

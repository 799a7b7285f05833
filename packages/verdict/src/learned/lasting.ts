import { sumOfLogs } from "../noise/sum-of-logs.ts";

/** How a new pod is slower at first, with how usual that is. */
const rises: readonly (readonly [rise: number, share: number])[] = [
  [0, 0.3],
  [0.15, 0.2],
  [0.3, 0.2],
  [0.5, 0.08],
  [0.8, 0.07],
  [1.2, 0.06],
  [1.7, 0.04],
  [2.3, 0.03],
  [3, 0.02],
];
const fades: readonly (readonly [seconds: number, share: number])[] = [
  [30, 0.3],
  [45, 0.3],
  [65, 0.25],
  [100, 0.15],
];
const starts = fades.flatMap(([seconds, one]) =>
  rises.map(([rise, other]) => ({ seconds, rise, belief: Math.log(one * other) })),
);
/** Logs of how many times slower a regression makes a version, each as likely as the others. */
const levels = [0.1, 0.18, 0.28, 0.4, 0.6, 0.85, 1.1, 1.5];

/**
 * Since the newest pods came: is the canary slower by a start alone, or by a start and something that lasts? Every start
 * counts as far as it is usual, where proof asks for the best of each kind.
 */
export class Lasting {
  readonly #drift: number;
  readonly #first = new Float64Array(starts.length);
  readonly #second = new Float64Array(starts.length);
  #weight = 0;

  /** `drift`: standard deviation by which two equals drift apart. */
  constructor(drift: number) {
    this.#drift = drift;
  }

  clear(): void {
    this.#first.fill(0);
    this.#second.fill(0);
    this.#weight = 0;
  }

  /** `coldness`: how cold the canary is where a start fades within so many seconds. */
  add(difference: number, variance: number, coldness: (fadeSeconds: number) => number): void {
    const cold = fades.map(([seconds]) => coldness(seconds));
    this.#weight += 1 / variance;
    for (let index = 0; index < starts.length; index++) {
      const rise = starts[index]?.rise ?? 0;
      const left = difference - Math.log(1 + rise * (cold[Math.floor(index / rises.length)] ?? 0));
      this.#first[index] = (this.#first[index] as number) + left / variance;
      this.#second[index] = (this.#second[index] as number) + (left * left) / variance;
    }
  }

  /** Log of how much likelier it is with something that lasts. */
  get nats(): number {
    if (this.#weight <= 0) return 0;
    const without: number[] = [];
    const withLevel: number[] = [];
    // The drift of two equals is a level, too: what is beyond it is asked for.
    const variance = 1 / this.#weight + this.#drift ** 2;
    for (const [index, { belief }] of starts.entries()) {
      const mean = (this.#first[index] ?? 0) / this.#weight;
      const misfit = 0.5 * ((this.#second[index] ?? 0) - this.#weight * mean * mean);
      without.push(belief - misfit - (mean * mean) / (2 * variance));
      for (const level of levels) withLevel.push(belief - misfit - (mean - level) ** 2 / (2 * variance));
    }
    return sumOfLogs(withLevel) - Math.log(levels.length) - sumOfLogs(without);
  }
}

import type { JudgedRelease, JudgedWindow } from "../windows/window.ts";

/** Requests that should have come before it is said what the control is. */
const requestsMin = 40;

/**
 * Is the control a fresh baseline, as many new pods of the stable version as the canary has? Where nobody says so, the
 * requests do: canary and control get the same, and both together much less than the service had.
 */
export class Control {
  readonly #usualRate: number;
  #isFresh: boolean;
  #isDecided: boolean;
  #expected = 0;
  #canary = 0;
  #control = 0;

  constructor({ control, history }: JudgedRelease) {
    let requests = 0;
    let seconds = 0;
    for (const { first, second, lasts } of history) {
      requests += first.requests + second.requests;
      seconds += lasts / 1000;
    }
    this.#usualRate = seconds > 0 ? requests / seconds : 0;
    this.#isFresh = control === "fresh";
    this.#isDecided = control !== undefined || this.#usualRate === 0;
  }

  see({ canary, stable, weight, lasts }: JudgedWindow): void {
    if (this.#isDecided || stable === undefined) return;
    // Of half and half no one can tell.
    if (weight > 0.35) {
      this.#isDecided = true;
      return;
    }
    this.#expected += (this.#usualRate * lasts) / 1000;
    this.#canary += canary.requests;
    this.#control += stable.requests;
    if (this.#expected * weight < requestsMin / 4 || this.#expected < requestsMin) return;
    const ratio = this.#control / Math.max(1, this.#canary);
    const isSmall = this.#canary + this.#control < 0.8 * this.#expected;
    this.#isFresh = isSmall && ratio > 0.5 && ratio < 2 && ratio < (0.6 * (1 - weight)) / weight;
    this.#isDecided = true;
  }

  get isFresh(): boolean {
    return this.#isFresh;
  }
}

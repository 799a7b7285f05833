/** How many times more failures new pods may bring at their start, beyond the usual ones, where nothing is known yet. */
const riseUnknown = 2.7;
/** And where earlier steps' pods brought none. */
const riseLeast = 0.3;
/** Nats by which fewer failures than a rise would bring refute it. */
const refutedNats = 3;

/**
 * What the pods of earlier steps tell about those of the next one: a version that started without failures in one step
 * isn't excused by a start full of failures in another.
 */
export class ColdFailures {
  readonly #burst: number;
  readonly #drift: number;
  #observed = 0;
  #usual = 0;
  #cold = 0;
  #newest = 0;
  #rise = riseUnknown;

  constructor({ burst, drift }: { readonly burst: number; readonly drift: number }) {
    this.#burst = burst;
    this.#drift = drift;
  }

  /** Of one window: failures, those that the control lets expect, and how cold the canary was; `newest`: of its pods. */
  see(observed: number, expected: number, coldness: number, newest: number): void {
    if (newest !== this.#newest) {
      this.#newest = newest;
      this.#rise = this.#largest();
    }
    if (coldness < 0.05) return;
    this.#observed += observed;
    this.#usual += expected;
    this.#cold += expected * coldness;
  }

  /** The largest rise that pods of earlier steps don't refute. */
  get rise(): number {
    return this.#rise;
  }

  /** What most starts bring at most. */
  get mildRise(): number {
    return Math.min(riseLeast, this.#rise);
  }

  /** Nats by which what was seen refutes a mild start, and a wild one. */
  get refuted(): { readonly mild: number; readonly wild: number } {
    const few = this.#usual * Math.exp(-this.#drift) + riseUnknown * this.#cold;
    const many = this.#usual * Math.exp(this.#drift) + riseLeast * this.#cold;
    return { mild: more(this.#observed, many) / this.#burst, wild: fewer(this.#observed, few) / this.#burst };
  }

  #largest(): number {
    for (let rise = riseUnknown; rise > riseLeast; rise -= 0.3) {
      const expected = this.#usual * Math.exp(-this.#drift) + rise * this.#cold;
      if (fewer(this.#observed, expected) < refutedNats * this.#burst) return rise;
    }
    return riseLeast;
  }
}

/** Nats by which `observed` events are too few. */
function fewer(observed: number, expected: number): number {
  if (observed >= expected) return 0;
  return expected - observed + (observed > 0 ? observed * Math.log(observed / expected) : 0);
}

/** Nats by which they are too many. */
function more(observed: number, expected: number): number {
  return observed <= expected ? 0 : observed * Math.log(observed / Math.max(expected, 1e-9)) - (observed - expected);
}

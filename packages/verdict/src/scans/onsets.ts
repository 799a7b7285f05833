/** How often a new beginning is considered, and how finely old ones are kept apart. */
const spacingSeconds = 20;
const relativeSpacing = 1 / 7;

/** What is added up since a beginning. */
interface Clearable {
  /** As if nothing had been added. */
  clear(): void;
}

/**
 * The moments at which a harm may have begun, each with its own sums since then: a healthy past mustn't hide a late
 * failure. Beginnings thin out with age, so that their number grows with the logarithm of time.
 */
export class Onsets<Sums extends Clearable> {
  readonly all: { readonly since: number; readonly sums: Sums }[] = [];
  readonly #begin: () => Sums;
  /** Of beginnings that were forgotten: nearly each new one takes the place of one, and typed arrays are dear to make. */
  readonly #spare: Sums[] = [];
  #opened = 0;

  constructor(begin: () => Sums) {
    this.#begin = begin;
  }

  /** Opens a beginning at `since` (seconds) where the last one is old enough, and forgets those too close together. */
  open(since: number): Sums | undefined {
    const newest = this.all.at(-1);
    if (newest !== undefined && since - newest.since < spacingSeconds) return undefined;
    this.#opened++;
    const sums = this.#unused();
    this.all.push({ since, sums });
    for (let index = this.all.length - 2; index > 0; index--) {
      const later = this.all[index + 1]?.since ?? since;
      const earlier = this.all[index - 1]?.since ?? 0;
      if (later - earlier >= (since - earlier) * relativeSpacing) continue;
      for (const forgotten of this.all.splice(index, 1)) this.#spare.push(forgotten.sums);
    }
    return sums;
  }

  /** The first beginning is moved to `since`, and what came before counts no more. */
  restartFirst(since: number): void {
    const first = this.all[0];
    if (first === undefined) return;
    first.sums.clear();
    this.all[0] = { since, sums: first.sums };
  }

  #unused(): Sums {
    const sums = this.#spare.pop();
    if (sums === undefined) return this.#begin();
    sums.clear();
    return sums;
  }

  /** Nats that a beginning pays for being one of many that were tried: half of the belief is in the very start. */
  price(index: number): number {
    return index === 0 ? Math.log(2) : Math.log(2) + Math.log(Math.max(1, this.#opened - 1));
  }
}

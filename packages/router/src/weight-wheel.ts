const lap = 1000;

/**
 * Turns weights into a sequence of choices whose every window of 1,000 holds each choice its exact share, +-1.
 *
 * The sequence is a wheel whose length divides 1,000, so a window of 1,000 always holds whole turns. Weights that
 * don't fit such a length are rounded per turn, up or down, and the remainders are carried to later turns; between
 * two turns a choice only gains or only loses, so windows across the seam stay between both counts.
 */
export class WeightWheel {
  readonly #weights: readonly number[];
  readonly #slots: Uint16Array;
  /** Per choice, its fraction of a slot per turn and what it is owed; absent where the weights fit exactly. */
  readonly #owed: { readonly fractions: Float64Array; readonly credit: Float64Array } | undefined;
  /** Which choices have one slot more in this turn. */
  #extra: Uint8Array = new Uint8Array(0);
  #position = 0;

  /** `weights`: at least one above zero; zeros are never chosen. `first` is chosen first, where it has weight. */
  constructor(weights: readonly number[], first?: number) {
    this.#weights = weights;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const divisor = weights.reduce(greatestCommonDivisor, 0);
    const turn = total / divisor;
    if (Number.isInteger(turn) && lap % turn === 0) {
      this.#owed = undefined;
      this.#slots = spread(
        weights.map((weight) => weight / divisor),
        turn,
      );
    } else {
      const shares = weights.map((weight) => (weight / total) * lap);
      const fractions = Float64Array.from(shares, (share) => share - Math.floor(share + 1e-9));
      this.#owed = { fractions, credit: new Float64Array(weights.length) };
      const extra = this.#dealExtras(fractions, this.#owed.credit);
      this.#slots = spread(
        shares.map((share, index) => Math.floor(share + 1e-9) + (extra[index] ?? 0)),
        lap,
      );
      this.#extra = extra;
    }
    const start = first === undefined ? -1 : this.#slots.indexOf(first);
    if (start > 0) this.#rotate(start);
  }

  /** True where a wheel for `weights` would go on as this one does. */
  fits(weights: readonly number[]): boolean {
    return weights.length === this.#weights.length && weights.every((weight, index) => weight === this.#weights[index]);
  }

  /** The index of the choice whose turn it is. */
  next(): number {
    if (this.#position === this.#slots.length) {
      this.#position = 0;
      if (this.#owed !== undefined) this.#carryOver(this.#owed.fractions, this.#owed.credit);
    }
    return this.#slots[this.#position++] ?? 0;
  }

  #dealExtras(fractions: Float64Array, credit: Float64Array): Uint8Array {
    const extra = new Uint8Array(fractions.length);
    let slots = 0;
    for (const [index, fraction] of fractions.entries()) {
      credit[index] = (credit[index] ?? 0) + fraction;
      slots += fraction;
    }
    for (let left = Math.round(slots); left > 0; left--) {
      let best = -1;
      for (const [index, owed] of credit.entries()) {
        const eligible = (fractions[index] ?? 0) > 1e-9 && extra[index] === 0;
        if (eligible && (best < 0 || owed > (credit[best] ?? 0))) best = index;
      }
      if (best < 0) break;
      extra[best] = 1;
      credit[best] = (credit[best] ?? 0) - 1;
    }
    return extra;
  }

  /** Gives the slots of choices that had an extra one in the last turn to those that have it in the next. */
  #carryOver(fractions: Float64Array, credit: Float64Array): void {
    const before = this.#extra;
    const now = this.#dealExtras(fractions, credit);
    this.#extra = now;
    const gains: number[] = [];
    const loses: number[] = [];
    for (const [index, had] of before.entries()) {
      if (had === 0 && now[index] === 1) gains.push(index);
      if (had === 1 && now[index] === 0) loses.push(index);
    }
    for (const [place, loser] of loses.entries()) {
      const gainer = gains[place];
      const slot = this.#slots.indexOf(loser);
      if (gainer !== undefined && slot >= 0) this.#slots[slot] = gainer;
    }
  }

  #rotate(start: number): void {
    const head = this.#slots.slice(0, start);
    this.#slots.copyWithin(0, start);
    this.#slots.set(head, this.#slots.length - start);
  }
}

/** Smooth weighted round robin, as nginx deals: https://github.com/phusion/nginx/commit/27e94984486058d73157038f7950a0a36ecc6e35 */
function spread(counts: readonly number[], length: number): Uint16Array {
  const slots = new Uint16Array(length);
  const current = new Float64Array(counts.length);
  for (let slot = 0; slot < length; slot++) {
    let best = 0;
    for (const [index, count] of counts.entries()) {
      current[index] = (current[index] ?? 0) + count;
      if ((current[index] ?? 0) > (current[best] ?? 0)) best = index;
    }
    current[best] = (current[best] ?? 0) - length;
    slots[slot] = best;
  }
  return slots;
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [Math.abs(a), Math.abs(b)];
  while (y > 1e-9) [x, y] = [y, x % y];
  return x;
}

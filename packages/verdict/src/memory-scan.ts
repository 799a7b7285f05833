/** Caches and heaps fill up at these speeds and then stop; a leak doesn't stop. */
const fillSeconds = [60, 150, 300, 600, 1200, 2400];
const blockSeconds = 60;
/** Where memory may come to rest, over the stable version's, without being called a leak. */
const restingMax = 1.35;
/** A growth, in shares of the stable version's memory an hour, that no cache and no noise looks like. */
const plainGrowth = 0.4;
/** Nats by which a growth near nothing is less usual than that. */
const slowSurprise = 2;

export interface MemoryFinding {
  readonly nats: number;
  /** Growth that doesn't end, as a share of the stable version's memory in an hour. */
  readonly growthAnHour: number;
}

/**
 * Does memory grow without end? The ratio to the stable version is fitted by a level and one filling cache, with and
 * without a lasting growth. More memory that stays is no harm.
 */
export class MemoryScan {
  readonly #blocks: { readonly minute: number; readonly ratio: number }[] = [];
  #sum = 0;
  #count = 0;
  #began = 0;
  #stable: number | undefined;
  #last: MemoryFinding = { nats: Number.NEGATIVE_INFINITY, growthAnHour: 0 };

  add(time: number, canary: number | undefined, stable: number | undefined): void {
    if (stable !== undefined && stable > 0) this.#stable = stable * 0.1 + (this.#stable ?? stable) * 0.9;
    const control = stable !== undefined && stable > 0 ? stable : this.#stable;
    if (canary === undefined || canary <= 0 || control === undefined) return;
    this.#sum += Math.log(canary / control);
    this.#count++;
    if (time - this.#began < blockSeconds) return;
    this.#blocks.push({ minute: (this.#began + time) / 120, ratio: Math.exp(this.#sum / this.#count) });
    this.#sum = 0;
    this.#count = 0;
    this.#began = time;
    this.#last = this.#fit();
  }

  finding(): MemoryFinding {
    return this.#last;
  }

  #fit(): MemoryFinding {
    const blocks = this.#blocks;
    const none = { nats: Number.NEGATIVE_INFINITY, growthAnHour: 0 };
    if (blocks.length < 8) return none;
    const observed = blocks.map(({ ratio }) => ratio);
    const ones = blocks.map(() => 1);
    const minutes = blocks.map(({ minute }) => minute);
    let without = Number.POSITIVE_INFINITY;
    let withLeak = Number.POSITIVE_INFINITY;
    let growth = 0;
    for (const fill of fillSeconds) {
      const filling = blocks.map(({ minute }) => -Math.exp((-minute * 60) / fill));
      without = Math.min(without, resting(ones, filling, observed));
      const leaking = leastSquares([ones, filling, minutes], observed);
      const leak = (leaking.weights[1] ?? 0) >= 0 ? leaking : leastSquares([ones, minutes], observed);
      const slope = leak.weights.at(-1) ?? 0;
      if (slope > 0 && leak.squares < withLeak) {
        withLeak = leak.squares;
        growth = slope * 60;
      }
    }
    if (withLeak >= without || growth < 0.1) return none;
    const level = observed.at(-1) ?? 1;
    // Minutes resemble their neighbours: four of them count as one. Noise grows with the level.
    const variance = Math.max(withLeak / Math.max(1, blocks.length - 4), (0.02 * level) ** 2);
    const surprise = 1 + slowSurprise * Math.max(0, 1 - growth / plainGrowth);
    const nats = (without - withLeak) / (2 * 4 * variance) - 0.5 * Math.log(blocks.length) - surprise;
    return { nats, growthAnHour: growth };
  }
}

/** Squares left by a level with one filling cache: it only fills, and comes to rest at a bearable level. */
function resting(ones: readonly number[], filling: readonly number[], observed: readonly number[]): number {
  const free = leastSquares([ones, filling], observed);
  if ((free.weights[1] ?? 0) < 0) return leastSquares([ones], observed).squares;
  if ((free.weights[0] ?? 0) <= restingMax) return free.squares;
  const below = observed.map((value) => value - restingMax);
  return leastSquares([filling], below).squares;
}

/** Ordinary least squares by the normal equations; few columns. */
export function leastSquares(
  columns: readonly (readonly number[])[],
  observed: readonly number[],
): { readonly weights: readonly number[]; readonly squares: number } {
  const dot = (left: readonly number[], right: readonly number[]) =>
    left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
  const rows = columns.map((column) => [...columns.map((other) => dot(column, other)), dot(column, observed)]);
  for (const [pivot, row] of rows.entries()) {
    const lead = row[pivot] ?? 0;
    if (Math.abs(lead) < 1e-12) continue;
    for (const [index, other] of rows.entries()) {
      if (index === pivot) continue;
      const factor = (other[pivot] ?? 0) / lead;
      for (const [column, value] of row.entries()) other[column] = (other[column] ?? 0) - factor * value;
    }
  }
  const weights = rows.map((row, index) =>
    Math.abs(row[index] ?? 0) < 1e-12 ? 0 : (row.at(-1) ?? 0) / (row[index] ?? 1),
  );
  let squares = 0;
  for (const [index, value] of observed.entries()) {
    const fitted = columns.reduce((sum, column, which) => sum + (column[index] ?? 0) * (weights[which] ?? 0), 0);
    squares += (value - fitted) ** 2;
  }
  return { weights, squares };
}

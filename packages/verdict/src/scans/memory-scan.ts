/** Caches and heaps fill up at these speeds and then stop; a leak doesn't stop. In seconds. */
const fillSeconds = [60, 150, 300, 600, 1200, 2400];
/** The same in requests: a cache fills with what its Pod is asked, and where that is little it takes longer than any time says. */
const fillRequests = [120, 350, 1000, 3000, 10_000];
/** Nats by which that is less usual. */
const requestsSurprise = 1;
/** Minutes resemble their neighbours: so many of them count as one. */
const alike = 4;
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

/** The columns that fits are made of: each block has a number in each. */
const ones = 0;
const minutes = 1;
const observed = 2;
/** What was observed, over where memory may come to rest. */
const beyondRest = 3;
const firstFilling = 4;
const firstByRequests = firstFilling + fillSeconds.length;
const columns = firstByRequests + fillRequests.length;

/**
 * Does memory grow without end? The ratio to the stable version is fitted by a level and one filling cache, with and
 * without a lasting growth. More memory that stays is no harm.
 */
export class MemoryScan {
  readonly #blocks: Float64Array[] = [];
  /** Sums over all blocks of the product of two columns. */
  readonly #products = Array.from({ length: columns }, () => new Float64Array(columns));
  #sum = 0;
  #count = 0;
  #began = 0;
  /** By each of the oldest Pods, when the block began. */
  #servedBefore = 0;
  #stable: number | undefined;
  #last: MemoryFinding = { nats: Number.NEGATIVE_INFINITY, growthAnHour: 0 };

  /** `served`: requests of each of the canary's oldest Pods until then, whose memory is the most. */
  add(time: number, canary: number | undefined, stable: number | undefined, served: number): void {
    if (stable !== undefined && stable > 0) this.#stable = stable * 0.1 + (this.#stable ?? stable) * 0.9;
    const control = stable !== undefined && stable > 0 ? stable : this.#stable;
    if (canary === undefined || canary <= 0 || control === undefined) return;
    this.#sum += Math.log(canary / control);
    this.#count++;
    if (time - this.#began < blockSeconds) return;
    this.#addBlock((this.#began + time) / 120, Math.exp(this.#sum / this.#count), (this.#servedBefore + served) / 2);
    this.#servedBefore = served;
    this.#sum = 0;
    this.#count = 0;
    this.#began = time;
    this.#last = this.#fit();
  }

  finding(): MemoryFinding {
    return this.#last;
  }

  #addBlock(minute: number, ratio: number, served: number): void {
    const fillings = [
      ...fillSeconds.map((fill) => -Math.exp((-minute * 60) / fill)),
      ...fillRequests.map((fill) => -Math.exp(-served / fill)),
    ];
    const block = Float64Array.of(1, minute, ratio, ratio - restingMax, ...fillings);
    this.#blocks.push(block);
    for (let column = 0; column < columns; column++) {
      const products = this.#products[column] as Float64Array;
      const value = block[column] as number;
      for (let other = 0; other < columns; other++) {
        products[other] = (products[other] as number) + value * (block[other] as number);
      }
    }
  }

  #fit(): MemoryFinding {
    const blocks = this.#blocks.length;
    const none = { nats: Number.NEGATIVE_INFINITY, growthAnHour: 0 };
    if (blocks < 8) return none;
    let without = Number.POSITIVE_INFINITY;
    let byRequests = Number.POSITIVE_INFINITY;
    let withLeak = Number.POSITIVE_INFINITY;
    let growth = 0;
    const level = this.#leastSquares([ones], observed);
    const line = this.#leastSquares([ones, minutes], observed);
    for (let filling = firstFilling; filling < columns; filling++) {
      const resting = this.#resting(filling, level);
      if (filling < firstByRequests) without = Math.min(without, resting);
      else byRequests = Math.min(byRequests, resting);
      const leaking = this.#leastSquares([ones, filling, minutes], observed);
      const leak = (leaking.weights[1] ?? 0) >= 0 ? leaking : line;
      const slope = leak.weights.at(-1) ?? 0;
      if (!(slope > 0)) continue;
      const squares = leak.squares();
      if (squares < withLeak) {
        withLeak = squares;
        growth = slope * 60;
      }
    }
    if (withLeak >= Math.min(without, byRequests) || growth < 0.1) return none;
    const last = this.#blocks.at(-1)?.[observed] ?? 1;
    // Noise grows with the level.
    const variance = Math.max(withLeak / Math.max(1, blocks - 4), (0.02 * last) ** 2);
    const surprise = 1 + slowSurprise * Math.max(0, 1 - growth / plainGrowth);
    const squaresOfNat = 2 * alike * variance;
    const refuted = Math.min(without, byRequests + requestsSurprise * squaresOfNat) - withLeak;
    const nats = refuted / squaresOfNat - 0.5 * Math.log(blocks) - surprise;
    return { nats, growthAnHour: growth };
  }

  /** Squares left by a level with one filling cache: it only fills, and comes to rest at a bearable level. */
  #resting(filling: number, level: Fit): number {
    const free = this.#leastSquares([ones, filling], observed);
    if ((free.weights[1] ?? 0) < 0) return level.squares();
    if ((free.weights[0] ?? 0) <= restingMax) return free.squares();
    return this.#leastSquares([filling], beyondRest).squares();
  }

  /** Ordinary least squares by the normal equations; few columns. What is left is summed up only where it is asked for. */
  #leastSquares(fitted: readonly number[], target: number): Fit {
    const rows = fitted.map((column) => {
      const products = this.#products[column] as Float64Array;
      return [...fitted, target].map((other) => products[other] as number);
    });
    const weights = solved(rows);
    let known: number | undefined;
    const squares = (): number => {
      if (known !== undefined) return known;
      let sum = 0;
      for (const block of this.#blocks) {
        let value = 0;
        for (let which = 0; which < fitted.length; which++) {
          value += (block[fitted[which] as number] as number) * (weights[which] as number);
        }
        sum += ((block[target] as number) - value) ** 2;
      }
      known = sum;
      return sum;
    };
    return { weights, squares };
  }
}

interface Fit {
  /** Of each column. */
  readonly weights: readonly number[];
  readonly squares: () => number;
}

/** The solution of normal equations, each a row with its right side last. What nothing is known of gets 0. */
function solved(rows: readonly number[][]): readonly number[] {
  for (let pivot = 0; pivot < rows.length; pivot++) {
    const row = rows[pivot] as number[];
    const lead = row[pivot] as number;
    if (Math.abs(lead) < 1e-12) continue;
    for (const other of rows) {
      if (other === row) continue;
      const factor = (other[pivot] as number) / lead;
      for (let column = 0; column < row.length; column++) {
        other[column] = (other[column] as number) - factor * (row[column] as number);
      }
    }
  }
  return rows.map((row, index) => (Math.abs(row[index] ?? 0) < 1e-12 ? 0 : (row.at(-1) ?? 0) / (row[index] ?? 1)));
}

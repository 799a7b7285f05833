import type { Random } from "@sluice/kernel";

/** Draws from a seeded source. */
export class Chance {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  unit(): number {
    return this.random.next();
  }

  is(probability: number): boolean {
    return this.random.next() < probability;
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.random.next();
  }

  /** Evenly by orders of magnitude. */
  magnitude(from: number, to: number): number {
    return from * (to / from) ** this.random.next();
  }

  pick<Value>(values: readonly Value[]): Value {
    return values[Math.floor(this.random.next() * values.length)] as Value;
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.random.next())) * Math.cos(2 * Math.PI * this.random.next());
  }

  poisson(mean: number): number {
    if (mean <= 0) return 0;
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.normal()));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = this.random.next(); product > limit; product *= this.random.next()) count++;
    return count;
  }

  /** Events that come in clusters of `burst` on average. */
  clustered(mean: number, burst: number): number {
    if (burst <= 1.01) return this.poisson(mean);
    const clusters = this.poisson(mean / burst);
    let count = 0;
    for (let cluster = 0; cluster < clusters; cluster++) {
      count += 1 + Math.floor(Math.log(1 - this.random.next()) / Math.log(1 - 1 / burst));
    }
    return count;
  }
}

/** A deviation that wanders and comes back within `seconds`. */
export class Wander {
  readonly #chance: Chance;
  readonly #spread: number;
  readonly #seconds: number;
  #value: number;

  constructor(chance: Chance, spread: number, seconds: number) {
    this.#chance = chance;
    this.#spread = spread;
    this.#seconds = seconds;
    this.#value = spread * chance.normal();
  }

  after(seconds: number): number {
    const kept = Math.exp(-seconds / this.#seconds);
    this.#value = kept * this.#value + this.#spread * Math.sqrt(1 - kept * kept) * this.#chance.normal();
    return this.#value;
  }
}

/** The normal distribution's share below `x` (Abramowitz and Stegun 26.2.17). */
export function below(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    0.3989422804 *
    Math.exp((-x * x) / 2) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return x > 0 ? 1 - tail : tail;
}

/** Kahan-Neumaier summation: what rounding lost is carried along. As Prometheus sums. */
export class KahanSum {
  sum = 0;
  carry = 0;

  add(value: number): void {
    const total = this.sum + value;
    if (!Number.isFinite(total)) this.carry = 0;
    else if (Math.abs(this.sum) >= Math.abs(value)) this.carry += this.sum - total + value;
    else this.carry += value - total + this.sum;
    this.sum = total;
  }

  get total(): number {
    return Number.isFinite(this.sum) ? this.sum + this.carry : this.sum;
  }
}

/** The mean; directly while the sum fits a float, incrementally once it overflows. */
export class Mean {
  #direct = new KahanSum();
  #mean = 0;
  #carry = 0;
  #count = 0;
  #isIncremental = false;

  add(value: number): void {
    this.#count++;
    if (!this.#isIncremental) {
      const next = new KahanSum();
      next.sum = this.#direct.sum;
      next.carry = this.#direct.carry;
      next.add(value);
      if (Number.isFinite(next.sum) || this.#count === 1 || Number.isNaN(next.sum)) {
        this.#direct = next;
        return;
      }
      this.#isIncremental = true;
      this.#mean = this.#direct.sum / (this.#count - 1);
      this.#carry = this.#direct.carry / (this.#count - 1);
    }
    this.#addIncrementally(value);
  }

  #addIncrementally(value: number): void {
    // An infinite mean stays, unless what comes is the other infinity or no number.
    if (isInfinite(this.#mean)) {
      if (isInfinite(value) && value > 0 === this.#mean > 0) return;
      if (Number.isFinite(value)) return;
    }
    const share = (this.#count - 1) / this.#count;
    const next = new KahanSum();
    next.sum = share * this.#mean;
    next.carry = share * this.#carry;
    next.add(value / this.#count);
    this.#mean = next.sum;
    this.#carry = next.carry;
  }

  get value(): number {
    if (this.#isIncremental) return Number.isFinite(this.#mean) ? this.#mean + this.#carry : this.#mean;
    const sum = this.#direct.sum / this.#count;
    return Number.isFinite(sum) ? sum + this.#direct.carry / this.#count : sum;
  }
}

const isInfinite = (value: number): boolean => Math.abs(value) === Number.POSITIVE_INFINITY;

/** Welford's variance, of the population. */
export class Variance {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add(value: number): void {
    this.#count++;
    const delta = value - this.#mean;
    this.#mean += delta / this.#count;
    this.#squares += delta * (value - this.#mean);
  }

  get value(): number {
    return this.#squares / this.#count;
  }
}

/** Between the two nearest ranks, NaN the smallest of all. `values` gets sorted. */
export function quantileOf(quantile: number, values: number[]): number {
  if (values.length === 0 || Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  values.sort((one, other) => (Number.isNaN(one) ? -1 : Number.isNaN(other) ? 1 : one - other));
  const rank = quantile * (values.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(values.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return (values[lower] ?? Number.NaN) * (1 - weight) + (values[upper] ?? Number.NaN) * weight;
}

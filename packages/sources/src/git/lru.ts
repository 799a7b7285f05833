/** Keeps what was used last, up to a total weight. */
export class LeastRecentlyUsed<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly weight: number }>();
  readonly #limit: number;
  readonly #onEvict: (value: Value) => void;
  #total = 0;

  constructor(limit: number, onEvict: (value: Value) => void = () => {}) {
    this.#limit = limit;
    this.#onEvict = onEvict;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, weight = 1): void {
    this.delete(key);
    this.#entries.set(key, { value, weight });
    this.#total += weight;
    for (const [oldest, entry] of this.#entries) {
      if (this.#total <= this.#limit || oldest === key) break;
      this.delete(oldest);
      this.#onEvict(entry.value);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#total -= entry.weight;
  }

  values(): readonly Value[] {
    return [...this.#entries.values()].map(({ value }) => value);
  }
}

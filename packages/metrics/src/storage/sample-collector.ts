import type { Labels } from "../labels.ts";
import type { SeriesSamples } from "../series-source.ts";
import type { SampleSink } from "./chunk.ts";

/** Gathers what lies after `after` and not after `until` into arrays of the right size. */
export class SampleCollector implements SampleSink {
  readonly #after: number;
  readonly #until: number;
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #staleAt: number[] = [];
  #count = 0;

  /** `most`: how many samples will come at most. */
  constructor(after: number, until: number, most: number) {
    this.#after = after;
    this.#until = until;
    this.#times = new Float64Array(most);
    this.#values = new Float64Array(most);
  }

  sample(time: number, value: number): void {
    if (time <= this.#after || time > this.#until) return;
    this.#forgetFrom(time);
    this.#times[this.#count] = time;
    this.#values[this.#count] = value;
    this.#count++;
  }

  stale(time: number): void {
    if (time <= this.#after || time > this.#until) return;
    this.#forgetFrom(time);
    this.#staleAt.push(time);
  }

  /** Where the clock was set back, what was written later is what happened. */
  #forgetFrom(time: number): void {
    while (this.#count > 0 && (this.#times[this.#count - 1] as number) >= time) this.#count--;
    while ((this.#staleAt.at(-1) ?? Number.NEGATIVE_INFINITY) >= time) this.#staleAt.pop();
  }

  /** Undefined where nothing came. */
  series(labels: Labels): SeriesSamples | undefined {
    if (this.#count === 0 && this.#staleAt.length === 0) return undefined;
    return {
      labels,
      times: this.#times.subarray(0, this.#count),
      values: this.#values.subarray(0, this.#count),
      staleAt: Float64Array.from(this.#staleAt),
    };
  }
}

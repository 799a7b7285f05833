import { DriftSums } from "../noise/drift.ts";
import { ClusterSums } from "./cluster-sums.ts";

export interface Counts {
  readonly events: number;
  readonly exposure: number;
  readonly controlEvents: number;
  readonly controlExposure: number;
}

/** Their places: in fields of an object each sum would be an object of its own. */
const events = 0;
const exposure = 1;
const controlEvents = 2;
const controlExposure = 3;
const ofHistory = 4;
const observed = 5;
const expected = 6;
const total = 7;
const peakObserved = 8;
const peakExpected = 9;
const places = 10;

/** All that was counted since a beginning. */
export class CountSums {
  readonly drift: DriftSums;
  /** Clusters in place of events. */
  readonly clusters: ClusterSums;
  readonly #sums = new Float64Array(places);

  constructor(bursts: number, memories: readonly number[]) {
    this.drift = new DriftSums(memories);
    this.clusters = new ClusterSums(bursts);
  }

  clear(): void {
    this.drift.clear();
    this.clusters.clear();
    this.#sums.fill(0);
  }

  /** What was served in a window, and what the history lets expect of it. */
  addServed(served: Counts, usual: number): void {
    const sums = this.#sums;
    sums[events] = (sums[events] as number) + served.events;
    sums[exposure] = (sums[exposure] as number) + served.exposure;
    sums[controlEvents] = (sums[controlEvents] as number) + served.controlEvents;
    sums[controlExposure] = (sums[controlExposure] as number) + served.controlExposure;
    sums[ofHistory] = (sums[ofHistory] as number) + usual;
  }

  /** What counts of a window, and by how much it speaks against the canary. */
  addCompared(ofCanary: number, usual: number, all: number, excess: number): void {
    const sums = this.#sums;
    sums[observed] = (sums[observed] as number) + ofCanary;
    sums[expected] = (sums[expected] as number) + usual;
    sums[total] = (sums[total] as number) + all;
    if (excess > (sums[peakObserved] as number) - (sums[peakExpected] as number)) {
      sums[peakObserved] = ofCanary;
      sums[peakExpected] = usual;
    }
  }

  get counts(): Counts {
    return {
      events: this.#sums[events] as number,
      exposure: this.#sums[exposure] as number,
      controlEvents: this.#sums[controlEvents] as number,
      controlExposure: this.#sums[controlExposure] as number,
    };
  }

  get ofHistory(): number {
    return this.#sums[ofHistory] as number;
  }

  get observed(): number {
    return this.#sums[observed] as number;
  }

  get expected(): number {
    return this.#sums[expected] as number;
  }

  get total(): number {
    return this.#sums[total] as number;
  }

  /** Of the window that speaks most against the canary. */
  get peakObserved(): number {
    return this.#sums[peakObserved] as number;
  }

  get peakExpected(): number {
    return this.#sums[peakExpected] as number;
  }
}

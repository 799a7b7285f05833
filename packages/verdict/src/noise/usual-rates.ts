import { allOf } from "../windows/sound-window.ts";
import type { JudgedRelease, Served } from "../windows/window.ts";
import { fitNoise } from "./noise.ts";

/** Half an hour's history is of one time of one day: no rate is known better than this for another. */
const apartLeast = 0.3;
const aparts = [0.1, 0.2, 0.3, 0.45, 0.7, 1];

/** How often something happened before the release, by endpoint. */
export class UsualRates {
  readonly #events: number[];
  readonly #exposures: number[];
  readonly #windows: { readonly events: number; readonly exposures: readonly number[] }[] = [];

  constructor(
    release: JudgedRelease,
    endpoints: number,
    count: (served: Served, endpoint: number) => number,
    exposure: (served: Served) => number = (served) => served.requests,
  ) {
    this.#events = new Array<number>(endpoints).fill(0);
    this.#exposures = new Array<number>(endpoints).fill(0);
    for (const { first, second } of release.history) {
      const exposures = new Array<number>(endpoints).fill(0);
      let events = 0;
      for (const version of [first, second]) {
        for (const [endpoint, served] of allOf(version).slice(0, endpoints).entries()) {
          const counted = count(served, endpoint);
          events += counted;
          exposures[endpoint] = (exposures[endpoint] ?? 0) + exposure(served);
          this.#events[endpoint] = (this.#events[endpoint] ?? 0) + counted;
        }
      }
      for (const [endpoint, exposed] of exposures.entries()) {
        this.#exposures[endpoint] = (this.#exposures[endpoint] ?? 0) + exposed;
      }
      this.#windows.push({ events, exposures });
    }
  }

  of(endpoint: number): number {
    return ((this.#events[endpoint] ?? 0) + 0.5) / ((this.#exposures[endpoint] ?? 0) + 1);
  }

  /** Standard deviation of the log ratio of a rate now and in the history. */
  apart(burst: number): number {
    const fluctuating = fitNoise(
      this.#windows.map(({ events, exposures }) => {
        const expected = exposures.reduce((sum, exposed, endpoint) => sum + exposed * this.of(endpoint), 0);
        return { score: events - expected, information: expected };
      }),
      aparts,
      Math.max(1, burst),
    );
    const all = this.#events.reduce((sum, events) => sum + events, 0);
    return Math.hypot(apartLeast, fluctuating.drift, 1 / Math.sqrt(all + 0.5));
  }
}

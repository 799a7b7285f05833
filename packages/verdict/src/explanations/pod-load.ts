import type { Served } from "../windows/window.ts";

interface OfPods extends Served {
  readonly pods: number;
}

/** What each window but the last counts for of the one after it: some ten windows matter. */
const kept = 0.9;

/** How many times the requests of a Pod of the stable version one of the canary gets, lately. */
export class PodLoad {
  #canary = 0;
  #stable = 0;

  see(canary: OfPods, stable: OfPods): void {
    this.#canary = kept * this.#canary + canary.requests / Math.max(1, canary.pods);
    this.#stable = kept * this.#stable + stable.requests / Math.max(1, stable.pods);
  }

  /** 1 while nothing is known. */
  get ratio(): number {
    return this.#stable > 0 ? this.#canary / this.#stable : 1;
  }
}

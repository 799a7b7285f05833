/** Standard deviation of the log of how fast a Pod is: processes of the same program on one busy machine. */
const spreadOfOne = 0.1;
/** From so many Pods of the stable version on, the history's noise is believed. */
const podsEnough = 8;

/**
 * How much faster one version may be than another because of the Pods that they happen to have, as a standard deviation of
 * its log. A history of many Pods shows it; that of a single one is compared with itself and can't, so that a version
 * can't be told from its only Pod.
 */
export class PodDifference {
  #podsOfStable = 1;

  see(canary: number, stable: number): number {
    this.#podsOfStable = Math.max(this.#podsOfStable, stable);
    const unseen = Math.max(0, 1 / this.#podsOfStable - 1 / podsEnough) / (1 - 1 / podsEnough);
    return spreadOfOne * unseen * Math.sqrt(1 / Math.max(1, canary) + 1 / Math.max(1, stable));
  }
}

import type { VersionServed } from "../windows/window.ts";
import { deviance } from "./deviance.ts";

export interface RestartFinding {
  readonly nats: number;
  readonly since: number;
  readonly observed: number;
}

/** What pods do on any day: one restart in so many seconds of one pod. */
const usualSecondsARestart = 12 * 3600;

/** Restarts beyond the stable version's. Those of one window count once: they have one cause. */
export class RestartScan {
  #canaryBefore: number | undefined;
  #stableBefore: number | undefined;
  #canary = 0;
  #stable = 0;
  #canarySeconds = 0;
  #stableSeconds = 0;
  #since = 0;
  #seenAt = 0;

  add(time: number, canary: VersionServed, stable: VersionServed | undefined): void {
    const seconds = Math.max(0, time - this.#seenAt);
    this.#seenAt = time;
    this.#canarySeconds += seconds * Math.max(1, canary.pods);
    if (canary.restarts > (this.#canaryBefore ?? 0)) {
      if (this.#canary === 0) this.#since = time;
      this.#canary++;
    }
    this.#canaryBefore = canary.restarts;
    if (stable === undefined) return;
    this.#stableSeconds += seconds * Math.max(1, stable.pods);
    if (this.#stableBefore !== undefined && stable.restarts > this.#stableBefore) this.#stable++;
    this.#stableBefore = stable.restarts;
  }

  finding(): RestartFinding {
    if (this.#canary < 3) return { nats: Number.NEGATIVE_INFINITY, since: 0, observed: this.#canary };
    const rate = (this.#stable + 1) / (this.#stableSeconds + usualSecondsARestart);
    const expected = this.#canarySeconds * rate;
    // The first restart may be the pod's slow start or an eviction.
    const nats = deviance(this.#canary - 1, expected, (this.#canary + 1) * 1000) - 2;
    return { nats, since: this.#since, observed: this.#canary };
  }
}

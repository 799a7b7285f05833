import type { LatencyCounts } from "../scans/latency-counts.ts";
import type { VersionServed } from "../windows/window.ts";

/** Failures and latency before the release. */
export interface UsualLevel {
  readonly failureRate: number;
  readonly burst: number;
}

/** A shared disturbance fades from memory within about this time after it ended. */
const fadeSeconds = 90;

/**
 * Is the stable version itself off? Then something hits both, and rarely both quite alike: differences count for less
 * until it is over.
 */
export class Surroundings {
  readonly #usual: UsualLevel;
  readonly #latency: LatencyCounts;
  #requests = 0;
  #failures = 0;
  #disturbed = 0;
  #since: number | undefined;

  constructor(usual: UsualLevel, latency: LatencyCounts) {
    this.#usual = usual;
    this.#latency = latency;
  }

  /** 0 where all is as usual, 1 while the stable version shows a disturbance. */
  see(stable: VersionServed, time: number, seconds: number): number {
    const kept = Math.exp(-seconds / 45);
    this.#requests = kept * this.#requests + stable.requests;
    this.#failures = kept * this.#failures + stable.failures;
    const usual = this.#usual.failureRate * this.#requests;
    const failing = this.#failures > 2.5 * usual + 4 * Math.sqrt(this.#usual.burst * usual + 1);
    const shifted = this.#latency.shift(stable.endpoints);
    const slow = shifted !== undefined && shifted.shift > 0.25 + 4 * shifted.error;
    this.#disturbed = failing || slow ? 1 : this.#disturbed * Math.exp(-seconds / fadeSeconds);
    if (this.#disturbed < 0.3) this.#since = undefined;
    else this.#since ??= time - seconds;
    return this.#disturbed;
  }

  /** Share of the stable version's failures that are its usual ones: while many come from elsewhere, the canary's own show less. */
  get usualShare(): number {
    if (this.#disturbed < 0.3) return 1;
    return Math.min(1, (this.#usual.failureRate * this.#requests + 1) / (this.#failures + 1));
  }

  /** Seconds since the release began; undefined while all is as usual. */
  get disturbedSince(): number | undefined {
    return this.#since;
  }
}

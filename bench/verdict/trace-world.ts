import { millis, type Random, ratio } from "@sluice/kernel";
import type { JudgedRelease, JudgedWindow, PlaceboWindow, Served, VersionServed } from "@sluice/verdict";
import { Chance, Wander } from "./chance.ts";
import type { World } from "./world.ts";

/** What the new version does to its users, from `onset` seconds on. */
export interface TracedHarm {
  readonly failing?: number;
  /** The work of a request grows by this factor. */
  readonly work?: number;
  /** Share of answers that the cache no longer gives. */
  readonly uncached?: number;
  readonly lost?: number;
  readonly onset?: number;
}

/** What good releases do, too. */
export interface TracedNuisance {
  /** A new pod's cache is empty and fills with requests, not with time. */
  readonly coldCache?: boolean;
  /** Each step opens connections to a shared database, which slows both versions for a while. */
  readonly poolSeconds?: number;
  /** Some users try again when a request failed: failures beget requests. */
  readonly retries?: number;
  /** Every five minutes a batch job calls. */
  readonly batch?: boolean;
  /** Pods stop to collect garbage. */
  readonly pauses?: boolean;
  /** Users stay with the version that they were given, and some of them fail more often. */
  readonly sticky?: number;
}

const edges = [4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192];
const classes = [
  { share: 0.62, work: 1, cacheable: 0.85 },
  { share: 0.24, work: 3, cacheable: 0.5 },
  { share: 0.1, work: 9, cacheable: 0.2 },
  { share: 0.04, work: 40, cacheable: 0 },
];

/**
 * Traffic as traces show it, and nothing that any judge was set or trained on: answers whose size has a heavy tail, a
 * cache before them, retries, batch jobs, connection pools that a deploy opens anew, pods that pause. No noise is drawn
 * for its own sake; what fluctuates does so for a reason.
 */
export class TraceWorld implements World {
  readonly windowSeconds: number;
  readonly release: JudgedRelease;
  readonly #chance: Chance;
  readonly #rate: number;
  readonly #harm: TracedHarm;
  readonly #nuisance: TracedNuisance;
  readonly #load: Wander;
  readonly #baseMs: number;
  readonly #tail: number;
  readonly #failing: number;
  readonly #hit: number;
  readonly #conversion: number;
  readonly #stickiness: readonly [number, number];
  #weight = 0;
  #stepFrom = 0;
  /** Requests that each of the canary's pods has answered since the last new pods came. */
  #warmed = 0;

  constructor(random: Random, rate: number, windowSeconds: number, harm: TracedHarm, nuisance: TracedNuisance) {
    const chance = new Chance(random);
    this.#chance = chance;
    this.#rate = rate;
    this.windowSeconds = windowSeconds;
    this.#harm = harm;
    this.#nuisance = nuisance;
    this.#load = new Wander(chance, 0.2, 240);
    this.#baseMs = chance.magnitude(3, 25);
    this.#tail = chance.between(1.6, 3);
    this.#failing = chance.magnitude(2e-4, 1e-2);
    this.#hit = chance.between(0.4, 0.9);
    this.#conversion = chance.between(0.01, 0.05);
    const sticky = nuisance.sticky ?? 0;
    this.#stickiness = [Math.exp(sticky * chance.normal()), 1];
    const weights = chance.pick([
      [0.05, 0.25, 0.5, 0.95],
      [0.02, 0.1, 0.3, 0.6, 0.95],
      [0.1, 0.2, 0.4, 0.95],
    ]);
    const lasts = millis(1000 * Math.round(3000 / weights.length / windowSeconds) * windowSeconds);
    this.release = {
      plan: weights.map((weight) => ({ weight: ratio(weight), lasts })),
      bucketEdgesMs: edges,
      history: Array.from({ length: 30 }, (_, minute) => this.#placebo(60 * minute)),
    };
  }

  isHarmful(time: number): boolean {
    return time >= (this.#harm.onset ?? 0);
  }

  window(time: number, weight: number, step: number, stepAge: number): JudgedWindow {
    const seconds = this.windowSeconds;
    if (weight !== this.#weight) {
      // Old pods are warm; the step's new ones aren't.
      this.#warmed = (this.#warmed * this.#weight) / weight;
      this.#weight = weight;
      this.#stepFrom = time;
    }
    const load = this.#rate * seconds * Math.exp(this.#load.after(seconds)) * this.#batch(time, seconds);
    const pods = Math.max(1, Math.round(20 * weight));
    const canary = this.#serve(load * weight, pods, time, true);
    this.#warmed += canary.requests / pods;
    return {
      ends: millis((time + seconds) * 1000),
      lasts: millis(seconds * 1000),
      weight: ratio(weight),
      step,
      stepAge: millis((stepAge + seconds) * 1000),
      canary,
      ...(weight >= 1 ? {} : { stable: this.#serve(load * (1 - weight), Math.max(1, 20 - pods), time, false) }),
    };
  }

  #batch(time: number, seconds: number): number {
    return this.#nuisance.batch === true && time % 300 < Math.max(seconds, 20) ? 1.8 : 1;
  }

  #placebo(time: number): PlaceboWindow {
    const load = 60 * this.#rate * Math.exp(this.#load.after(60)) * this.#batch(time, 60);
    return {
      lasts: millis(60_000),
      first: this.#serve(load / 2, 10, Number.NEGATIVE_INFINITY, false),
      second: this.#serve(load / 2, 10, Number.NEGATIVE_INFINITY, false),
    };
  }

  #serve(load: number, pods: number, time: number, isNew: boolean): VersionServed {
    const chance = this.#chance;
    const { coldCache, poolSeconds, retries = 0, pauses, batch } = this.#nuisance;
    const isHarmed = isNew && this.isHarmful(time);
    // A cache of some hundred answers a pod: the more popular ones come first, hence the root.
    const filled = isNew && coldCache === true ? Math.min(1, Math.sqrt((this.#warmed + 5) / 400)) : 1;
    const hit = this.#hit * filled * (isHarmed ? 1 - (this.#harm.uncached ?? 0) : 1);
    const sincePool = time - this.#stepFrom;
    const pool = poolSeconds !== undefined && sincePool >= 0 ? Math.exp(-sincePool / poolSeconds) : 0;
    // A pause of a pod stops a part of what the version serves in the window.
    const paused = pauses === true && chance.is(0.05 * Math.min(4, pods)) ? 0.15 / pods : 0;
    const slower = (isHarmed ? (this.#harm.work ?? 1) : 1) * (1 + 0.8 * pool);
    const isBatch = batch === true && this.#batch(time, 20) > 1 && Number.isFinite(time);
    const endpoints = classes.map(({ share, work, cacheable }, index): Served => {
      const first = chance.poisson(load * share * (isBatch && index === 3 ? 3 : 1));
      const failing =
        this.#failing * (0.5 + 0.2 * work ** 0.5) * (isNew ? this.#stickiness[0] : this.#stickiness[1]) +
        0.004 * pool +
        (isHarmed ? (this.#harm.failing ?? 0) : 0);
      const failed = Math.min(first, chance.poisson(first * failing));
      // Who tries again mostly fails again, within the same window and on the same version.
      const again = chance.poisson(failed * retries);
      const failures = failed + Math.min(again, chance.poisson(again * 0.6));
      const requests = first + again;
      const latencyCounts = new Array<number>(edges.length + 1).fill(0);
      // Histograms of busy services hold a sample.
      const timed = Math.min(requests, 250);
      for (let request = 0; request < timed; request++) {
        const isHit = chance.is(hit * cacheable);
        const size = (1 - chance.unit()) ** (-1 / this.#tail);
        const wait = chance.is(paused) ? 400 * chance.unit() : 0;
        const latency = wait + (isHit ? 0.4 * this.#baseMs * size ** 0.3 : this.#baseMs * work * size * slower);
        let bucket = edges.findIndex((edge) => latency <= edge);
        if (bucket < 0) bucket = edges.length;
        latencyCounts[bucket] = (latencyCounts[bucket] ?? 0) + 1;
      }
      return { requests, failures, latencyCounts };
    });
    const total = (get: (served: Served) => number) => endpoints.reduce((sum, served) => sum + get(served), 0);
    const exposures = endpoints[0]?.requests ?? 0;
    const converting = this.#conversion * (1 - (isHarmed ? (this.#harm.lost ?? 0) : 0));
    return {
      requests: total(({ requests }) => requests),
      failures: total(({ failures }) => failures),
      latencyCounts: edges.concat(0).map((_, bucket) => total((served) => served.latencyCounts[bucket] ?? 0)),
      endpoints,
      exposures,
      conversions: Math.min(exposures, chance.poisson(exposures * converting)),
      memoryMax: 500 * (isNew ? 1.05 - 0.5 * Math.exp(-this.#warmed / 300) : 1) * (1 + 0.06 * chance.unit()),
      restarts: 0,
      pods,
    };
  }
}

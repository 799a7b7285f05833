import { millis, type Random, ratio } from "@sluice/kernel";
import { type JudgedRelease, type JudgedWindow, placeboWindow, type Served, type VersionServed } from "@sluice/verdict";
import { Chance, Wander } from "./chance.ts";
import type { World } from "./world.ts";

/** What the new version does to its users. */
export interface LoneHarm {
  readonly failing?: number;
  readonly slower?: number;
}

const edges = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];
const shares = [0.6, 0.3, 0.1];

/**
 * One Pod of each version on one busy machine, with a request or less a second: what one process is slower than the
 * other for no fault of its program can't be told from the version, and the history is one Pod's, split in two.
 */
export class LoneWorld implements World {
  readonly windowSeconds = 5;
  readonly release: JudgedRelease;
  readonly #chance: Chance;
  readonly #rate: number;
  readonly #harm: LoneHarm;
  readonly #machine: Wander;
  readonly #processes: Readonly<Record<"canary" | "stable", Wander>>;
  readonly #own: Readonly<Record<"canary" | "stable", number>>;
  readonly #baseMs: number;
  readonly #spread: number;
  readonly #stalls: number;
  readonly #failing: number;

  constructor(random: Random, rate: number, harm: LoneHarm) {
    const chance = new Chance(random);
    this.#chance = chance;
    this.#rate = rate;
    this.#harm = harm;
    this.#machine = new Wander(chance, 0.3, 120);
    this.#processes = { canary: new Wander(chance, 0.15, 60), stable: new Wander(chance, 0.15, 60) };
    this.#own = { canary: 0.08 * chance.normal(), stable: 0.08 * chance.normal() };
    this.#baseMs = chance.magnitude(3, 30);
    this.#spread = chance.between(0.4, 0.8);
    this.#stalls = chance.magnitude(0.002, 0.04);
    this.#failing = chance.magnitude(1e-4, 5e-3);
    const weights = chance.pick([
      [0.1, 0.5, 1],
      [0.25, 0.5, 0.75, 1],
      [0.5, 1],
    ]);
    this.release = {
      plan: weights.map((weight) => ({ weight: ratio(weight), lasts: millis(600_000) })),
      bucketEdgesMs: edges,
      history: Array.from({ length: 30 }, () =>
        placeboWindow(this.#serve("stable", 60, 1, Number.POSITIVE_INFINITY), millis(60_000), random),
      ),
    };
  }

  isHarmful(): boolean {
    return true;
  }

  window(time: number, weight: number, step: number, stepAge: number): JudgedWindow {
    const seconds = this.windowSeconds;
    return {
      ends: millis((time + seconds) * 1000),
      lasts: millis(seconds * 1000),
      weight: ratio(weight),
      step,
      stepAge: millis((stepAge + seconds) * 1000),
      canary: this.#serve("canary", seconds, weight, time),
      ...(weight >= 1 ? {} : { stable: this.#serve("stable", seconds, 1 - weight, Number.POSITIVE_INFINITY) }),
    };
  }

  #serve(side: "canary" | "stable", seconds: number, weight: number, age: number): VersionServed {
    const chance = this.#chance;
    // The machine is one: the stable version comes last, and sees the load that the canary saw.
    const load =
      side === "canary" || seconds > this.windowSeconds ? this.#machine.after(seconds) : this.#machine.after(0);
    const harm = side === "canary" ? this.#harm : {};
    const slower =
      (harm.slower ?? 1) *
      (1 + Math.exp(-age / 20)) *
      Math.exp(load + this.#processes[side].after(seconds) + this.#own[side]);
    const endpoints = shares.map((share, endpoint): Served => {
      const requests = chance.poisson(this.#rate * weight * share * seconds);
      const failures = Math.min(requests, chance.poisson(requests * (this.#failing + (harm.failing ?? 0))));
      const latencyCounts = new Array<number>(edges.length + 1).fill(0);
      for (let request = 0; request < requests; request++) {
        const stall = chance.is(this.#stalls * Math.exp(load)) ? 30 + 300 * chance.unit() : 0;
        const latency = stall + this.#baseMs * (1 + endpoint) * slower * Math.exp(this.#spread * chance.normal());
        const bucket = edges.findIndex((edge) => latency <= edge);
        const at = bucket < 0 ? edges.length : bucket;
        latencyCounts[at] = (latencyCounts[at] ?? 0) + 1;
      }
      return { requests, failures, latencyCounts };
    });
    const total = (get: (served: Served) => number) => endpoints.reduce((sum, served) => sum + get(served), 0);
    return {
      requests: total(({ requests }) => requests),
      failures: total(({ failures }) => failures),
      latencyCounts: edges.concat(0).map((_, bucket) => total((served) => served.latencyCounts[bucket] ?? 0)),
      endpoints,
      exposures: 0,
      conversions: 0,
      restarts: 0,
      pods: 1,
    };
  }
}

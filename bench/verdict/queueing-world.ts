import type { Random } from "@sluice/kernel";
import { millis, ratio } from "@sluice/kernel";
import type { JudgedRelease, JudgedWindow, PlaceboWindow, Served, VersionServed } from "@sluice/verdict";
import type { World } from "./world.ts";

/** What a release does, from `onset` seconds on. */
export interface Release {
  readonly slowerService?: number;
  readonly failing?: number;
  readonly failingEndpoint?: number;
  readonly timeouts?: number;
  readonly lostConversions?: number;
  readonly leakAnHour?: number;
  readonly moreMemory?: number;
  readonly onset?: number;
  readonly coldSeconds?: number;
  readonly coldSlower?: number;
  readonly noisyNode?: number;
  readonly outage?: { readonly from: number; readonly seconds: number; readonly failing: number };
}

const edges = [5, 10, 25, 50, 75, 100, 150, 250, 400, 600, 1000, 2500, 5000];

/**
 * A service as queues: each pod serves one request at a time from a pool of workers, so that latency rises with load
 * (M/M/c's waiting time, by Sakasegawa's approximation), pods near saturation fail by time-outs, retries come in
 * clusters that last over several windows, and endpoints differ by orders of magnitude.
 */
export class QueueingWorld implements World {
  readonly windowSeconds: number;
  readonly release: JudgedRelease;
  readonly #random: Random;
  readonly #truth: Release;
  readonly #rate: number;
  readonly #mix: readonly number[];
  readonly #serviceMs: readonly number[];
  readonly #failureRate: number;
  readonly #spread: number;
  readonly #workers: number;
  readonly #utilisation: number;
  readonly #conversion: number;
  readonly #storms = { canary: 0, stable: 0 };
  readonly #stormChance: number;
  readonly #podSkill: readonly number[];
  #walk = 0;

  constructor(random: Random, truth: Release, rate: number, windowSeconds: number, holdback: number) {
    this.#random = random;
    this.#truth = truth;
    this.#rate = rate;
    this.windowSeconds = windowSeconds;
    const endpoints = 1 + Math.floor(random.next() * 8);
    const raw = Array.from({ length: endpoints }, (_, index) => 1 / (1 + index) ** (0.5 + random.next()));
    const sum = raw.reduce((total, value) => total + value, 0);
    this.#mix = raw.map((value) => value / sum);
    this.#serviceMs = raw.map(() => 8 * 20 ** random.next());
    this.#failureRate = 1e-4 * 200 ** random.next();
    this.#spread = 0.3 + 0.6 * random.next();
    this.#workers = 2 + Math.floor(random.next() * 14);
    this.#utilisation = 0.2 + 0.45 * random.next();
    this.#conversion = 0.01 + 0.05 * random.next();
    this.#stormChance = random.next() < 0.4 ? 0.004 : 0;
    this.#podSkill = Array.from({ length: 24 }, () => 0.012 * this.#normal());
    const last = 1 - holdback;
    const plans = [
      [0.05, 0.1, 0.25, 0.5, last],
      [0.02, 0.1, 0.3, last],
      [0.1, 0.5, last],
    ];
    const weights = plans[Math.floor(random.next() * plans.length)] ?? [];
    const lasts = millis(1000 * Math.round(3600 / weights.length / windowSeconds) * windowSeconds);
    this.release = {
      plan: weights.map((weight) => ({ weight: ratio(weight), lasts })),
      bucketEdgesMs: edges,
      history: Array.from({ length: 20 + Math.floor(random.next() * 20) }, () => this.#placebo()),
    };
  }

  window(time: number, weight: number, step: number, stepAge: number): JudgedWindow {
    const seconds = this.windowSeconds;
    const load = this.#load(seconds);
    const canaryRate = this.#rate * weight * (0.9 + 0.2 * this.#random.next());
    const canary = this.#serve("canary", time, seconds, canaryRate * load, weight, stepAge);
    const stable =
      weight >= 1 ? undefined : this.#serve("stable", time, seconds, this.#rate * (1 - weight) * load, 1 - weight, 1e6);
    return {
      ends: millis((time + seconds) * 1000),
      lasts: millis(seconds * 1000),
      weight: ratio(weight),
      step,
      stepAge: millis((stepAge + seconds) * 1000),
      canary,
      ...(stable === undefined ? {} : { stable }),
    };
  }

  /** Is a harm on users there at `time`? */
  isHarmful(time: number): boolean {
    return time >= (this.#truth.onset ?? 0);
  }

  #weightBefore(weight: number): number | undefined {
    return this.release.plan.findLast((step) => step.weight < weight)?.weight;
  }

  #load(seconds: number): number {
    const kept = Math.exp(-seconds / 300);
    this.#walk = kept * this.#walk + 0.15 * Math.sqrt(1 - kept * kept) * this.#normal();
    return Math.exp(this.#walk);
  }

  #placebo(): PlaceboWindow {
    const load = this.#load(60);
    const half = () => this.#serve("stable", -1, 60, (this.#rate / 2) * load, 1, 1e6);
    return { lasts: millis(60_000), first: half(), second: half() };
  }

  #serve(
    side: "canary" | "stable",
    time: number,
    seconds: number,
    rate: number,
    weight: number,
    age: number,
  ): VersionServed {
    const truth = this.#truth;
    const isNew = side === "canary" && time >= 0;
    const isHarmed = isNew && this.isHarmful(time);
    const pods = Math.max(1, Math.round(24 * weight));
    const skill = this.#podSkill.slice(isNew ? 0 : 24 - pods, isNew ? pods : 24);
    // Only the step's new pods are cold, and a start that overloads a pod isn't called good here.
    const fresh = isNew ? Math.max(0, weight - (this.#weightBefore(weight) ?? 0)) / weight : 0;
    const steepest = Math.max(0.05, 0.75 / this.#utilisation - 1);
    const rise = Math.min(truth.coldSlower ?? 0.2, steepest);
    const coldness = fresh * Math.exp(-age / (truth.coldSeconds ?? 35)) * rise;
    const slower =
      (isHarmed ? (truth.slowerService ?? 1) : 1) *
      (1 + coldness) *
      Math.exp(skill.reduce((sum, value) => sum + value, 0) / Math.max(1, skill.length)) *
      (isNew ? (truth.noisyNode ?? 1) : 1);
    const busy = Math.min(0.97, this.#utilisation * slower * Math.min(1.5, Math.exp(this.#walk)));
    // Sakasegawa's approximation of the mean wait in M/M/c, in service times.
    const wait = busy ** Math.sqrt(2 * (this.#workers + 1)) / (this.#workers * (1 - busy));
    const outage = truth.outage;
    const isOut = outage !== undefined && time >= outage.from && time < outage.from + outage.seconds;
    if (this.#random.next() < this.#stormChance * seconds * weight) this.#storms[side] = 2 + 2 * this.#random.next();
    else this.#storms[side] = Math.max(0, this.#storms[side] - 1);
    const storm = this.#storms[side] > 0 && side === "stable" ? 3 : 1;
    const endpoints = this.#mix.map((share, endpoint): Served => {
      const requests = this.#poisson(rate * share * seconds);
      const added =
        isHarmed && (truth.failingEndpoint === undefined || truth.failingEndpoint % this.#mix.length === endpoint);
      const timeouts = isHarmed ? (truth.timeouts ?? 0) : 0;
      const failing = Math.min(
        0.95,
        this.#failureRate * storm * (1 + 2 * coldness) * (0.4 + (1.2 * (endpoint + 1)) / this.#mix.length) +
          (added ? (truth.failing ?? 0) : 0) +
          timeouts +
          (isOut ? (outage?.failing ?? 0) * (0.85 + 0.3 * this.#random.next()) : 0),
      );
      const latencyCounts = new Array<number>(edges.length + 1).fill(0);
      const failures = Math.min(requests, this.#poisson(requests * failing));
      const mean = (this.#serviceMs[endpoint] ?? 10) * slower;
      const sampled = Math.min(requests, 150);
      for (let index = 0; index < sampled; index++) {
        const service = mean * Math.exp(this.#spread * this.#normal());
        const queued = this.#random.next() < busy ? -Math.log(1 - this.#random.next()) * mean * (wait / busy) : 0;
        const latency = this.#random.next() < timeouts ? 4000 : service + queued;
        let bucket = edges.findIndex((edge) => latency <= edge);
        if (bucket < 0) bucket = edges.length;
        latencyCounts[bucket] = (latencyCounts[bucket] ?? 0) + 1;
      }
      return { requests, failures, latencyCounts };
    });
    const total = (get: (served: Served) => number) => endpoints.reduce((sum, served) => sum + get(served), 0);
    const exposures = endpoints[0]?.requests ?? 0;
    const converting = this.#conversion * (1 - (isHarmed ? (truth.lostConversions ?? 0) : 0));
    const warm = isNew ? 1 - 0.5 * Math.exp(-time / 500) : 1;
    const grown = isNew ? (truth.moreMemory ?? 1) + ((truth.leakAnHour ?? 0) * time) / 3600 : 1;
    return {
      requests: total(({ requests }) => requests),
      failures: total(({ failures }) => failures),
      latencyCounts: edges.concat(0).map((_, bucket) => total((served) => served.latencyCounts[bucket] ?? 0)),
      endpoints,
      exposures,
      conversions: Math.min(exposures, this.#poisson(exposures * converting)),
      memoryMax: 300 * warm * grown * Math.exp(0.025 * this.#normal()),
      restarts: 0,
      pods,
    };
  }

  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random.next())) * Math.cos(2 * Math.PI * this.#random.next());
  }

  #poisson(mean: number): number {
    if (mean > 40) return Math.max(0, Math.round(mean + Math.sqrt(mean) * this.#normal()));
    let count = 0;
    for (let product = this.#random.next(); product > Math.exp(-mean); product *= this.#random.next()) count++;
    return count;
  }
}

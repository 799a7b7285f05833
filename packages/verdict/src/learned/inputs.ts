import type { Evidence } from "../sentence.ts";

/**
 * What the learned layer sees of a release after a window: numbers that mean the same in every service. What is fixed in a
 * service (its usual failures, its noise) is left out, since trees would know the training's releases by it.
 */
export const inputNames = [
  "failures",
  "failures of an endpoint",
  "latency",
  "slow requests",
  "strongest",
  "second",
  "sum",
  "failures grew in 60 s",
  "endpoint grew in 60 s",
  "latency grew in 60 s",
  "slow grew in 60 s",
  "seconds since it began",
  "seconds of the step",
  "coldness",
  "coldness of slow starts",
  "disturbance",
  "requests",
  "requests in 30 s",
  "failure ratio of 30 s",
  "failure score of 30 s",
  "failure ratio of 150 s",
  "failure score of 150 s",
  "failure ratio",
  "failure score",
  "excess failures",
  "slower in 30 s",
  "slower score of 30 s",
  "slower in 150 s",
  "slower score of 150 s",
  "fading",
  "slow ratio of 60 s",
  "slow score of 60 s",
  "fresh control",
] as const;

/** A larger value never speaks for the release: trees may only use it that way. */
export const rising: ReadonlySet<string> = new Set([
  ...inputNames.slice(0, 7),
  "failure score of 30 s",
  "failure score of 150 s",
  "failure score",
  "slower score of 30 s",
  "slower score of 150 s",
  "slow score of 60 s",
]);

/** What the learned layer knows about; conversions, memory and restarts are left to proof. */
const known: ReadonlySet<Evidence["signal"]> = new Set([
  "failures",
  "failures of an endpoint",
  "latency",
  "slow requests",
]);

/** The strongest evidence that the learned layer may act on. */
export const strongestKnown = (evidence: readonly Evidence[]): Evidence | undefined =>
  evidence
    .filter(({ signal }) => known.has(signal))
    .reduce<Evidence | undefined>((best, one) => (best === undefined || one.nats > best.nats ? one : best), undefined);

/** Events of a window on the canary, and what was expected of an equal version given both. */
export interface Excess {
  readonly observed: number;
  readonly expected: number;
  readonly information: number;
}

export interface SeenWindow {
  readonly time: number;
  readonly seconds: number;
  readonly requests: number;
  readonly stepSeconds: number;
  readonly coldness: number;
  readonly slowColdness: number;
  readonly disturbance: number;
  readonly failures: Excess;
  readonly slow: Excess;
  readonly latency: { readonly difference: number; readonly variance: number } | undefined;
  readonly isFresh: boolean;
}

export interface ServiceNoise {
  readonly burst: number;
  readonly failureDrift: number;
  readonly latencyBurst: number;
  readonly latencyDrift: number;
}

/** A sum that forgets with time. */
class Fading {
  readonly #seconds: number;
  observed = 0;
  expected = 0;
  information = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  add({ observed, expected, information }: Excess, seconds: number): void {
    const kept = Math.exp(-seconds / this.#seconds);
    this.observed = this.observed * kept + observed;
    this.expected = this.expected * kept + expected;
    this.information = this.information * kept + information;
  }

  get ratio(): number {
    return Math.log((this.observed + 0.7) / (this.expected + 0.7));
  }

  score(burst: number, drift: number): number {
    const { information } = this;
    const variance = burst * information + (drift * information) ** 2 + 0.5;
    return (this.observed - this.expected) / Math.sqrt(variance);
  }
}

const forever = 1e9;

/** Remembers what the inputs need of the windows before. */
export class Inputs {
  readonly #noise: ServiceNoise;
  readonly #failuresShort = new Fading(30);
  readonly #failuresLong = new Fading(150);
  readonly #failuresAll = new Fading(forever);
  readonly #slow = new Fading(60);
  readonly #latencyShort = new Fading(30);
  readonly #latencyLong = new Fading(150);
  readonly #before: { readonly time: number; readonly nats: readonly number[] }[] = [];
  #requests = 0;
  #recent = 0;
  #seen: SeenWindow | undefined;

  constructor(noise: ServiceNoise) {
    this.#noise = noise;
  }

  see(seen: SeenWindow): void {
    const { seconds } = seen;
    this.#seen = seen;
    this.#failuresShort.add(seen.failures, seconds);
    this.#failuresLong.add(seen.failures, seconds);
    this.#failuresAll.add(seen.failures, seconds);
    this.#slow.add(seen.slow, seconds);
    if (seen.latency !== undefined) {
      const { difference, variance } = seen.latency;
      // A sum of differences by their information: `observed` over `information` is their mean.
      const sum = { observed: difference / variance, expected: 0, information: 1 / variance };
      this.#latencyShort.add(sum, seconds);
      this.#latencyLong.add(sum, seconds);
    }
    const kept = Math.exp(-seconds / 30);
    this.#requests += seen.requests;
    this.#recent = this.#recent * kept + seen.requests;
  }

  /** In the order of `inputNames`; undefined before anything could be compared. */
  now(evidence: readonly Evidence[]): readonly number[] | undefined {
    const seen = this.#seen;
    if (seen === undefined) return undefined;
    const noise = this.#noise;
    const signals = inputNames.slice(0, 4);
    const bySignal = signals.map((signal) => bounded(evidence.find((one) => one.signal === signal)?.nats));
    const sorted = [...bySignal].sort((left, right) => right - left);
    const top = sorted[0] ?? none;
    const traced = bySignal;
    const then = this.#before.findLast(({ time }) => time <= seen.time - 55)?.nats ?? this.#before[0]?.nats;
    if (seen.time > (this.#before.at(-1)?.time ?? -1)) this.#before.push({ time: seen.time, nats: traced });
    while ((this.#before[1]?.time ?? seen.time) <= seen.time - 60) this.#before.shift();
    const grown = traced.map((nats, index) => nats - (then?.[index] ?? nats));
    const latency = (sum: Fading) => (sum.information > 0 ? sum.observed / sum.information : 0);
    const latencyScore = (sum: Fading) =>
      sum.information > 0
        ? latency(sum) / Math.sqrt(noise.latencyBurst / sum.information + (1.25 * noise.latencyDrift) ** 2)
        : 0;
    const failing = (sum: Fading) => sum.score(noise.burst, noise.failureDrift);
    const all = this.#failuresAll;
    return [
      ...bySignal,
      top,
      sorted[1] ?? none,
      sorted.reduce((sum, nats) => sum + Math.max(0, nats), 0),
      ...grown,
      Math.log1p(seen.time),
      Math.log1p(seen.stepSeconds),
      seen.coldness,
      seen.slowColdness,
      seen.disturbance,
      Math.log1p(this.#requests),
      Math.log1p(this.#recent),
      this.#failuresShort.ratio,
      failing(this.#failuresShort),
      this.#failuresLong.ratio,
      failing(this.#failuresLong),
      all.ratio,
      failing(all),
      (this.#failuresShort.observed - this.#failuresShort.expected) / (this.#recent + 20),
      latency(this.#latencyShort),
      latencyScore(this.#latencyShort),
      latency(this.#latencyLong),
      latencyScore(this.#latencyLong),
      latency(this.#latencyLong) - latency(this.#latencyShort),
      this.#slow.ratio,
      this.#slow.score(1.2, noise.latencyDrift * 3),
      seen.isFresh ? 1 : 0,
    ];
  }
}

const none = -8;
const bounded = (nats: number | undefined): number => Math.min(30, Math.max(none, nats ?? none));

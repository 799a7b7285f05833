import type { Evidence } from "../sentence.ts";
import { type Excess, Fading, sumOfExcess } from "./fading.ts";
import { Lasting } from "./lasting.ts";

/** What the learned layer sees of a release after a window: numbers that mean the same in every service. */
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
  "strongest grew in 20 s",
  "seconds since it began",
  "seconds of the newest pods",
  "seconds of the strongest",
  "the strongest began after the newest pods",
  "coldness",
  "coldness of slow starts",
  "disturbance",
  "requests",
  "requests in 30 s",
  "requests of a newest pod",
  "pods",
  "weight",
  "failure ratio of 30 s",
  "failure score of 30 s",
  "failure ratio of 150 s",
  "failure score of 150 s",
  "failure ratio",
  "failure score",
  "failure ratio of the step's start",
  "failure ratio of the step",
  "failure score of the step",
  "failure score of the step without its worst window",
  "excess failures",
  "endpoints that fail more",
  "slower in 30 s",
  "slower score of 30 s",
  "slower in 150 s",
  "slower score of 150 s",
  "slower at the step's start",
  "slower in the step",
  "slower score of the step",
  "fading",
  "lasting",
  "windows that are slower",
  "restless",
  "endpoints that are slower",
  "slow ratio of 60 s",
  "slow score of 60 s",
  "slow ratio of the step's start",
  "slow ratio of the step",
  "slow score of the step",
  "slow score of the step without its worst window",
  "excess slow requests",
  "burst",
  "drift of failures",
  "drift of latency",
  "fresh control",
] as const;

/** A larger value never speaks for the release: trees may only use it that way. */
export const rising: ReadonlySet<string> = new Set([
  ...inputNames.slice(0, 7),
  "failure score of 30 s",
  "failure score of 150 s",
  "failure score",
  "failure score of the step",
  "failure score of the step without its worst window",
  "endpoints that fail more",
  "slower score of 30 s",
  "slower score of 150 s",
  "slower score of the step",
  "lasting",
  "endpoints that are slower",
  "slow score of 60 s",
  "slow score of the step",
  "slow score of the step without its worst window",
]);

export interface SeenWindow {
  readonly time: number;
  readonly seconds: number;
  readonly weight: number;
  readonly requests: number;
  readonly pods: number;
  /** When the newest pods came. */
  readonly newest: number;
  readonly coldness: (fadeSeconds: number) => number;
  readonly disturbance: number;
  /** By endpoint. */
  readonly failures: readonly Excess[];
  readonly slow: readonly Excess[];
  readonly latency:
    | {
        readonly difference: number;
        readonly variance: number;
        readonly byEndpoint: readonly (Excess | undefined)[];
      }
    | undefined;
  readonly hasFreshControl: boolean;
}

export interface ServiceNoise {
  readonly burst: number;
  readonly failureDrift: number;
  readonly latencyBurst: number;
  readonly latencyDrift: number;
}

/** The first of a step's seconds, with which the last are compared. */
const startSeconds = 30;

/** Remembers what the inputs need of the windows before. */
export class Inputs {
  readonly #noise: ServiceNoise;
  readonly #failures = ofSpans();
  readonly #slow = ofSpans();
  readonly #latency = ofSpans();
  readonly #lasting: Lasting;
  readonly #failuresOf: Fading[] = [];
  readonly #latencyOf: Fading[] = [];
  /** Windows that were slower among all, and how far they are from their mean. */
  readonly #slowerWindows = new Fading(150);
  readonly #restless = new Fading(150);
  readonly #before: { readonly time: number; readonly nats: readonly number[] }[] = [];
  #requests = 0;
  #recent = 0;
  #ofNewestPod = 0;
  #newest = -1;
  #seen: SeenWindow | undefined;

  constructor(noise: ServiceNoise) {
    this.#noise = noise;
    this.#lasting = new Lasting(1.25 * noise.latencyDrift);
  }

  see(seen: SeenWindow): void {
    const { seconds, latency } = seen;
    const noise = this.#noise;
    this.#seen = seen;
    if (seen.newest !== this.#newest) this.#beginStep(seen.newest);
    const isStart = seen.time - seen.newest <= startSeconds + 0.5;
    addTo(this.#failures, sumOfExcess(seen.failures), seconds, isStart);
    addTo(this.#slow, sumOfExcess(seen.slow), seconds, isStart);
    addEach(this.#failuresOf, seen.failures, seconds);
    if (latency !== undefined) {
      const { difference, variance } = latency;
      const before = this.#latency.long.mean;
      // A sum of differences by their information: `observed` over `information` is their mean.
      addTo(
        this.#latency,
        { observed: difference / variance, expected: 0, information: 1 / variance },
        seconds,
        isStart,
      );
      addEach(this.#latencyOf, latency.byEndpoint, seconds);
      const sampling = variance * noise.latencyBurst;
      this.#lasting.add(difference, sampling + (0.5 * noise.latencyDrift) ** 2, seen.coldness);
      this.#slowerWindows.add({ observed: difference > 0.02 ? 1 : 0, expected: 0, information: 1 }, seconds);
      const apart = (difference - before) ** 2 / (sampling + noise.latencyDrift ** 2);
      this.#restless.add({ observed: Math.min(30, apart), expected: 0, information: 1 }, seconds);
    }
    this.#requests += seen.requests;
    this.#ofNewestPod += seen.requests / Math.max(1, seen.pods);
    this.#recent = this.#recent * Math.exp(-seconds / 30) + seen.requests;
  }

  #beginStep(newest: number): void {
    this.#newest = newest;
    this.#ofNewestPod = 0;
    this.#lasting.clear();
    for (const { start, step } of [this.#failures, this.#slow, this.#latency]) {
      start.clear();
      step.clear();
    }
  }

  /**
   * In the order of `inputNames`, until the next window is seen; undefined before anything could be compared. They are
   * worked out where somebody asks for them: of most windows the evidence is too little for a model to matter.
   */
  now(evidence: readonly Evidence[]): (() => readonly number[]) | undefined {
    const seen = this.#seen;
    if (seen === undefined) return undefined;
    const bySignal = inputNames.slice(0, 4).map((signal) => bounded(evidence.find((one) => one.signal === signal)));
    const sorted = [...bySignal].sort((left, right) => right - left);
    const top = sorted[0] ?? none;
    const since = evidence.find(isOfUsers)?.since ?? seen.time;
    const traced = [...bySignal, top];
    const then = this.#natsOf(seen.time - 55);
    const lately = this.#natsOf(seen.time - 18);
    if (seen.time > (this.#before.at(-1)?.time ?? -1)) this.#before.push({ time: seen.time, nats: traced });
    while ((this.#before[1]?.time ?? seen.time) <= seen.time - 60) this.#before.shift();
    return () => this.#written(seen, { bySignal, sorted, since, then, lately });
  }

  #written(seen: SeenWindow, { bySignal, sorted, since, then, lately }: Traced): readonly number[] {
    const { burst, failureDrift, latencyBurst, latencyDrift } = this.#noise;
    const top = sorted[0] ?? none;
    const failures = this.#failures;
    const slow = this.#slow;
    const latency = this.#latency;
    const slowerScore = (sum: Fading) =>
      sum.information > 0 ? sum.mean / Math.sqrt(latencyBurst / sum.information + (1.25 * latencyDrift) ** 2) : 0;
    const slowDrift = latencyDrift * 3;
    const fading = Math.max(0, latency.start.mean) - latency.short.mean;
    return [
      ...bySignal,
      top,
      sorted[1] ?? none,
      sorted.reduce((sum, nats) => sum + Math.max(0, nats), 0),
      ...bySignal.map((nats, index) => nats - (then?.[index] ?? nats)),
      top - (lately?.[4] ?? top),
      Math.log1p(seen.time),
      Math.log1p(Math.max(0, seen.time - seen.newest)),
      Math.log1p(Math.max(0, seen.time - since)),
      since < seen.newest ? -1 : Math.log1p(since - seen.newest),
      seen.coldness(62),
      seen.coldness(150),
      seen.disturbance,
      Math.log1p(this.#requests),
      Math.log1p(this.#recent),
      Math.log1p(this.#ofNewestPod),
      Math.log(Math.max(1, seen.pods)),
      seen.weight,
      failures.short.ratio,
      failures.short.score(burst, failureDrift),
      failures.long.ratio,
      failures.long.score(burst, failureDrift),
      failures.all.ratio,
      failures.all.score(burst, failureDrift),
      failures.start.ratio,
      failures.step.ratio,
      failures.step.score(burst, failureDrift),
      failures.step.restScore(burst, failureDrift),
      (failures.short.observed - failures.short.expected) / (this.#recent + 20),
      shareOf(this.#failuresOf, (sum) => sum.score(burst, failureDrift)),
      latency.short.mean,
      slowerScore(latency.short),
      latency.long.mean,
      slowerScore(latency.long),
      latency.start.mean,
      latency.step.mean,
      slowerScore(latency.step),
      fading,
      Math.min(30, Math.max(none, this.#lasting.nats)),
      this.#slowerWindows.mean,
      this.#restless.mean,
      shareOf(this.#latencyOf, slowerScore),
      slow.short.ratio,
      slow.short.score(1.2, slowDrift),
      slow.start.ratio,
      slow.step.ratio,
      slow.step.score(1.2, slowDrift),
      slow.step.restScore(1.2, slowDrift),
      (slow.short.observed - slow.short.expected) / (this.#recent + 20),
      burst,
      failureDrift,
      latencyDrift,
      seen.hasFreshControl ? 1 : 0,
    ];
  }

  #natsOf(time: number): readonly number[] | undefined {
    return (this.#before.findLast((one) => one.time <= time) ?? this.#before[0])?.nats;
  }
}

/** Of the evidence now and a while ago. */
interface Traced {
  readonly bySignal: readonly number[];
  readonly sorted: readonly number[];
  readonly since: number;
  readonly then: readonly number[] | undefined;
  readonly lately: readonly number[] | undefined;
}

interface Spans {
  readonly short: Fading;
  readonly long: Fading;
  readonly all: Fading;
  /** Of the newest step: its first seconds, and all of it. */
  readonly start: Fading;
  readonly step: Fading;
}

const ofSpans = (): Spans => ({
  short: new Fading(30),
  long: new Fading(150),
  all: new Fading(),
  start: new Fading(),
  step: new Fading(),
});

function addTo({ short, long, all, start, step }: Spans, excess: Excess, seconds: number, isStart: boolean): void {
  for (const sum of isStart ? [short, long, all, start, step] : [short, long, all, step]) sum.add(excess, seconds);
}

function addEach(sums: Fading[], excesses: readonly (Excess | undefined)[], seconds: number): void {
  for (const [endpoint, excess] of excesses.entries()) {
    if (excess === undefined) continue;
    sums[endpoint] ??= new Fading(150);
    sums[endpoint].add(excess, seconds);
  }
}

/** Of the endpoints, by what is known of them: those that are worse by themselves. */
function shareOf(sums: readonly Fading[], score: (sum: Fading) => number): number {
  let [worse, all] = [0, 0];
  for (const sum of sums) {
    if (sum === undefined || sum.information <= 0) continue;
    const known = Math.sqrt(sum.information);
    all += known;
    if (score(sum) > 0.7) worse += known;
  }
  return all > 0 ? worse / all : 0;
}

const isOfUsers = ({ signal }: Evidence): boolean => (inputNames as readonly string[]).includes(signal);

const none = -8;
const bounded = (evidence: Evidence | undefined): number => Math.min(30, Math.max(none, evidence?.nats ?? none));

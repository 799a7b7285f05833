import { type Cohorts, type ColdShape, coldShapes } from "../explanations/cold-start.ts";
import type { Noise } from "../noise/noise.ts";
import type { Moment } from "./count-scan.ts";
import { Onsets } from "./onsets.ts";

/** Difference of the mean log latencies of two versions within one window, and its sampling variance. */
export interface LatencyDifference {
  readonly difference: number;
  readonly variance: number;
  /** Of the canary. */
  readonly requests: number;
}

/** As `Finding`, for a level: the log of how many times slower. */
export interface LatencyFinding {
  readonly nats: number;
  readonly since: number;
  readonly slower: number;
}

/** Each look goes through all of them for every onset. */
const shapes = coldShapes.length;

/** Nats by which earlier pods can refute a cold start of later ones. */
const refutedMax = 8;

/** How much of it counts, as no two starts are quite alike. */
const alike = 0.7;

/** A cold start that misses what was seen by more, or is so unusual, explains no slow requests. */
const ceilingNats = 5.5;

/** A Pod that pauses slows a window or two, by more than a history of whole minutes shows; a harm lasts. */
const lastsSeconds = 30;
/** Against a fresh baseline, which is kept to see sooner: two usual windows. */
const lastsSecondsFresh = 20;

/** Two versions drift apart and together again within about this time. */
const driftSeconds = 150;

/**
 * Least squares of (difference - cold start) by cold start, with drift filtered out (a Kalman filter of an AR(1)
 * process), so that any lasting level can be fitted afterwards.
 */
class LatencySums {
  /** Information about the level, and the windows that brought it. */
  weight = 0;
  windows = 0;
  requests = 0;
  seconds = 0;
  /** Sum of information times the variance that the pods' own deviations leave. */
  pods = 0;
  /** Nats by which what came before speaks against each cold start. */
  readonly refuted = new Float64Array(coldShapes.length);
  readonly first = new Float64Array(coldShapes.length);
  readonly second = new Float64Array(coldShapes.length);
  readonly #drifts = new Float64Array(coldShapes.length);
  #driftOfLevel = 0;
  #variance: number;
  #apart = 0;
  readonly #stationary: number;

  constructor(stationary: number) {
    this.#stationary = stationary;
    this.#variance = stationary;
  }

  clear(): void {
    this.weight = 0;
    this.windows = 0;
    this.requests = 0;
    this.seconds = 0;
    this.pods = 0;
    this.refuted.fill(0);
    this.first.fill(0);
    this.second.fill(0);
    this.#drifts.fill(0);
    this.#driftOfLevel = 0;
    this.#variance = this.#stationary;
    this.#apart = 0;
  }

  /** Goes on with the drift that `before` saw, so that only what changes since then is found. */
  continue(before: LatencySums): void {
    this.#drifts.set(before.#drifts);
    this.#variance = before.#variance;
    this.#apart = before.#apart;
  }

  /** `apart`: variance by which a shared disturbance sets two versions apart for as long as it lasts. */
  add(residuals: Float64Array, variance: number, seconds: number, podVariance: number, apart: number): void {
    const kept = Math.exp(-seconds / driftSeconds);
    const total = this.#variance + variance;
    const gain = this.#variance / total;
    const level = 1 - this.#driftOfLevel;
    this.#driftOfLevel = kept * (this.#driftOfLevel + gain * level);
    this.weight += (level * level) / total;
    this.pods += ((level * level) / total) * podVariance;
    this.windows++;
    this.seconds += seconds;
    const { first, second } = this;
    const drifts = this.#drifts;
    for (let shape = 0; shape < shapes; shape++) {
      const drift = drifts[shape] as number;
      const surprise = (residuals[shape] as number) - drift;
      drifts[shape] = kept * (drift + gain * surprise);
      first[shape] = (first[shape] as number) + (level * surprise) / total;
      second[shape] = (second[shape] as number) + (surprise * surprise) / total;
    }
    this.#variance = kept * kept * this.#variance * (1 - gain) + (1 - kept * kept) * (this.#stationary + apart);
    // A disturbance begins at once.
    if (apart > this.#apart) this.#variance += apart - this.#apart;
    this.#apart = apart;
  }
}

/**
 * Is the canary slower than tolerated, by more than a cold start explains? A cold start fades, a regression stays:
 * the best explanation by some cold start alone stands against the best by a cold start and a lasting slowdown.
 */
export class LatencyScan {
  readonly #noise: Noise;
  readonly #tolerated: number;
  readonly #cohorts: Cohorts;
  readonly #surprises: Float64Array;
  readonly #onsets: Onsets<LatencySums>;
  readonly #residuals = new Float64Array(coldShapes.length);
  readonly #misfits = new Float64Array(coldShapes.length);
  readonly #start: LatencySums;
  #startOf = -1;

  /** `surprises`: how unusual each of `coldShapes` is for this service, in nats. */
  constructor(noise: Noise, tolerated: number, cohorts: Cohorts, surprises: Float64Array) {
    this.#surprises = surprises;
    this.#noise = noise;
    this.#tolerated = tolerated;
    this.#cohorts = cohorts;
    const begin = () => new LatencySums((1.25 * noise.drift) ** 2);
    this.#onsets = new Onsets(begin);
    this.#start = begin();
  }

  add({ difference: raw, variance, requests }: LatencyDifference, moment: Moment): void {
    // One request that waited long among a handful says little: latencies aren't normal.
    const bound = 2 * Math.sqrt(variance * this.#noise.burst + this.#noise.drift ** 2);
    const difference = requests < 30 ? Math.min(bound, Math.max(-bound, raw)) : raw;
    const before = this.#onsets.all[0]?.sums;
    const opened = this.#onsets.open(moment.starts);
    if (opened !== undefined && before !== undefined) this.#refute(opened, before);
    if (this.#cohorts.newest !== this.#startOf) {
      this.#startOf = this.#cohorts.newest;
      this.#start.clear();
    }
    const middle = moment.starts + moment.seconds / 2;
    for (let shape = 0; shape < shapes; shape++) {
      const { rise, fade } = coldShapes[shape] as ColdShape;
      this.#residuals[shape] = difference - Math.log(1 + rise * this.#cohorts.coldness(middle, fade));
    }
    // No start has exactly the modelled shape.
    const shapeless = 0.08 * difference * this.#cohorts.coldness(middle, { seconds: 100 });
    const sampling = variance * this.#noise.burst + (0.75 * moment.disturbance) ** 2 + shapeless * shapeless;
    const podVariance = (0.5 * this.#noise.drift * moment.podShare) ** 2 + moment.unknownPods ** 2;
    const apart = (0.3 * moment.disturbance) ** 2;
    this.#start.add(this.#residuals, sampling, moment.seconds, podVariance, apart);
    for (const { sums } of this.#onsets.all) {
      sums.add(this.#residuals, sampling, moment.seconds, podVariance, apart);
      sums.requests += requests;
    }
  }

  /** If harm begins later, what came before shows how this version starts. */
  #refute(later: LatencySums, before: LatencySums): void {
    if (before.windows < 6) return;
    later.continue(before);
    const misfits = this.#misfitsOf(before);
    for (let shape = 0; shape < shapes; shape++) {
      later.refuted[shape] = Math.min(refutedMax, alike * (misfits[shape] as number));
    }
  }

  /** Nats by which what was seen speaks against each start, 0 for what fits best. */
  #misfitsOf(sums: LatencySums): Float64Array {
    const scale = restless(sums);
    const variance = (scale + sums.pods) / sums.weight;
    const misfits = this.#misfits;
    let least = Number.POSITIVE_INFINITY;
    for (let shape = 0; shape < shapes; shape++) {
      const first = sums.first[shape] as number;
      const level = first / sums.weight;
      const beyond = Math.max(0, level - this.#tolerated);
      const misfit =
        ((sums.second[shape] as number) - first * level) / (2 * scale) +
        (beyond * beyond) / (2 * variance) +
        (level < 0 ? unlikelyFaster(-level, variance) : 0);
      misfits[shape] = misfit;
      least = Math.min(least, misfit);
    }
    for (let shape = 0; shape < shapes; shape++) misfits[shape] = (misfits[shape] as number) - least;
    return misfits;
  }

  /** What the release showed of how its Pods start: nats against each of `coldShapes`; undefined while too little was seen. */
  get seenStart(): Float64Array | undefined {
    const sums = this.#onsets.all[0]?.sums;
    return sums === undefined || sums.windows < 6 ? undefined : this.#misfitsOf(sums).slice();
  }

  finding(): LatencyFinding {
    let best: LatencyFinding = { nats: Number.NEGATIVE_INFINITY, since: 0, slower: 0 };
    const lasts = this.#cohorts.hasFreshControl ? lastsSecondsFresh : lastsSeconds;
    const onsets = this.#onsets.all;
    for (let index = 0; index < onsets.length; index++) {
      const { since, sums } = onsets[index] as (typeof onsets)[number];
      if (sums.windows < 2 || sums.seconds < lasts) continue;
      const scale = restless(sums);
      const levelVariance = scale / sums.weight + sums.pods / sums.weight;
      let without = Number.POSITIVE_INFINITY;
      let withHarm = Number.POSITIVE_INFINITY;
      let slower = 0;
      const { weight, second, refuted } = sums;
      const surprises = this.#surprises;
      for (let shape = 0; shape < shapes; shape++) {
        const first = sums.first[shape] as number;
        const level = first / weight;
        const harmful =
          ((second[shape] as number) - first * level) / (2 * scale) +
          (surprises[shape] as number) +
          (refuted[shape] as number);
        const beyond = Math.max(0, level - this.#tolerated);
        const faster = level < 0 ? unlikelyFaster(-level, levelVariance) : 0;
        without = Math.min(without, harmful + (beyond * beyond) / (2 * levelVariance) + faster);
        if (beyond > 0 && harmful < withHarm) {
          withHarm = harmful;
          slower = level;
        }
      }
      if (withHarm >= without) continue;
      const looks = 0.5 * Math.log(1 + 0.15 ** 2 / levelVariance);
      // Of few requests a single slow one decides: their mean isn't normal yet.
      const normal = sums.requests / (sums.requests + 5);
      const nats = (without - withHarm) * normal - looks - this.#onsets.price(index);
      if (nats > best.nats) best = { nats, since, slower };
    }
    return best;
  }

  /** The largest rise of log latency at `time` that a cold start which the newest step doesn't refute may bring. */
  coldCeiling(time: number): number {
    const sums = this.#start;
    const scale = restless(sums);
    const misfits = this.#misfits;
    let least = Number.POSITIVE_INFINITY;
    for (let shape = 0; shape < shapes; shape++) {
      const first = sums.first[shape] as number;
      const level = first / sums.weight;
      // The shapes are a coarse grid, hence the factor below. What is slower still may be a regression on top; only a rise larger than what was seen is refuted.
      const misses = (sums.second[shape] as number) - (level > 0 ? first * level : 0);
      const misfit = sums.weight <= 0 ? 0 : misses / (2 * scale);
      misfits[shape] = misfit;
      least = Math.min(least, misfit);
    }
    let ceiling = 0;
    for (let shape = 0; shape < shapes; shape++) {
      const { rise, fade } = coldShapes[shape] as ColdShape;
      if ((misfits[shape] as number) - least + (this.#surprises[shape] as number) > ceilingNats) continue;
      ceiling = Math.max(ceiling, Math.log(1 + 1.5 * rise * this.#cohorts.coldness(time, fade)));
    }
    return ceiling;
  }
}

/** Nats that the coincidence of a faster version and a cold start that hides it costs: one for each tenth. */
function unlikelyFaster(level: number, variance: number): number {
  const rate = 10;
  return level < rate * variance ? (level * level) / (2 * variance) : rate * level - (rate * rate * variance) / 2;
}

/** How much more this release fluctuates than the placebo did, by the explanation that fits best. */
function restless(sums: LatencySums): number {
  if (sums.windows < 6) return 1;
  let least = Number.POSITIVE_INFINITY;
  for (let shape = 0; shape < shapes; shape++) {
    const first = sums.first[shape] as number;
    least = Math.min(least, (sums.second[shape] as number) - (first * first) / sums.weight);
  }
  return Math.max(1, least / (sums.windows - 2));
}

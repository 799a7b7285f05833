import { cautious, type DriftOf } from "./drift.ts";
import type { NoiseCell, PlaceboScore } from "./noise.ts";
import { sumOfLogs } from "./sum-of-logs.ts";

/** Seconds after which two versions have drifted elsewhere: how fast a service does isn't known either. */
const memories = [70, 140, 280];
/** Variance of the log ratio of a new version's rate and the stable one's, before anything is seen of it. */
const unknownLevel = 1;
/** Failures that should have come on the canary before its rate is taken to be seen. */
const usualMin = 8;
const secondsMax = 120;
/** What no drift explains is a jump to another level: squares of standard deviations. */
const jump = 10;
/** One surprise tells no more than this about drift, in the same squares. */
const surpriseMax = 20;
/** What is that much less likely than the best explanation isn't followed any more. */
const forgottenNats = 11.5;
const coldMax = 0.15;
const disturbedMax = 0.1;

/** What was served between two looks. */
export interface DriftWindow {
  readonly failures: number;
  readonly requests: number;
  readonly controlFailures: number;
  readonly controlRequests: number;
  readonly seconds: number;
  readonly cold: number;
  readonly disturbed: number;
  /** When the newest pods began: other pods may have another level. */
  readonly newest: number;
}

/** One explanation of what fluctuates, with what it makes of the level and of the drift around it (a Kalman filter). */
interface Explanation {
  readonly burst: number;
  readonly variance: number;
  readonly which: number;
  log: number;
  level: number;
  drift: number;
  levelVariance: number;
  driftVariance: number;
  covariance: number;
}

/**
 * How far two equal versions drift apart, and for how long: as likely as the history says, and as what the release shows of it,
 * since its two versions fluctuate around whatever level the new one has. So harm isn't taken for drift, unless it comes and goes.
 */
export class DriftBelief implements DriftOf {
  readonly memories = memories;
  #variances: readonly number[] = [];
  #explanations: Explanation[] = [];
  #pending = nothingYet();
  #unseenSeconds = 0;
  #newest = -1;

  constructor(cells: readonly NoiseCell[], history: readonly (PlaceboScore & { readonly seconds: number })[]) {
    for (const cell of cells) {
      const ofCell = memories.map((_, which) => explanation(cell, which));
      for (const { score, information, seconds } of history) {
        for (const one of ofCell) {
          forward(one, seconds);
          if (information > 0) one.log += see(one, score / information, one.burst / information);
        }
      }
      // The cell was weighed by the history already: that only says how its share is divided among the memories.
      const whole = sumOfLogs(ofCell.map(({ log }) => log));
      for (const one of ofCell) {
        one.log += cell.log - whole;
        reopen(one);
        this.#explanations.push(one);
      }
    }
    this.#weigh();
  }

  get variances(): readonly number[] {
    return this.#variances;
  }

  /** Another one that knows the same so far. */
  copy(): DriftBelief {
    const copy = new DriftBelief([], []);
    copy.#explanations = this.#explanations.map((one) => ({ ...one }));
    copy.#variances = this.#variances;
    return copy;
  }

  see(window: DriftWindow): void {
    if (window.newest !== this.#newest) {
      this.#newest = window.newest;
      this.#skip();
      for (const one of this.#explanations) reopen(one);
    }
    const pending = this.#pending;
    pending.seconds += window.seconds;
    if (window.cold > coldMax || window.disturbed > disturbedMax) {
      this.#skip();
      return;
    }
    pending.failures += window.failures;
    pending.requests += window.requests;
    pending.controlFailures += window.controlFailures;
    pending.controlRequests += window.controlRequests;
    const usual = (pending.controlFailures * pending.requests) / Math.max(1, pending.controlRequests);
    if (usual >= usualMin && pending.failures > 0) this.#learn();
    else if (pending.seconds >= secondsMax) this.#skip();
  }

  #skip(): void {
    this.#unseenSeconds += this.#pending.seconds;
    this.#pending = nothingYet();
  }

  #learn(): void {
    const { failures, requests, controlFailures, controlRequests, seconds } = this.#pending;
    const ratio = Math.log((failures + 0.5) / requests) - Math.log((controlFailures + 0.5) / controlRequests);
    const chance = 1 / (failures + 0.5) + 1 / (controlFailures + 0.5);
    let least = Number.POSITIVE_INFINITY;
    for (const one of this.#explanations) {
      forward(one, seconds + this.#unseenSeconds);
      least = Math.min(least, (ratio - one.level - one.drift) ** 2 / varianceOf(one, one.burst * chance));
    }
    if (least > jump) for (const one of this.#explanations) reopen(one);
    for (const one of this.#explanations) one.log += see(one, ratio, one.burst * chance);
    this.#weigh();
    this.#unseenSeconds = 0;
    this.#pending = nothingYet();
  }

  #weigh(): void {
    const top = Math.max(...this.#explanations.map(({ log }) => log));
    this.#explanations = this.#explanations.filter(({ log }) => log > top - forgottenNats);
    const variances = memories.map(() => 0);
    let total = 0;
    for (const one of this.#explanations) {
      one.log -= top;
      const likely = Math.exp(one.log);
      total += likely;
      variances[one.which] = (variances[one.which] ?? 0) + likely * one.variance;
    }
    this.#variances = variances.map((sum) => (cautious ** 2 * sum) / total);
  }
}

const nothingYet = () => ({ failures: 0, requests: 0, controlFailures: 0, controlRequests: 0, seconds: 0 });

/** In the history both are the same version: its level is known to be none. */
function explanation({ burst, drift }: NoiseCell, which: number): Explanation {
  const variance = drift * drift;
  return {
    burst,
    variance,
    which,
    log: 0,
    level: 0,
    drift: 0,
    levelVariance: 0,
    driftVariance: variance,
    covariance: 0,
  };
}

function reopen(one: Explanation): void {
  one.drift = 0;
  one.levelVariance = unknownLevel;
  one.driftVariance = one.variance;
  one.covariance = 0;
}

function forward(one: Explanation, seconds: number): void {
  const kept = Math.exp(-seconds / (memories[one.which] ?? 1));
  one.drift *= kept;
  one.covariance *= kept;
  one.driftVariance = kept * kept * one.driftVariance + (1 - kept * kept) * one.variance;
}

const varianceOf = ({ levelVariance, driftVariance, covariance }: Explanation, chance: number): number =>
  levelVariance + driftVariance + 2 * covariance + chance;

/** Learns from `seen`, and says how likely it was (a log). */
function see(one: Explanation, seen: number, chance: number): number {
  const variance = varianceOf(one, chance);
  const ofLevel = one.levelVariance + one.covariance;
  const ofDrift = one.driftVariance + one.covariance;
  const surprise = seen - one.level - one.drift;
  one.level += (ofLevel / variance) * surprise;
  one.drift += (ofDrift / variance) * surprise;
  one.levelVariance -= (ofLevel * ofLevel) / variance;
  one.driftVariance -= (ofDrift * ofDrift) / variance;
  one.covariance -= (ofLevel * ofDrift) / variance;
  return -0.5 * Math.log(variance) - 0.5 * Math.min((surprise * surprise) / variance, surpriseMax);
}

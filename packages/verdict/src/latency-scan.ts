import { type Cohorts, coldShapes } from "./cold-start.ts";
import type { Moment } from "./count-scan.ts";
import { DriftSums } from "./drift.ts";
import type { Noise } from "./noise.ts";
import { Onsets } from "./onsets.ts";

/** Difference of the mean log latencies of two versions within one window, and its sampling variance. */
export interface LatencyDifference {
  readonly difference: number;
  readonly variance: number;
}

/** As `Finding`, for a level: the log of how many times slower. */
export interface LatencyFinding {
  readonly nats: number;
  readonly since: number;
  readonly slower: number;
}

/** Weighted squares of (difference - cold start) by cold start, so that any level can be fitted afterwards. */
class LatencySums {
  readonly drift = new DriftSums();
  weight = 0;
  readonly first = new Float64Array(coldShapes.length);
  readonly second = new Float64Array(coldShapes.length);
}

/**
 * Is the canary slower than tolerated, by more than a cold start explains? A cold start fades, a regression stays:
 * the best explanation by some cold start alone stands against the best by a cold start and a lasting slowdown.
 */
export class LatencyScan {
  readonly #noise: Noise;
  readonly #tolerated: number;
  readonly #cohorts: Cohorts;
  readonly #onsets = new Onsets(() => new LatencySums());
  #start = new LatencySums();
  #startOf = -1;

  constructor(noise: Noise, tolerated: number, cohorts: Cohorts) {
    this.#noise = noise;
    this.#tolerated = tolerated;
    this.#cohorts = cohorts;
  }

  add({ difference, variance }: LatencyDifference, moment: Moment): void {
    this.#onsets.open(moment.starts);
    if (this.#cohorts.newest !== this.#startOf) {
      this.#startOf = this.#cohorts.newest;
      this.#start = new LatencySums();
    }
    const weight = 1 / variance;
    const input = {
      information: weight,
      seconds: moment.seconds,
      drift: Math.hypot(1.15 * this.#noise.drift, 0.4 * moment.disturbance),
      pods: 0.5 * this.#noise.drift * moment.podShare,
    };
    const all = [this.#start, ...this.#onsets.all.map(({ sums }) => sums)];
    for (const sums of all) {
      sums.drift.add(input);
      sums.weight += weight;
    }
    const middle = moment.starts + moment.seconds / 2;
    for (const [index, { rise, fadeSeconds }] of coldShapes.entries()) {
      const residual = difference - Math.log(1 + rise * this.#cohorts.coldness(middle, fadeSeconds));
      for (const sums of all) {
        sums.first[index] = (sums.first[index] ?? 0) + weight * residual;
        sums.second[index] = (sums.second[index] ?? 0) + weight * residual * residual;
      }
    }
  }

  finding(): LatencyFinding {
    let best: LatencyFinding = { nats: Number.NEGATIVE_INFINITY, since: 0, slower: 0 };
    for (const [index, { since, sums }] of this.#onsets.all.entries()) {
      if (sums.weight <= 0) continue;
      const dispersion = sums.drift.dispersion(this.#noise.burst);
      let without = Number.POSITIVE_INFINITY;
      let withHarm = Number.POSITIVE_INFINITY;
      let slower = 0;
      for (const [shape, { surprise }] of coldShapes.entries()) {
        const first = sums.first[shape] ?? 0;
        const level = first / sums.weight;
        const least = (sums.second[shape] ?? 0) - first * level;
        const beyond = level - Math.min(level, this.#tolerated);
        const harmless = (least + sums.weight * beyond * beyond) / (2 * dispersion) + surprise;
        if (harmless < without) without = harmless;
        const harmful = least / (2 * dispersion) + surprise;
        if (beyond > 0 && harmful < withHarm) {
          withHarm = harmful;
          slower = level;
        }
      }
      if (withHarm >= without) continue;
      const looks = 0.5 * Math.log(1 + (sums.weight / dispersion) * 0.15 ** 2);
      const nats = without - withHarm - looks - this.#onsets.price(index);
      if (nats > best.nats) best = { nats, since, slower };
    }
    return best;
  }

  /** The largest rise of log latency at `time` that a cold start which the newest step doesn't refute may bring. */
  coldCeiling(time: number): number {
    const sums = this.#start;
    const dispersion = sums.weight > 0 ? sums.drift.dispersion(this.#noise.burst) : 1;
    const misfits = coldShapes.map((_, shape) => {
      const first = sums.first[shape] ?? 0;
      if (sums.weight <= 0) return 0;
      const level = first / sums.weight;
      // What is slower still may be a regression on top; only a rise larger than what was seen is refuted.
      const misses = (sums.second[shape] ?? 0) - (level > 0 ? first * level : 0);
      return misses / (2 * dispersion);
    });
    const least = Math.min(...misfits);
    let ceiling = 0;
    for (const [shape, { rise, fadeSeconds, surprise }] of coldShapes.entries()) {
      if ((misfits[shape] ?? 0) - least + surprise > 4.5) continue;
      ceiling = Math.max(ceiling, Math.log(1 + rise * this.#cohorts.coldness(time, fadeSeconds)));
    }
    return ceiling;
  }
}

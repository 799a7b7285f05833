import { type DriftOf, fixedDrift, type Kept, keptAfter } from "../noise/drift.ts";
import type { Noise } from "../noise/noise.ts";
import { ClusterSums } from "./cluster-sums.ts";
import { meanSize } from "./clusters.ts";
import { CountSums, type Counts } from "./count-sums.ts";
import { deviance } from "./deviance.ts";
import { Onsets } from "./onsets.ts";
import type { Stratum } from "./stratum.ts";
import { withUsual } from "./usual-control.ts";

export interface Moment {
  /** Seconds since the release began, at the window's start. */
  readonly starts: number;
  readonly seconds: number;
  /** Share of a pod's own deviation that is left in the means: sqrt(1/pods + 1/control pods). */
  readonly podShare: number;
  /** Standard deviation of what is compared that the history can't show, as too few Pods served in it. */
  readonly unknownPods: number;
  /** Extra standard deviation of the log ratio while the surroundings are disturbed. */
  readonly disturbance: number;
  /** Share of the events that aren't of a shared disturbance, where that is known. */
  readonly usualShare?: number;
}

/** How strongly one signal speaks against the release. */
export interface Finding {
  /** Log of the evidence after paying for every look; above 0 speaks against, under 0 doesn't. */
  readonly nats: number;
  /** Seconds since the release began. */
  readonly since: number;
  /** Since then, on the canary and on its control. */
  readonly counts: Counts;
}

const coldSeconds = 180;
/** For about so long a shared disturbance sets two versions apart in the same direction. */
const disturbedSeconds = 200;
/** How much of the bursts is left in failures whose worst window counts as one. */
const restOfBursts = 0.85;

/** How likely it is that something hits both versions that its own signs don't show. */
const bothHit = 0.06;

const nothing: Finding = {
  nats: Number.NEGATIVE_INFINITY,
  since: 0,
  counts: { events: 0, exposure: 0, controlEvents: 0, controlExposure: 0 },
};

/**
 * Are there more events on the canary than tolerated? Given all events of a window, the canary's share is binomial
 * whatever the level, so that what hits both versions cancels. Evidence is the binomial deviance over the dispersion
 * of the service; it must either stand without its worst window, or be too much for the largest bursts, or come from
 * failures that are apart from each other, whatever bursts there are.
 */
export class CountScan {
  readonly #noise: Noise;
  /** The log ratio that the search expects; wrong guesses cost a little delay. */
  readonly #scale: number;
  readonly #podDrift: number;
  readonly #isGrave: boolean;
  readonly #apart: number | undefined;
  readonly #drift: DriftOf;
  readonly #isDriftLearned: boolean;
  readonly #onsets: Onsets<CountSums>;
  /** Those that are looked at for clusters: each of them, where a sign is grave. */
  readonly #bursts: Noise["bursts"];
  /** Nats that each of them is rare by. */
  readonly #rarities: readonly number[];
  /** Of the window that is added. */
  readonly #clusters: ClusterSums;
  /** Most windows are as long as the one before. */
  #keptSeconds = Number.NaN;
  #kept: Kept = { byMemory: [], ofDisturbance: [] };

  /**
   * `isGrave`: so much in one window that no burst explains it is enough. `apart`: standard deviation of the log ratio of
   * a rate now and in the history; without it the history isn't compared with. `drift`: what the release shows of it, in
   * place of what the history says.
   */
  constructor(noise: Noise, scale: number, isGrave: boolean, apart?: number, drift?: DriftOf) {
    this.#drift = drift ?? fixedDrift(noise.drift);
    this.#isDriftLearned = drift !== undefined;
    this.#apart = apart;
    this.#isGrave = isGrave;
    this.#noise = noise;
    this.#scale = scale;
    this.#podDrift = 0.5 * noise.drift;
    this.#bursts = isGrave ? noise.bursts : [];
    this.#rarities = this.#bursts.map(({ share }) => -Math.log(share));
    this.#clusters = new ClusterSums(this.#bursts.length);
    this.#onsets = new Onsets(() => new CountSums(this.#bursts.length, this.#drift.memories));
  }

  /** `tolerated`: the ratio of rates that isn't held against the release here and now. */
  add(strata: readonly Stratum[], moment: Moment, tolerated: number): void {
    let observed = 0;
    let expected = 0;
    let total = 0;
    let information = 0;
    let ofHistory = 0;
    const counts = { events: 0, exposure: 0, controlEvents: 0, controlExposure: 0 };
    for (const { events, exposure, controlEvents, controlExposure, usual = 0 } of strata) {
      counts.events += events;
      counts.exposure += exposure;
      counts.controlEvents += controlEvents;
      counts.controlExposure += controlExposure;
      const sum = events + controlEvents;
      ofHistory += exposure * usual * tolerated;
      if (sum === 0 || exposure <= 0 || controlExposure <= 0) continue;
      const share = (exposure * tolerated) / (exposure * tolerated + controlExposure);
      observed += events;
      expected += sum * share;
      total += sum;
      information += sum * share * (1 - share);
    }
    this.#onsets.open(moment.starts);
    const first = this.#onsets.all[0];
    // While pods are cold much is tolerated: what they didn't use of it mustn't hide what comes after.
    if (first !== undefined && moment.starts < coldSeconds && first.sums.observed < first.sums.expected) {
      this.#onsets.restartFirst(moment.starts);
    }
    const weight = this.#weightOf(information, moment);
    for (const { sums } of this.#onsets.all) sums.addServed(counts, weight * ofHistory);
    if (total === 0) return;
    const input = {
      information: information * weight,
      kept: this.#keptAfter(moment.seconds),
      weight,
      disturbance: moment.disturbance,
      pods: Math.hypot(this.#podDrift * moment.podShare, moment.unknownPods),
    };
    this.#clusters.become(strata, tolerated, this.#bursts);
    for (const { sums } of this.#onsets.all) {
      sums.drift.add(input);
      sums.clusters.add(this.#clusters, weight);
      sums.addCompared(weight * observed, weight * expected, weight * total, weight * (observed - expected));
    }
  }

  /**
   * While something hits both versions, most events are its own and tell little of the canary: without this they would
   * drown what was seen before and after. Of what drifts, a window with many events tells hardly more than one with few:
   * each counts for what it tells, or a later step with its many requests would drown the earlier ones.
   */
  #weightOf(information: number, { disturbance, seconds, usualShare = 1 }: Moment): number {
    let shared = disturbance * disturbance * (disturbedSeconds / seconds);
    if (this.#isDriftLearned) {
      const { memories, variances } = this.#drift;
      for (let which = 0; which < memories.length; which++) {
        shared += ((variances[which] ?? 0) * 2 * (memories[which] as number)) / seconds;
      }
    }
    return usualShare / (1 + (shared * information) / this.#noise.burst);
  }

  #keptAfter(seconds: number): Kept {
    if (seconds !== this.#keptSeconds) {
      this.#keptSeconds = seconds;
      this.#kept = keptAfter(seconds, this.#drift.memories);
    }
    return this.#kept;
  }

  /** `burstCap`: no burst is larger than the requests there were. What comes to no more than `floor` isn't looked for. */
  finding(burstCap: number, floor = Number.NEGATIVE_INFINITY): Finding {
    const burst = Math.min(this.#noise.burst, burstCap);
    const burstMax = Math.min(Math.max(this.#noise.burstMax, 6), burstCap);
    const { variances } = this.#drift;
    const onsets = this.#onsets.all;
    let best = floor;
    let strongest: (typeof onsets)[number] | undefined;
    for (let index = 0; index < onsets.length; index++) {
      const { sums } = onsets[index] as (typeof onsets)[number];
      if (sums.observed <= sums.expected) continue;
      const price = this.#onsets.price(index);
      // Of the worst window half is enough: one burst may be larger than any in the history.
      const spared = 0.5 * Math.max(0, sums.peakObserved - sums.peakExpected);
      const whole = !this.#isGrave
        ? 0
        : deviance(sums.observed - spared, sums.expected, sums.total - spared) /
          sums.drift.dispersion(burstMax, variances);
      // Without its worst window, bursts add less than their mean square.
      const dispersion = sums.drift.dispersion(this.#isGrave ? 1 + restOfBursts * (burst - 1) : burst, variances);
      // The worst window counts as one event, however many came in it.
      const beyondOne = Math.max(0, sums.peakObserved - Math.max(1, sums.peakExpected));
      const restOfBoth = this.#ofBoth(sums, beyondOne, burst) / dispersion;
      const rest = this.#withHistory(restOfBoth, sums.observed - beyondOne, sums.ofHistory, burst);
      const looks = 0.5 * Math.log(1 + (sums.drift.information / dispersion) * this.#scale ** 2);
      const together = Math.max(whole, rest) - looks;
      const apart = this.#natsOfClusters(sums, variances, Math.max(together, best + price));
      const nats = Math.max(together, apart) - price;
      if (nats > best) {
        best = nats;
        strongest = onsets[index];
      }
    }
    if (strongest === undefined) return nothing;
    return { nats: best, since: strongest.since, counts: strongest.sums.counts };
  }

  /** Beside a control that has fewer events than usual, if it has; `spared`: of the canary's events. */
  #ofBoth({ observed, expected, total, ofHistory }: CountSums, spared: number, burst: number): number {
    const nats = deviance(observed - spared, expected, total - spared);
    if (this.#apart === undefined || !this.#isGrave || nats <= 0) return nats;
    const beside = withUsual({ observed, expected, total }, { ofHistory, events: burst / this.#apart ** 2 });
    return beside === undefined
      ? nats
      : Math.min(nats, deviance(observed - spared, beside.expected, beside.total - spared));
  }

  /**
   * Where little is served, the few events of the control say less of what is usual than the history. It counts as far as
   * the versions weren't both hit by something of which the control's few events don't show much.
   */
  #withHistory(ofBoth: number, observed: number, expected: number, burst: number): number {
    if (this.#apart === undefined || ofBoth <= 0 || observed <= expected || expected <= 0) return ofBoth;
    const surprise = observed * Math.log(observed / expected) - (observed - expected);
    const ofHistory = surprise / (burst + this.#apart ** 2 * expected);
    if (ofHistory <= ofBoth) return ofBoth;
    return -Math.log((1 - bothHit) * Math.exp(-ofHistory) + bothHit * Math.exp(-ofBoth));
  }

  /**
   * Failures apart from each other are as many causes: what is known of bursts makes them no less surprising. How large those
   * are isn't known: each size explains them as well as it does, and counts as far as it is likely. Minus infinity where
   * they can't come to more than `least`, which is most often so and told with much less.
   */
  #natsOfClusters({ clusters, drift, ofHistory }: CountSums, variances: readonly number[], least: number): number {
    if (this.#bursts.length === 0) return 0;
    const driftOfInformation = drift.dispersion(0, variances) / drift.information;
    for (let which = 0; which < this.#bursts.length; which++) {
      const most = clusters.natsAtMost(which, driftOfInformation) + (this.#rarities[which] as number);
      if (most + rounding < least) return Number.NEGATIVE_INFINITY;
    }
    let chance = 0;
    for (let which = 0; which < this.#bursts.length; which++) {
      const { share = 0, burst = 1 } = this.#bursts[which] ?? {};
      const usual =
        this.#apart === undefined ? undefined : { ofHistory: ofHistory / meanSize(burst), events: this.#apart ** -2 };
      const nats = clusters.nats(which, driftOfInformation, usual);
      // All sizes together explain no less than this one alone.
      if (nats + (this.#rarities[which] as number) + rounding < least) return Number.NEGATIVE_INFINITY;
      chance += share * Math.exp(-nats);
    }
    return chance > 0 ? -Math.log(chance) : 0;
  }
}

/** More than rounding makes of a bound that is met exactly. */
const rounding = 1e-9;

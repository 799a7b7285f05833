import { ColdFailures } from "./explanations/cold-failures.ts";
import { Cohorts } from "./explanations/cold-start.ts";
import { Control } from "./explanations/control.ts";
import { learnedFrom, surprisesOf, usable } from "./explanations/known-starts.ts";
import { PodDifference } from "./explanations/pod-difference.ts";
import { PodLoad } from "./explanations/pod-load.ts";
import { Surroundings } from "./explanations/surroundings.ts";
import { failuresOf, knownServiceOf, requestsOf, timed } from "./known-service.ts";
import type { Excess } from "./learned/fading.ts";
import { type Bars, LearnedLayer } from "./learned/learned-layer.ts";
import type { Family, TreeModel } from "./learned/trees.ts";
import { withOwnDrift } from "./noise/drift.ts";
import type { DriftBelief } from "./noise/drift-belief.ts";
import type { Noise } from "./noise/noise.ts";
import type { UsualRates } from "./noise/usual-rates.ts";
import { CountScan, type Moment } from "./scans/count-scan.ts";
import { type LatencyCounts, slowOf, type Tail } from "./scans/latency-counts.ts";
import { LatencyScan } from "./scans/latency-scan.ts";
import { MemoryScan } from "./scans/memory-scan.ts";
import { RestartScan } from "./scans/restart-scan.ts";
import { StartScan, type ToleratedStart } from "./scans/start-scan.ts";
import type { Stratum } from "./scans/stratum.ts";
import type { Evidence } from "./sentence.ts";
import { type ComparedWindow, Gathering } from "./windows/gathering.ts";
import { allOf, sound } from "./windows/sound-window.ts";
import type { JudgedRelease, JudgedWindow, KnownStarts, Served, Tolerances } from "./windows/window.ts";

/** Before anything is seen, in nats: releases more often fail, slow down or leak than lose conversions. */
const belief: Readonly<Record<Evidence["signal"], number>> = {
  failures: 0.9,
  "failures of an endpoint": 1.5,
  latency: 2.2,
  "slow requests": 1.5,
  conversions: -1,
  memory: 1.5,
  restarts: 1,
};

/** Of each signal, what both versions served, compared window by window: the evidence that the canary is worse than tolerated. */
export class Signals {
  readonly #tolerances: Tolerances;
  readonly #endpoints: number;
  readonly #latencyCounts: LatencyCounts;
  readonly #surroundings: Surroundings;
  readonly #control: Control;
  readonly #cohorts: Cohorts;
  readonly #learned: LearnedLayer | undefined;
  readonly #coldFailures: ColdFailures;
  readonly #knownStarts: KnownStarts | undefined;
  readonly #usualFailures: UsualRates;
  readonly #failureDrift: DriftBelief;
  readonly #failures: StartScan;
  readonly #byEndpoint: readonly StartScan[];
  readonly #latency: LatencyScan;
  readonly #slow: readonly { readonly tail: Tail; readonly usual: UsualRates; readonly scan: CountScan }[];
  readonly #conversions: CountScan;
  readonly #gathering = new Gathering();
  readonly #memory = new MemoryScan();
  readonly #restarts = new RestartScan();
  readonly #requestRates: number[];
  #requests = 0;
  readonly #podLoad = new PodLoad();
  readonly #usualPodLoad = new PodLoad();
  #stablePods = 0;
  readonly #podDifference = new PodDifference();

  constructor(release: JudgedRelease, tolerances: Tolerances, learned: TreeModel | "off") {
    this.#knownStarts = usable(release.starts);
    const surprises = surprisesOf(this.#knownStarts);
    this.#control = new Control(release);
    this.#cohorts = new Cohorts(this.#control);
    this.#tolerances = tolerances;
    const known = knownServiceOf(release);
    const { endpoints, failures, latencyNoise } = known;
    this.#endpoints = endpoints;
    this.#requestRates = new Array<number>(endpoints).fill(0);
    this.#latencyCounts = known.latency;
    const { burst } = failures.noise;
    this.#surroundings = new Surroundings({ failureRate: failures.rate, burst }, known.latency);
    if (learned !== "off") {
      this.#learned = new LearnedLayer(learned, {
        burst,
        failureDrift: failures.noise.drift,
        latencyBurst: latencyNoise.burst,
        latencyDrift: latencyNoise.drift,
      });
    }
    this.#coldFailures = new ColdFailures(failures.noise);
    this.#usualFailures = failures.usual;
    this.#failureDrift = failures.drift.copy();
    const drift = this.#failureDrift;
    const driftOfEndpoint = withOwnDrift(drift, endpointDrift);
    const ofEndpoint = withPods(failures.noise);
    this.#failures = new StartScan(
      () => new CountScan(failures.noise, 1, true, failures.apart, drift),
      surprises.failing,
    );
    this.#byEndpoint = Array.from(
      { length: endpoints },
      () => new StartScan(() => new CountScan(ofEndpoint, 2, true, failures.apart, driftOfEndpoint), surprises.failing),
    );
    this.#latency = new LatencyScan(latencyNoise, latencyTolerance(tolerances), this.#cohorts, surprises.slower);
    this.#slow = known.slow.map(({ noise, apart, ...tail }) => ({
      ...tail,
      scan: new CountScan(noise, 0.7, false, apart),
    }));
    this.#conversions = new CountScan(known.conversionNoise, 0.2, false);
  }

  see(window: JudgedWindow): void {
    this.#control.see(window);
    this.#cohorts.see(window);
    const { canary, stable } = window;
    this.#memory.add(window.ends / 1000, canary.memoryMax, stable?.memoryMax, this.#cohorts.servedByOldest);
    this.#restarts.add(window.ends / 1000, canary, stable);
    if (!sound(canary) || stable === undefined || !sound(stable)) return;
    for (const gathered of this.#gathering.add({ ...window, stable })) this.#compare(gathered);
  }

  #compare({ ends, lasts, weight, canary, stable }: ComparedWindow): void {
    const seconds = lasts / 1000;
    const time = ends / 1000;
    this.#requests += canary.requests;
    this.#podLoad.see(canary, stable);
    this.#stablePods = Math.max(this.#stablePods, stable.pods);
    // Where the canary has all, its control is what was served before.
    const ofBoth = weight < 1 ? canary.requests + stable.requests : stable.requests;
    this.#usualPodLoad.see(canary, { ...stable, requests: ofBoth, pods: this.#stablePods });
    const disturbed = this.#surroundings.see(stable, time, seconds);
    const shocked = disturbed > 0.3;
    const moment: Moment = {
      starts: time - seconds,
      seconds,
      podShare: Math.sqrt(1 / Math.max(1, canary.pods) + 1 / Math.max(1, stable.pods)),
      unknownPods: 0,
      disturbance: 0.2 * disturbed,
    };
    const cold = this.#cohorts.coldness(time - seconds / 2, { seconds: 62 });
    const one = allOf(canary);
    const other = allOf(stable);
    const failuresOfBoth = this.#strata(one, other, failuresOf);
    const { observed, ofControl } = usualOf(failuresOfBoth);
    this.#failureDrift.see({
      failures: canary.failures,
      requests: canary.requests,
      controlFailures: stable.failures,
      controlRequests: stable.requests,
      seconds,
      cold,
      disturbed,
      newest: this.#cohorts.newest,
    });
    this.#coldFailures.see(observed, ofControl, cold, this.#cohorts.newest);
    const tolerated = this.#tolerances.failures * (shocked ? 1.4 : 1);
    const ofFailures = { ...moment, usualShare: this.#surroundings.usualShare };
    this.#learnFailures(one, other, ofFailures, {
      mild: tolerated * (1 + this.#coldFailures.mildRise * cold),
      wild: tolerated * (1 + this.#coldFailures.rise * this.#cohorts.coldness(time - seconds / 2, wildFade)),
    });
    const unknownPods = this.#podDifference.see(canary.pods, stable.pods);
    const difference = this.#latencyCounts.compare(one, other);
    if (difference !== undefined) this.#latency.add(difference, { ...moment, unknownPods });
    const coldLatency = Math.min(
      this.#latency.coldCeiling(time - seconds),
      Math.log(1 + steepest * this.#cohorts.coldness(time - seconds, slowFade)),
    );
    for (const { tail, usual, scan } of this.#slow) {
      const tolerated = Math.log(this.#tolerances.latency) + coldLatency + (shocked ? 0.05 : 0);
      const count = (served: Served, endpoint: number) => slowOf(tail, served, endpoint);
      const strata = this.#strata(one, other, count, timed, usual);
      scan.add(strata, { ...moment, unknownPods: tail.slope * unknownPods }, Math.exp(tail.slope * tolerated));
    }
    // Too few conversions on the canary are too many on the stable version.
    this.#conversions.add(
      [
        {
          events: stable.conversions,
          exposure: stable.exposures,
          controlEvents: canary.conversions,
          controlExposure: canary.exposures,
        },
      ],
      { ...moment, disturbance: moment.disturbance / 2 },
      1 / (this.#tolerances.conversions * (1 - 0.1 * cold)),
    );
    const slowest = this.#slow[0]?.tail;
    this.#learned?.see({
      time,
      seconds,
      weight,
      requests: canary.requests,
      pods: canary.pods,
      newest: this.#cohorts.newest,
      coldness: (fade) => this.#cohorts.coldness(time - seconds / 2, { seconds: fade }),
      disturbance: disturbed,
      failures: failuresOfBoth.map(excessOf),
      slow:
        slowest === undefined
          ? []
          : this.#strata(one, other, (served, endpoint) => slowOf(slowest, served, endpoint), timed).map(excessOf),
      latency: difference,
      hasFreshControl: this.#control.isFresh,
    });
  }

  /** With what is believed before anything is seen, the strongest first. */
  evidence(): readonly Evidence[] {
    return this.#found()
      .map((found) => ({ ...found, nats: found.nats + belief[found.signal] }))
      .sort((left, right) => right.nats - left.nats);
  }

  /** Is the control a fresh baseline, as cold as the canary? */
  get hasFreshControl(): boolean {
    return this.#control.isFresh;
  }

  /** What the learned layer asks for of this release; undefined where it has no say. `time`: seconds since the release began. */
  bars(evidence: readonly Evidence[], time: number): Bars | undefined {
    return this.#learned?.judge(evidence, time);
  }

  /** Would what was learned rather call the release, as it was last judged, a good one by this family? */
  isTakenForGood(family: Family): boolean {
    return this.#learned?.takesForGood(family) ?? false;
  }

  get inputs(): readonly number[] | undefined {
    return this.#learned?.inputs;
  }

  /** Of the canary, that could be compared. */
  get requests(): number {
    return this.#requests;
  }

  get podLoad(): number {
    return this.#podLoad.ratio;
  }

  /** The same over those of one of the stable version's Pods if they had all traffic: in a holdback they have hardly any. */
  get usualPodLoad(): number {
    return this.#usualPodLoad.ratio;
  }

  /** Since when something hits both versions, in seconds since the release began. */
  get sharedSince(): number | undefined {
    return this.#surroundings.disturbedSince;
  }

  /** How the service's new Pods start, with what this release showed of it: what the next one's judge is to know. */
  get starts(): KnownStarts | undefined {
    const slower = this.#latency.seenStart;
    // Beside a control that is as cold nothing of it is seen.
    if (slower === undefined || this.#control.isFresh) return this.#knownStarts;
    return learnedFrom(this.#knownStarts, { slower, failing: this.#coldFailures.refuted });
  }

  #learnFailures(one: readonly Served[], other: readonly Served[], moment: Moment, start: ToleratedStart): void {
    const strata = this.#strata(one, other, failuresOf, requestsOf, this.#usualFailures);
    this.#failures.add(strata, moment, start);
    const startOfOne = { mild: 1.3 * start.mild, wild: 1.3 * start.wild };
    for (const [endpoint, scan] of this.#byEndpoint.entries()) {
      const stratum = strata[endpoint];
      if (stratum !== undefined) scan.add([stratum], moment, startOfOne);
      const rate = this.#requestRates[endpoint] ?? 0;
      const kept = Math.exp(-moment.seconds / 30);
      this.#requestRates[endpoint] = kept * rate + (one[endpoint]?.requests ?? 0);
    }
  }

  #strata(
    one: readonly Served[],
    other: readonly Served[],
    count: (served: Served, endpoint: number) => number,
    exposure: (served: Served) => number = requestsOf,
    usual?: UsualRates,
  ): Stratum[] {
    const strata: Stratum[] = [];
    for (let endpoint = 0; endpoint < this.#endpoints; endpoint++) {
      const mine = one[endpoint];
      const theirs = other[endpoint];
      if (mine === undefined || theirs === undefined) continue;
      strata.push({
        events: count(mine, endpoint),
        exposure: exposure(mine),
        controlEvents: count(theirs, endpoint),
        controlExposure: exposure(theirs),
        ...(usual === undefined ? {} : { usual: usual.of(endpoint) }),
      });
    }
    return strata;
  }

  #found(): Evidence[] {
    const cap = (endpoint: number) => Math.max(1, this.#requestRates[endpoint] ?? 1);
    const largest = Math.max(1, ...this.#requestRates);
    const latency = this.#latency.finding();
    const memory = this.#memory.finding();
    const restarts = this.#restarts.finding();
    const price = Math.log(this.#endpoints) + 0.5;
    const failing = this.#byEndpoint.map((scan, endpoint): Evidence => {
      const { nats, since, counts } = scan.finding(cap(endpoint));
      return { signal: "failures of an endpoint", nats: nats - price, since, counts, endpoint };
    });
    const slow = this.#slow.map(({ scan }): Evidence => ({ signal: "slow requests", ...scan.finding(2.2) }));
    return [
      { signal: "failures", ...this.#failures.finding(largest) },
      failing.reduce(stronger),
      { signal: "latency", nats: latency.nats, since: latency.since, slower: Math.exp(latency.slower) },
      slow.reduce(stronger),
      { signal: "conversions", ...this.#conversions.finding(1.5) },
      { signal: "memory", nats: memory.nats, since: 0, growthAnHour: memory.growthAnHour },
      { signal: "restarts", nats: restarts.nats, since: restarts.since, restarts: restarts.observed },
    ];
  }
}

const stronger = (left: Evidence, right: Evidence): Evidence => (right.nats > left.nats ? right : left);

/** Of one endpoint, whatever the level: what hits both versions cancels. */
function excessOf({ events, exposure, controlEvents, controlExposure }: Stratum): Excess {
  if (exposure <= 0 || controlExposure <= 0) return { observed: 0, expected: 0, information: 0 };
  const share = exposure / (exposure + controlExposure);
  const sum = events + controlEvents;
  return { observed: events, expected: sum * share, information: sum * share * (1 - share) };
}

/** Events of the canary, and those that its control lets expect. */
function usualOf(strata: readonly Stratum[]): { readonly observed: number; readonly ofControl: number } {
  let [observed, ofControl] = [0, 0];
  for (const { events, exposure, controlEvents, controlExposure } of strata) {
    if (exposure <= 0 || controlExposure <= 0) continue;
    observed += events;
    ofControl += (controlEvents * exposure) / controlExposure;
  }
  return { observed, ofControl };
}

/** An endpoint's own pods and paths differ more than the service as a whole. */
const endpointDrift = 0.05;

function withPods(noise: Noise): Noise {
  return { ...noise, drift: Math.max(noise.drift, endpointDrift) };
}

/** A start full of failures may last for longer than most do. */
const wildFade = { seconds: 100 };

/** How much slower a start may make the slow requests at most, and for how long: beyond what the mean latency lets stand. */
const steepest = 3;
const slowFade = { seconds: 150 };

/** A part of the tolerance is left to the users, since noise blurs its edge. */
const latencyTolerance = (tolerances: Tolerances): number => 0.7 * Math.log(tolerances.latency);

import { type Ratio, ratio } from "@sluice/kernel";
import { Cohorts } from "./cold-start.ts";
import { CountScan, type Moment, type Stratum } from "./count-scan.ts";
import { LatencyCounts, slowOf, type Tail } from "./latency-counts.ts";
import { LatencyScan } from "./latency-scan.ts";
import { MemoryScan } from "./memory-scan.ts";
import { fitNoise, type Noise, type PlaceboScore } from "./noise.ts";
import { RestartScan } from "./restart-scan.ts";
import { type Evidence, sentence } from "./sentence.ts";
import { allOf, sound } from "./sound-window.ts";
import { Surroundings } from "./surroundings.ts";
import type { JudgedRelease, JudgedWindow, Served, Tolerances, VersionServed } from "./window.ts";

export interface Verdict {
  readonly action: "continue" | "monitor" | "alert" | "rollback";
  /** How sure it is that the release is worse than tolerated. */
  readonly confidence: Ratio;
  /** Log of the strongest evidence after paying for every look: `rollbackNats` and more ends the release. */
  readonly nats: number;
  readonly evidence: readonly Evidence[];
  /** The weight must not grow yet: there is a suspicion, and time left to hold for it. */
  readonly suspects: boolean;
  /** Of the canary, that could be compared. */
  readonly requests: number;
  readonly because: string;
}

/** Ask for `observe` at every window, as often as wanted: the verdict is valid at every look. */
export interface Judge {
  observe(window: JudgedWindow): Verdict;
}

const defaultTolerances: Tolerances = { failures: 1.1, latency: 1.05, conversions: 0.99 };
/** Evidence at which a release ends. Measured in docs/verdict.md: higher hurts more users, lower rejects good releases. */
const rollbackNats = 6.3;
/** Evidence at which the weight isn't raised. */
const holdNats = 1.8;
/** The same before the last step. */
const lastHoldNats = 0.7;
/** Holds in total; after them only proof counts, or a good release would never end. */
const holdSecondsMax = 1500;

/** Before anything is seen, in nats: releases more often fail, slow down or leak than lose conversions. */
const belief: Readonly<Record<Evidence["signal"], number>> = {
  failures: 0.6,
  "failures of an endpoint": 1,
  latency: 2.2,
  "slow requests": 1.5,
  conversions: -1,
  memory: 1.5,
  restarts: 1,
};

const failureDrifts = [0.01, 0.03, 0.06, 0.1, 0.15, 0.21, 0.28, 0.38];
const latencyDrifts = [0.002, 0.004, 0.008, 0.015, 0.025, 0.04, 0.06];

/** A judge of one release. Pure: the same windows bring the same verdicts. */
export function createJudge(release: JudgedRelease, tolerances: Tolerances = defaultTolerances): Judge {
  return new ReleaseJudge(release, tolerances);
}

class ReleaseJudge implements Judge {
  readonly #release: JudgedRelease;
  readonly #tolerances: Tolerances;
  readonly #endpoints: number;
  readonly #latencyCounts: LatencyCounts;
  readonly #surroundings: Surroundings;
  readonly #cohorts = new Cohorts();
  readonly #failures: CountScan;
  readonly #byEndpoint: readonly CountScan[];
  readonly #latency: LatencyScan;
  readonly #slow: readonly { readonly tail: Tail; readonly scan: CountScan }[];
  readonly #conversions: CountScan;
  readonly #memory = new MemoryScan();
  readonly #restarts = new RestartScan();
  readonly #requestRates: number[];
  #seenUntil = 0;
  #heldSeconds = 0;
  #requests = 0;

  constructor(release: JudgedRelease, tolerances: Tolerances) {
    this.#release = release;
    this.#tolerances = tolerances;
    const first = release.history[0]?.first;
    const endpoints = Math.max(1, first?.endpoints.length ?? 1);
    this.#endpoints = endpoints;
    this.#requestRates = new Array<number>(endpoints).fill(0);
    const latency = new LatencyCounts(release, endpoints);
    this.#latencyCounts = latency;
    const failureNoise = fitNoise(
      placeboOf(release, endpoints, (served) => served.failures),
      failureDrifts,
    );
    const latencyNoise = fitNoise(latency.placebo(release), latencyDrifts, 1.5);
    const conversionNoise = fitNoise(
      release.history.map(({ first: one, second: other }) =>
        scoreOf([[one.conversions, one.exposures, other.conversions, other.exposures]]),
      ),
      [0.005, 0.015, 0.03],
      1.2,
    );
    let requests = 0;
    let failures = 0;
    for (const { first: one, second: other } of release.history) {
      requests += one.requests + other.requests;
      failures += one.failures + other.failures;
    }
    this.#surroundings = new Surroundings(
      { failureRate: (failures + 0.5) / (requests + 100), burst: failureNoise.burst },
      latency,
    );
    this.#failures = new CountScan(failureNoise, 1, true);
    this.#byEndpoint = Array.from({ length: endpoints }, () => new CountScan(withPods(failureNoise), 2, true));
    this.#latency = new LatencyScan(latencyNoise, latencyTolerance(tolerances), this.#cohorts);
    this.#slow = latency.tails.map((tail) => {
      const drift = Math.max(0.05, 1.2 * tail.slope * latencyNoise.drift);
      const placebo = placeboOf(release, endpoints, (served, endpoint) => slowOf(tail, served, endpoint), timed);
      return { tail, scan: new CountScan({ ...fitNoise(placebo, [drift], 2.2), drift }, 0.7, false) };
    });
    this.#conversions = new CountScan(conversionNoise, 0.2, false);
  }

  observe(window: JudgedWindow): Verdict {
    if (window.ends > this.#seenUntil) {
      this.#seenUntil = window.ends;
      this.#learn(window);
    }
    return this.#decide(window);
  }

  #learn(window: JudgedWindow): void {
    this.#cohorts.see(window);
    const seconds = window.lasts / 1000;
    const time = window.ends / 1000;
    const { canary, stable } = window;
    this.#memory.add(time, canary.memoryMax, stable?.memoryMax);
    this.#restarts.add(time, canary, stable);
    if (!sound(canary) || stable === undefined || !sound(stable)) return;
    this.#requests += canary.requests;
    const disturbed = this.#surroundings.see(stable, time, seconds);
    const shocked = disturbed > 0.3;
    const moment: Moment = {
      starts: time - seconds,
      seconds,
      podShare: Math.sqrt(1 / Math.max(1, canary.pods) + 1 / Math.max(1, stable.pods)),
      disturbance: 0.2 * disturbed,
    };
    const cold = this.#cohorts.coldness(time - seconds / 2, 62);
    const one = allOf(canary);
    const other = allOf(stable);
    this.#learnFailures(one, other, moment, this.#tolerances.failures * (1 + 2.7 * cold) * (shocked ? 1.4 : 1));
    const difference = this.#latencyCounts.compare(one, other);
    if (difference !== undefined) this.#latency.add(difference, moment);
    const coldLatency = Math.min(
      this.#latency.coldCeiling(time - seconds),
      Math.log(1 + 3 * this.#cohorts.coldness(time - seconds, 90)),
    );
    for (const { tail, scan } of this.#slow) {
      const tolerated = Math.log(this.#tolerances.latency) + coldLatency + (shocked ? 0.05 : 0);
      const count = (served: Served, endpoint: number) => slowOf(tail, served, endpoint);
      scan.add(this.#strata(one, other, Math.exp(tail.slope * tolerated), count, timed), moment);
    }
    // Too few conversions on the canary are too many on the stable version.
    this.#conversions.add(
      [
        {
          events: stable.conversions,
          exposure: stable.exposures,
          controlEvents: canary.conversions,
          controlExposure: canary.exposures,
          tolerated: 1 / (this.#tolerances.conversions * (1 - 0.1 * cold)),
        },
      ],
      { ...moment, disturbance: moment.disturbance / 2 },
    );
  }

  #learnFailures(one: readonly Served[], other: readonly Served[], moment: Moment, tolerated: number): void {
    const strata = this.#strata(one, other, tolerated, (served) => served.failures);
    this.#failures.add(strata, moment);
    for (const [endpoint, scan] of this.#byEndpoint.entries()) {
      const stratum = strata[endpoint];
      if (stratum !== undefined) scan.add([{ ...stratum, tolerated: tolerated * 1.3 }], moment);
      const rate = this.#requestRates[endpoint] ?? 0;
      const kept = Math.exp(-moment.seconds / 30);
      this.#requestRates[endpoint] = kept * rate + (one[endpoint]?.requests ?? 0);
    }
  }

  #strata(
    one: readonly Served[],
    other: readonly Served[],
    tolerated: number,
    count: (served: Served, endpoint: number) => number,
    exposure: (served: Served) => number = (served) => served.requests,
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
        tolerated,
      });
    }
    return strata;
  }

  #evidence(): Evidence[] {
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

  #decide(window: JudgedWindow): Verdict {
    const evidence = this.#evidence()
      .map((found) => ({ ...found, nats: found.nats + belief[found.signal] }))
      .sort((left, right) => right.nats - left.nats);
    const strongest = evidence[0];
    const nats = strongest?.nats ?? Number.NEGATIVE_INFINITY;
    const action = this.#action(nats, window);
    const told = {
      action,
      strongest,
      sharedSince: this.#surroundings.disturbedSince,
      requests: this.#requests,
      hasControl: window.stable !== undefined,
    };
    return {
      action,
      confidence: confidenceOf(nats),
      nats,
      evidence,
      suspects: this.#suspects(nats, window),
      requests: this.#requests,
      because: sentence(told, this.#release.names),
    };
  }

  #suspects(nats: number, { step, stable }: JudgedWindow): boolean {
    const next = this.#release.plan[step + 1]?.weight ?? 1;
    // Before the last step: after it no stable version may be left to compare with.
    return stable !== undefined && nats >= (next >= 1 ? lastHoldNats : holdNats) && this.#heldSeconds < holdSecondsMax;
  }

  #action(nats: number, window: JudgedWindow): Verdict["action"] {
    if (nats >= rollbackNats) return "rollback";
    const lasts = this.#release.plan[window.step]?.lasts;
    // A hold in the middle of a step keeps nobody from harm: the weight isn't raised there anyway.
    const isDue = lasts !== undefined && window.stepAge + window.lasts * 0.5 >= lasts;
    if (!isDue || !this.#suspects(nats, window)) return "continue";
    this.#heldSeconds += window.lasts / 1000;
    return "monitor";
  }
}

/** Requests whose latency is known: histograms may be sampled. */
const timed = (served: Served): number => served.latencyCounts.reduce((sum, count) => sum + count, 0);

const stronger = (left: Evidence, right: Evidence): Evidence => (right.nats > left.nats ? right : left);

const confidenceOf = (nats: number): Ratio => ratio(nats > 0 ? 1 - Math.exp(-nats) : 0);

/** An endpoint's own pods and paths differ more than the service as a whole. */
function withPods(noise: Noise): Noise {
  return { ...noise, drift: Math.max(noise.drift, 0.05) };
}

/** A part of the tolerance is left to the users, since noise blurs its edge. */
const latencyTolerance = (tolerances: Tolerances): number => 0.7 * Math.log(tolerances.latency);

type Pair = readonly [events: number, exposure: number, otherEvents: number, otherExposure: number];

function scoreOf(pairs: readonly Pair[]): PlaceboScore {
  let score = 0;
  let information = 0;
  for (const [events, exposure, otherEvents, otherExposure] of pairs) {
    const sum = events + otherEvents;
    if (sum <= 0 || exposure <= 0 || otherExposure <= 0) continue;
    const share = exposure / (exposure + otherExposure);
    score += events - sum * share;
    information += sum * share * (1 - share);
  }
  return { score, information };
}

function placeboOf(
  release: JudgedRelease,
  endpoints: number,
  count: (served: Served, endpoint: number) => number,
  exposure: (served: Served) => number = (served) => served.requests,
): PlaceboScore[] {
  const pairsOf = (first: VersionServed, second: VersionServed): Pair[] =>
    Array.from({ length: endpoints }, (_, endpoint): Pair => {
      const one = allOf(first)[endpoint];
      const other = allOf(second)[endpoint];
      if (one === undefined || other === undefined) return [0, 0, 0, 0];
      return [count(one, endpoint), exposure(one), count(other, endpoint), exposure(other)];
    });
  return release.history.map(({ first, second }) => scoreOf(pairsOf(first, second)));
}

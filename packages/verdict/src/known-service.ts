import { DriftBelief } from "./noise/drift-belief.ts";
import { fitNoise, type Noise, noiseCells } from "./noise/noise.ts";
import { placeboOf, scoreOf } from "./noise/placebo-scores.ts";
import { UsualRates } from "./noise/usual-rates.ts";
import { LatencyCounts, slowOf, type Tail } from "./scans/latency-counts.ts";
import type { JudgedRelease, Served } from "./windows/window.ts";

const failureDrifts = [0.01, 0.03, 0.06, 0.1, 0.15, 0.21, 0.28, 0.38];
const latencyDrifts = [0.002, 0.004, 0.008, 0.015, 0.025, 0.04, 0.06];

/** What the history says of a service, whatever is released: nothing here changes while a release is judged. */
export interface KnownService {
  readonly endpoints: number;
  readonly latency: LatencyCounts;
  readonly latencyNoise: Noise;
  readonly conversionNoise: Noise;
  readonly failures: {
    readonly rate: number;
    readonly noise: Noise;
    readonly usual: UsualRates;
    readonly apart: number;
    /** Before anything is seen: a release goes on with a copy. */
    readonly drift: DriftBelief;
  };
  readonly slow: readonly {
    readonly tail: Tail;
    readonly usual: UsualRates;
    readonly noise: Noise;
    readonly apart: number;
  }[];
}

/** By history and bucket edges: a rehearsal judges thousands of releases by one. */
const known = new WeakMap<JudgedRelease["history"], WeakMap<JudgedRelease["bucketEdgesMs"], KnownService>>();

export function knownServiceOf(release: JudgedRelease): KnownService {
  const { history, bucketEdgesMs } = release;
  const ofHistory = known.get(history) ?? new WeakMap<JudgedRelease["bucketEdgesMs"], KnownService>();
  known.set(history, ofHistory);
  const service = ofHistory.get(bucketEdgesMs) ?? learned(release);
  ofHistory.set(bucketEdgesMs, service);
  return service;
}

function learned(release: JudgedRelease): KnownService {
  const { history } = release;
  const endpoints = Math.max(1, history[0]?.first.endpoints.length ?? 1);
  const latency = new LatencyCounts(release, endpoints);
  const latencyNoise = fitNoise(latency.placebo(release), latencyDrifts, 1.5);
  const conversionNoise = fitNoise(
    history.map(({ first: one, second: other }) =>
      scoreOf([[one.conversions, one.exposures, other.conversions, other.exposures]]),
    ),
    [0.005, 0.015, 0.03],
    1.2,
  );
  const slow = latency.tails.map((tail) => {
    const drift = Math.max(0.05, 1.2 * tail.slope * latencyNoise.drift);
    const placebo = placeboOf(release, endpoints, (served, endpoint) => slowOf(tail, served, endpoint), timed);
    const noise = { ...fitNoise(placebo, [drift], 2.2), drift };
    const usual = new UsualRates(release, endpoints, (served, endpoint) => slowOf(tail, served, endpoint), timed);
    return { tail, usual, noise, apart: usual.apart(noise.burst) };
  });
  return { endpoints, latency, latencyNoise, conversionNoise, slow, failures: failuresBefore(release, endpoints) };
}

function failuresBefore(release: JudgedRelease, endpoints: number): KnownService["failures"] {
  const { history } = release;
  const placebo = placeboOf(release, endpoints, failuresOf);
  const noise = fitNoise(placebo, failureDrifts);
  let requests = 0;
  let failures = 0;
  for (const { first: one, second: other } of history) {
    requests += one.requests + other.requests;
    failures += one.failures + other.failures;
  }
  const usual = new UsualRates(release, endpoints, failuresOf);
  return {
    rate: (failures + 0.5) / (requests + 100),
    noise,
    usual,
    apart: usual.apart(noise.burst),
    drift: new DriftBelief(
      noiseCells(placebo, failureDrifts),
      placebo.map((score, index) => ({ ...score, seconds: (history[index]?.lasts ?? 0) / 1000 })),
    ),
  };
}

export const failuresOf = (served: Served): number => served.failures;
export const requestsOf = (served: Served): number => served.requests;

/** Requests whose latency is known: histograms may be sampled. */
export const timed = (served: Served): number => served.latencyCounts.reduce((sum, count) => sum + count, 0);

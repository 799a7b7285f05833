import type { JudgedRelease, JudgedWindow, VersionServed, Served as WindowServed } from "@sluice/verdict";
import type { Served, Version } from "./served.ts";

type RecordedVersion = Exclude<Version, "baseline">;

/** A past release as its judge was shown it. */
export interface Recording {
  readonly release: JudgedRelease;
  readonly windows: readonly JudgedWindow[];
}

/** What one version did at one time: `rate` requests a second came in for both versions together. */
export interface RecordedMoment {
  readonly rate: number;
  /** Its requests by endpoint, and what became of them; undefined where it never served any. */
  readonly served: VersionServed | undefined;
}

/** Fewer requests than this say nothing about the share that fails: those before them are counted with them. */
const tellingRequests = 20;

/** A release that was taken back after seconds is mostly guesswork after them; its cold start isn't what comes again. */
const mostRepeated = 60;

/** What comes again after the last recorded second: its end, long enough that no single second stands for the version. */
export const repeatedSeconds = (recorded: number): number => Math.min(mostRepeated, Math.ceil(0.75 * recorded));

/** The recorded numbers by time, and after them their end again and again. Where a version served nothing, the nearest of its windows hold. */
export class RecordedTraffic {
  readonly #recording: Recording;
  readonly #nearestOf = { stable: new Map<number, VersionServed>(), canary: new Map<number, VersionServed>() };

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** `second` counts from the new version's first request; before it the stable version's own history holds. */
  at(version: RecordedVersion, second: number | undefined): RecordedMoment {
    const { windows, release } = this.#recording;
    const place = second === undefined ? 0 : this.#placeOf(second);
    const window = windows[place];
    const before = release.history[0];
    if (window === undefined) {
      const served = before?.first;
      const requests = before === undefined ? 0 : before.first.requests + before.second.requests;
      return { rate: requests / ((before?.lasts ?? 1000) / 1000), served };
    }
    const requests = window.canary.requests + (window.stable?.requests ?? 0);
    return { rate: requests / (window.lasts / 1000), served: this.#nearest(version, place) };
  }

  /** Seconds until another window holds. */
  left(second: number): number {
    const ends = this.#recording.windows[this.#placeOf(second)]?.ends;
    return ends === undefined ? Infinity : ends / 1000 - this.#within(second);
  }

  #within(second: number): number {
    const recorded = (this.#recording.windows.at(-1)?.ends ?? 0) / 1000;
    if (second < recorded - 1e-6 || recorded === 0) return second;
    return recorded - repeatedSeconds(recorded) + ((second - recorded + 1e-6) % repeatedSeconds(recorded));
  }

  /** By halves: a release of a day has 86,400 windows, and is asked about each of them several times. */
  #placeOf(time: number): number {
    const { windows } = this.#recording;
    const second = this.#within(time);
    let from = 0;
    let to = windows.length - 1;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((windows[middle]?.ends ?? 0) / 1000 > second + 1e-6) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  #nearest(version: RecordedVersion, place: number): VersionServed | undefined {
    const known = this.#nearestOf[version].get(place);
    if (known !== undefined) return known;
    const { windows } = this.#recording;
    let found: VersionServed | undefined;
    for (let at = place; at >= 0 && (found?.requests ?? 0) < tellingRequests; at--) {
      const one = windows[at]?.[version];
      if (one !== undefined && one.requests > 0) found = found === undefined ? one : together(found, one);
    }
    found ??= windows.slice(place).find((window) => (window[version]?.requests ?? 0) > 0)?.[version];
    if (found !== undefined) this.#nearestOf[version].set(place, found);
    return found;
  }
}

/** What both served; what isn't a count stays as the later one had it. */
function together(later: VersionServed, earlier: VersionServed): VersionServed {
  return {
    ...later,
    ...sumOf(later, earlier),
    endpoints: later.endpoints.map((endpoint, place) => {
      const before = earlier.endpoints[place];
      return before === undefined ? endpoint : sumOf(endpoint, before);
    }),
    exposures: later.exposures + earlier.exposures,
    conversions: later.conversions + earlier.conversions,
  };
}

const sumOf = (one: WindowServed, other: WindowServed): WindowServed => ({
  requests: one.requests + other.requests,
  failures: one.failures + other.failures,
  latencyCounts: one.latencyCounts.map((count, bucket) => count + (other.latencyCounts[bucket] ?? 0)),
});

/** The parts that a release tells apart; one for all of them where it doesn't. */
export const partsOf = (served: VersionServed): readonly WindowServed[] =>
  served.endpoints.length === 0 ? [served] : served.endpoints;

/** Whole requests in, and what is left over kept: over time exactly what was recorded. */
export class Owed {
  // Rounded, not cut: of the few that fail one less is much.
  #rest = 0.5;

  take(amount: number): number {
    this.#rest += amount;
    // Sums of tenths come out a little short of a whole.
    const whole = Math.floor(this.#rest + 1e-9);
    this.#rest -= whole;
    return whole;
  }
}

/** Adds `share` of what was recorded. */
export function addRecorded(to: Served, part: WindowServed, share: number, owed: Map<string, Owed>, key: string): void {
  const take = (name: string, amount: number): number => {
    const known = owed.get(key + name) ?? new Owed();
    owed.set(key + name, known);
    return known.take(amount);
  };
  to.requests += take("requests", share * part.requests);
  to.failures += take("failures", share * part.failures);
  for (const [bucket, count] of part.latencyCounts.entries()) {
    to.latencyCounts[bucket] = (to.latencyCounts[bucket] ?? 0) + take(`latency${bucket}`, share * count);
  }
}

import type { JudgedRelease, JudgedWindow, VersionServed, Served as WindowServed } from "@sluice/verdict";
import type { Served, Version } from "./served.ts";

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

/** The recorded numbers by time. Beyond either end the nearest window holds. */
export class RecordedTraffic {
  readonly #recording: Recording;

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** `second` counts from the new version's first request; before it the stable version's own history holds. */
  at(version: Version, second: number | undefined): RecordedMoment {
    const { windows, release } = this.#recording;
    const found = second === undefined ? 0 : windows.findIndex(({ ends }) => ends / 1000 > second + 1e-6);
    const place = found === -1 ? windows.length - 1 : found;
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

  #nearest(version: Version, place: number): VersionServed | undefined {
    const { windows } = this.#recording;
    const has = (window: JudgedWindow) => (window[version]?.requests ?? 0) > 0;
    const window = windows.slice(0, place + 1).findLast(has) ?? windows.slice(place).find(has);
    return window?.[version];
  }
}

/** The parts that a release tells apart; one for all of them where it doesn't. */
export const partsOf = (served: VersionServed): readonly WindowServed[] =>
  served.endpoints.length === 0 ? [served] : served.endpoints;

/** Whole requests in, and what is left over kept: over time exactly what was recorded. */
export class Owed {
  #rest = 0;

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

import type { Readiness } from "../learn/readiness.ts";
import type { Fault } from "../model/fault.ts";
import type { Traffic } from "../model/traffic.ts";
import type { ProfileName } from "../policy/profile.ts";
import type { ReleaseOptions } from "../release/options.ts";
import type { Outcome } from "../release/outcome.ts";

export interface RehearseOptions {
  readonly traffic: Traffic;
  /** Where the traffic was learned from, and what that came to, in words. */
  readonly learned?: readonly string[];
  readonly seed: number;
  /** Releases of each fault. */
  readonly runs: number;
  readonly goodRuns: number;
  readonly personMillis: number;
  readonly noticeMillis: number;
  /** How long a Pod takes to be ready, as somebody said; absent: as was learned, as the manifests say, or as usual. */
  readonly readyMillis?: number;
  /** What Pods before these took. */
  readonly readiness?: Readiness;
  /** How often the real metrics are scraped; absent: often enough for each query, which the words then doubt. */
  readonly scrapeMillis?: number;
  readonly faults?: readonly Fault[];
  readonly profiles?: readonly ProfileName[];
  /** Plays one release elsewhere, as a thread does; all of them are asked for at once. Absent: here, one by one. */
  readonly play?: (release: ReleaseOptions) => Promise<Outcome>;
  /** Awaited after each release, so that whoever waits can see how far it is. */
  readonly onRelease?: (done: number, all: number) => Promise<void>;
}

/** How many good ones tell how often such a release suffers, where nobody said. */
export const goodRunsFor = (runs: number): number => Math.max(20, 4 * runs);

/** All releases of one fault under one profile. */
export interface Played {
  readonly profile: ProfileName;
  readonly fault: Fault;
  readonly outcomes: readonly Outcome[];
}

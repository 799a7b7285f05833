import type { Instant, Millis, Ratio } from "@sluice/kernel";

/** What was served within one window; counts of the window, never cumulative. */
export interface Served {
  readonly requests: number;
  readonly failures: number;
  /** How many requests fell into each latency bucket: one more than `bucketEdgesMs`, the last is open. */
  readonly latencyCounts: readonly number[];
}

/** One version within one window. */
export interface VersionServed extends Served {
  /** The same by endpoint, in the same order in every window. */
  readonly endpoints: readonly Served[];
  /** Requests that could have converted, and those that did. */
  readonly exposures: number;
  readonly conversions: number;
  /** Of the pod that uses most, in any unit that is the same for both versions. */
  readonly memoryMax?: number;
  /** Cumulative. */
  readonly restarts: number;
  readonly pods: number;
}

export interface JudgedWindow {
  /** Time since the release began, at the window's end. */
  readonly ends: Millis;
  readonly lasts: Millis;
  readonly weight: Ratio;
  readonly step: number;
  /** Time since the step began, without holds. */
  readonly stepAge: Millis;
  readonly canary: VersionServed;
  /** Absent where the canary has all traffic: nothing is left to compare with. */
  readonly stable?: VersionServed;
}

/** Stable before the release, its requests split in two at random: how much two equals differ in this service. */
export interface PlaceboWindow {
  readonly lasts: Millis;
  readonly first: VersionServed;
  readonly second: VersionServed;
}

export interface PlanStep {
  readonly weight: Ratio;
  readonly lasts: Millis;
}

export interface JudgedRelease {
  readonly plan: readonly PlanStep[];
  readonly bucketEdgesMs: readonly number[];
  readonly history: readonly PlaceboWindow[];
  /**
   * `fresh`: the control is as many new pods of the stable version, so that it is as cold as the canary. Left out, it is
   * found out from the requests.
   */
  readonly control?: "stable" | "fresh";
  /** What the service's earlier releases showed of how its Pods start; without it they start as Pods do anywhere. */
  readonly starts?: KnownStarts;
  /** How people call what is compared. */
  readonly names?: Names;
}

/** What a service's earlier releases showed of how its new Pods start: plain numbers, to be kept with a release. */
export interface KnownStarts {
  /** Releases that it was learned from, as far as they still count. */
  readonly releases: number;
  /** Of each start that the judge knows, how usual it was: 1 where every release started so, 0 where none did. */
  readonly slower: readonly number[];
  /** The same of a start full of failures. */
  readonly failing: number;
}

export interface Names {
  readonly canary?: string;
  readonly stable?: string;
  /** In the order of `VersionServed.endpoints`. */
  readonly endpoints?: readonly string[];
  /** When the release began, for times of day in sentences; without it they say minutes since then. */
  readonly beganAt?: Instant;
}

/** What users don't mind, as factors against the stable version. */
export interface Tolerances {
  /** 1.1: at most 10 % more failures. */
  readonly failures: number;
  /** 1.05: at most 5 % slower. */
  readonly latency: number;
  /** 0.99: at most 1 % fewer conversions. */
  readonly conversions: number;
}

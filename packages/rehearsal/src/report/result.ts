import type { Traffic } from "../model/traffic.ts";
import type { Unanswerable } from "../policy/foreign-providers.ts";
import type { ProfileName } from "../policy/profile.ts";

/** One fault under one profile. Shares are 0..1. */
export interface FaultResult {
  readonly fault: string;
  readonly isHarmful: boolean;
  readonly runs: number;
  /** Taken back, or stopped before a person. */
  readonly caught: number;
  /** Of those, how many wait for a person. */
  readonly asked: number;
  /** What caught it most often. */
  readonly by: string | undefined;
  readonly rules: Readonly<Record<string, number>>;
  /** Of those that were caught: the median. */
  readonly seconds: number | undefined;
  readonly weight: number | undefined;
  readonly harmedMedian: number;
  readonly harmedP95: number;
}

export interface GoodResult {
  readonly runs: number;
  readonly falseAborts: number;
  readonly asked: number;
  readonly rules: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly waitedSeconds: number;
  readonly heldSeconds: number;
}

/** Where the middle one lies, and nine in ten. */
export interface Interval {
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/** What a release to come is predicted to do. */
export interface Predicted {
  /** Seconds that a good one takes. */
  readonly good: Interval;
  /** One that harms, whatever it does, and is caught; undefined where none was. */
  readonly bad?: { readonly seconds: Interval; readonly harmed: Interval };
}

export interface ProfileResult {
  readonly good: GoodResult;
  readonly predicted: Predicted;
  readonly faults: readonly FaultResult[];
}

/** One weight of the release with what can be seen at it. */
export interface StepView {
  readonly index: number;
  /** As the plan has it, 0..100 or up to its maxTrafficWeight. */
  readonly setWeight: number;
  /** 0..1, what the new version really had: without routes Pods decide, and one of six is 17 % whatever was asked for. */
  readonly weight: number;
  /** Undefined where no good release got there. */
  readonly seconds: number | undefined;
  readonly canaryRequests: number | undefined;
  /** It has a pause without an end: how long it takes is how long a person takes. */
  readonly isUntilPerson: boolean;
  /** The smallest added failures (0..1) that at least half of the releases are stopped for by its end. */
  readonly smallest: Readonly<Partial<Record<ProfileName, number>>>;
  /** How many of all releases, good or bad, ended at this weight. */
  readonly caught: Readonly<Partial<Record<ProfileName, number>>>;
}

/** A first step with the time for enough requests, where it has less. */
export interface LongerFirst {
  readonly seconds: number;
  /** What would be seen by its end; absent where that is too long to be tried. */
  readonly smallest?: StepView["smallest"];
}

export interface Rehearsal {
  readonly rollout: string;
  readonly namespace: string;
  readonly seed: number;
  readonly traffic: Traffic;
  /** What the team's own metrics told of an ordinary day; empty where nobody was asked. */
  readonly learned: readonly string[];
  /** How long each Pod takes to be ready: each higher weight waits for it. */
  readonly podsReadySeconds: number;
  /** How that is known, in words: assumed, as said, learned from so many Pods, by the manifests. */
  readonly podsReadyFrom: string;
  /** False where no AnalysisTemplate measures anything of it. */
  readonly hasAnalyses: boolean;
  /** A RollbackPolicy says who converts; else Sluice's judge isn't told. */
  readonly countsConversions: boolean;
  readonly madeUp: readonly string[];
  readonly unanswerable: readonly Unanswerable[];
  readonly profiles: Readonly<Partial<Record<ProfileName, ProfileResult>>>;
  readonly steps: readonly StepView[];
  /** Releases of each size of failures that `smallest` rests on, at least; 0 without steps. */
  readonly releasesOfEachSize: number;
  /** Metrics and steps that stopped no release, good or bad. */
  readonly idleRules: readonly string[];
  readonly longerFirst?: LongerFirst;
  /** What a person should read first. */
  readonly words: readonly string[];
}

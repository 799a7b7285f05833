import type { Kind } from "../../contract/resource.ts";
import type { LabelSelector } from "../selector.ts";

/** What a rule looks at, in percent, over the last ten minutes of the release. */
export type RollbackSignal =
  /** Failed requests of the new version. */
  | "errorRate"
  /** Against the stable version. */
  | "errorRateChange"
  | "p95Change"
  | "conversionChange"
  /** Of the pod that uses most, since the release began. */
  | "memoryGrowth"
  /** Of its limit. */
  | "memoryUsage"
  /** A value of `metrics`, in its own unit. */
  | "metric";

export interface RollbackThreshold {
  readonly signal: RollbackSignal;
  /** The name of a metric, where the signal is "metric". */
  readonly metric?: string;
  readonly above?: number;
  readonly below?: number;
}

export type RollbackAction =
  | "immediate_rollback"
  /** Once it has held for `validationSeconds`. */
  | "scheduled_rollback"
  /** Pauses the release and asks. */
  | "alert_human"
  /** Holds the weight. */
  | "monitor_closely"
  | "continue";

export interface RollbackRule {
  readonly name: string;
  /** All must hold. */
  readonly when: readonly RollbackThreshold[];
  readonly action: RollbackAction;
  readonly validationSeconds?: number;
  /** Of the new version within the ten minutes; with fewer the rule says nothing. */
  readonly minimumRequests?: number;
}

/** A number of the business, by any PromQL; `{{hash}}` stands for the version's pod template hash. */
export interface RollbackMetric {
  readonly name: string;
  readonly query: string;
  /** Another Prometheus than the embedded one. */
  readonly address?: string;
}

/** Cumulative counters of the embedded metrics, so that windows of any length can be counted. */
export interface ConversionQueries {
  readonly exposures: string;
  readonly conversions: string;
}

export interface JudgeSettings {
  /** `enforce` by default; `advise` writes verdicts down and acts on none. */
  readonly mode?: "enforce" | "advise" | "off";
  readonly windowSeconds?: number;
  /** Percent that users don't mind. */
  readonly tolerances?: {
    readonly failuresPercent?: number;
    readonly latencyPercent?: number;
    readonly conversionsPercent?: number;
  };
}

/** A model elsewhere that answers `POST <url>` with a probability. */
export interface RemoteModel {
  readonly url: string;
  readonly timeoutSeconds?: number;
  /** Sent as a bearer token. */
  readonly tokenSecretRef?: { readonly name: string; readonly key: string };
  /** `instead` of the built-in judge where it answers; `beside` it by default, where either may end a release. */
  readonly use?: "beside" | "instead";
}

export interface RollbackPolicySpec {
  /** By the Rollouts' labels; absent: every Rollout of the namespace. */
  readonly selector?: LabelSelector;
  readonly judge?: JudgeSettings;
  /** Absent: the default rules. */
  readonly rules?: readonly RollbackRule[];
  readonly metrics?: readonly RollbackMetric[];
  readonly conversions?: ConversionQueries;
  /** A share of the stable version that stays for a while after the last step; weight 0 switches it off. */
  readonly holdback?: { readonly weight?: number; readonly seconds?: number };
  /** Compare with new Pods of the stable version, as many as the canary has: they are as young as its own. */
  readonly freshBaseline?: boolean;
  readonly model?: RemoteModel;
}

/** How releases are judged beside their AnalysisTemplates, and what follows. */
export type RollbackPolicy = Kind<"sluice.dev/v1alpha1", "RollbackPolicy", RollbackPolicySpec, undefined>;

export const defaultHoldback = { weight: 5, seconds: 600 } as const;

/** In force where a policy names no rules: what most teams would write first. */
export const defaultRollbackRules: readonly RollbackRule[] = [
  {
    name: "error-rate-threshold",
    when: [{ signal: "errorRate", above: 5 }],
    action: "immediate_rollback",
  },
  {
    name: "response-time-degradation",
    when: [{ signal: "p95Change", above: 50 }],
    action: "scheduled_rollback",
    validationSeconds: 300,
  },
  {
    name: "conversion-rate-impact",
    when: [{ signal: "conversionChange", below: -10 }],
    action: "alert_human",
  },
  {
    name: "memory-leak-detection",
    when: [
      { signal: "memoryUsage", above: 85 },
      { signal: "memoryGrowth", above: 10 },
    ],
    action: "immediate_rollback",
  },
];

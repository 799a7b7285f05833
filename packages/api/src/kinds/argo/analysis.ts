import type { Kind } from "../../contract/resource.ts";
import type { JobSpec } from "../batch/job.ts";
import type { IntOrString, Labels, Timestamp } from "../quantities.ts";

export interface Argument {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

export interface DryRun {
  /** A regular expression, unanchored. */
  readonly metricName: string;
}

export interface MeasurementRetention {
  readonly metricName: string;
  readonly limit: number;
}

export interface MetricAuthentication {
  /** The client credentials grant. */
  readonly oauth2?: {
    readonly tokenUrl: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly scopes?: readonly string[];
  };
  readonly sigv4?: object;
}

export interface PrometheusMetric {
  readonly address?: string;
  readonly query?: string;
  /** Seconds; absent or 0 means 30. */
  readonly timeout?: number;
  readonly insecure?: boolean;
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly authentication?: MetricAuthentication;
  readonly rangeQuery?: { readonly start: string; readonly end: string; readonly step: string };
}

export interface WebMetric {
  readonly url: string;
  /** Default GET. */
  readonly method?: "GET" | "POST" | "PUT";
  readonly headers?: readonly { readonly key: string; readonly value: string }[];
  readonly body?: string;
  readonly jsonBody?: unknown;
  readonly jsonPath?: string;
  /** Default 10. */
  readonly timeoutSeconds?: number;
  readonly insecure?: boolean;
  readonly authentication?: MetricAuthentication;
}

/** A Job whose end is the measurement. */
export interface JobMetric {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly spec: JobSpec;
}

/** The plugin that is built in: a canary judged against its control by several metrics. */
export const canaryComparisonPlugin = "sluice.dev/canary-comparison";

/** The plugin that is built in: what the judge of releases says of a version. */
export const judgePlugin = "sluice.dev/judge";

/** What stands under that name in `provider.plugin`. */
export interface JudgeMetric {
  /** Of the version that is asked about, such as `{{args.canary-hash}}`. */
  readonly podTemplateHash: string;
}

/** What stands under its name in `provider.plugin`. */
export interface CanaryComparison {
  /** As `provider.prometheus.address`; both queries of every metric are asked there. */
  readonly address?: string;
  /** Go durations: how far back, 5m, and how fine, 15s. */
  readonly lookback?: string;
  readonly step?: string;
  /** Scores: 95 and 75 unless given. */
  readonly pass?: number;
  readonly marginal?: number;
  /** Percent by group; the others share what is left. */
  readonly groups?: Readonly<Record<string, number>>;
  readonly metrics: readonly {
    readonly name: string;
    readonly group?: string;
    /** PromQL of each version. */
    readonly control: string;
    readonly experiment: string;
    readonly direction?: "increase" | "decrease" | "either";
    readonly nanStrategy?: "remove" | "replace";
    readonly outliers?: "keep" | "remove";
    readonly outlierFactor?: number;
    readonly effectSize?: {
      readonly measure?: "meanRatio" | "cles";
      readonly allowedIncrease?: number;
      readonly allowedDecrease?: number;
    };
    readonly critical?: boolean;
    readonly mustHaveData?: boolean;
  }[];
}

/** Other providers than prometheus, web, job and plugin are held as they came and refused by name. */
export interface MetricProvider {
  readonly prometheus?: PrometheusMetric;
  readonly web?: WebMetric;
  readonly kayenta?: object;
  readonly datadog?: object;
  readonly wavefront?: object;
  readonly newRelic?: object;
  readonly job?: JobMetric;
  readonly cloudWatch?: object;
  readonly graphite?: object;
  readonly influxdb?: object;
  readonly skywalking?: object;
  readonly plugin?: Readonly<Record<string, unknown>>;
}

export interface Metric {
  readonly name: string;
  /** A Go duration. */
  readonly interval?: string;
  readonly initialDelay?: string;
  readonly count?: IntOrString;
  readonly successCondition?: string;
  readonly failureCondition?: string;
  readonly failureLimit?: IntOrString;
  readonly inconclusiveLimit?: IntOrString;
  readonly consecutiveErrorLimit?: IntOrString;
  readonly consecutiveSuccessLimit?: IntOrString;
  readonly provider: MetricProvider;
}

export interface AnalysisTemplateSpec {
  readonly metrics?: readonly Metric[];
  readonly args?: readonly Argument[];
  readonly dryRun?: readonly DryRun[];
  readonly measurementRetention?: readonly MeasurementRetention[];
  readonly templates?: readonly { readonly templateName: string; readonly clusterScope?: boolean }[];
}

export type AnalysisTemplate = Kind<"argoproj.io/v1alpha1", "AnalysisTemplate", AnalysisTemplateSpec, undefined>;
/** An AnalysisTemplate for every namespace. */
export type ClusterAnalysisTemplate = Kind<
  "argoproj.io/v1alpha1",
  "ClusterAnalysisTemplate",
  AnalysisTemplateSpec,
  undefined
>;

export interface AnalysisRunSpec {
  readonly metrics: readonly Metric[];
  readonly args?: readonly Argument[];
  readonly terminate?: boolean;
  readonly dryRun?: readonly DryRun[];
  readonly measurementRetention?: readonly MeasurementRetention[];
  readonly ttlStrategy?: {
    readonly secondsAfterCompletion?: number;
    readonly secondsAfterFailure?: number;
    readonly secondsAfterSuccess?: number;
  };
}

export type AnalysisRunPhase =
  | "Pending"
  | "Running"
  | "Successful"
  | "Failed"
  | "Error"
  | "Inconclusive"
  /** Absent from the original's list, yet what an unset field reads as. */
  | "";

export interface Measurement {
  readonly phase: AnalysisRunPhase;
  readonly message?: string;
  readonly startedAt?: Timestamp;
  readonly finishedAt?: Timestamp;
  readonly value?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly resumeAt?: Timestamp;
}

export interface MetricResult {
  readonly name: string;
  readonly phase: AnalysisRunPhase;
  readonly measurements?: readonly Measurement[];
  readonly message?: string;
  readonly count?: number;
  readonly successful?: number;
  readonly failed?: number;
  readonly inconclusive?: number;
  readonly error?: number;
  readonly consecutiveError?: number;
  readonly consecutiveSuccess?: number;
  readonly dryRun?: boolean;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface RunSummary {
  readonly count?: number;
  readonly successful?: number;
  readonly failed?: number;
  readonly inconclusive?: number;
  readonly error?: number;
}

export interface AnalysisRunStatus {
  readonly phase: AnalysisRunPhase;
  readonly message?: string;
  readonly metricResults?: readonly MetricResult[];
  readonly startedAt?: Timestamp;
  readonly completedAt?: Timestamp;
  readonly runSummary?: RunSummary;
  readonly dryRunSummary?: RunSummary;
}

export type AnalysisRun = Kind<"argoproj.io/v1alpha1", "AnalysisRun", AnalysisRunSpec, AnalysisRunStatus>;

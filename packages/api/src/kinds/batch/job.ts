import type { Condition, Kind } from "../../contract/resource.ts";
import type { PodTemplateSpec } from "../core/pod.ts";
import type { Timestamp } from "../quantities.ts";
import type { LabelSelector } from "../selector.ts";

/** https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy */
export interface PodFailurePolicyRule {
  readonly action: "FailJob" | "FailIndex" | "Ignore" | "Count";
  readonly onExitCodes?: {
    readonly containerName?: string;
    readonly operator: "In" | "NotIn";
    readonly values: readonly number[];
  };
  readonly onPodConditions?: readonly { readonly type: string; readonly status?: string }[];
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
export interface JobSpec {
  readonly parallelism?: number;
  /** Absent: the first success is enough once no other Pod runs. */
  readonly completions?: number;
  readonly completionMode?: "NonIndexed" | "Indexed";
  readonly activeDeadlineSeconds?: number;
  readonly backoffLimit?: number;
  readonly podFailurePolicy?: { readonly rules: readonly PodFailurePolicyRule[] };
  readonly podReplacementPolicy?: "TerminatingOrFailed" | "Failed";
  readonly selector?: LabelSelector;
  readonly manualSelector?: boolean;
  readonly template: PodTemplateSpec;
  readonly ttlSecondsAfterFinished?: number;
  readonly suspend?: boolean;
}

export type JobConditionType = "Complete" | "Failed" | "Suspended" | "SuccessCriteriaMet" | "FailureTarget";

export interface JobCondition extends Condition {
  readonly type: JobConditionType;
  readonly lastProbeTime?: Timestamp | null;
}

export interface JobStatus {
  readonly conditions?: readonly JobCondition[];
  readonly startTime?: Timestamp;
  /** Only of a Job that succeeded. */
  readonly completionTime?: Timestamp;
  readonly active?: number;
  readonly ready?: number;
  readonly terminating?: number;
  readonly succeeded?: number;
  readonly failed?: number;
  /** Uids of Pods that have ended and aren't in `succeeded` and `failed` yet. */
  readonly uncountedTerminatedPods?: { readonly succeeded?: readonly string[]; readonly failed?: readonly string[] };
}

export type Job = Kind<"batch/v1", "Job", JobSpec, JobStatus>;

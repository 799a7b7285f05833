import type { Condition, Kind } from "../../contract/resource.ts";
import type { PodTemplateSpec } from "../core/pod.ts";
import type { Labels, Timestamp } from "../quantities.ts";
import type { LabelSelector } from "../selector.ts";
import type { AnalysisRunPhase, Argument, DryRun, MeasurementRetention } from "./analysis.ts";
import type { AnalysisRunArgument } from "./rollout-analysis.ts";

export interface RolloutExperimentStep {
  readonly templates: readonly {
    readonly name: string;
    readonly specRef: "stable" | "canary";
    readonly replicas?: number;
    readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
    readonly selector?: LabelSelector;
    readonly weight?: number;
    readonly service?: { readonly name?: string };
  }[];
  readonly duration?: string;
  readonly analyses?: readonly {
    readonly name: string;
    readonly templateName: string;
    readonly clusterScope?: boolean;
    readonly args?: readonly AnalysisRunArgument[];
    readonly requiredForCompletion?: boolean;
  }[];
  readonly dryRun?: readonly DryRun[];
  readonly analysisRunMetadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly scaleDownDelaySeconds?: number;
}

export interface ExperimentTemplate {
  readonly name: string;
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly service?: { readonly name?: string };
}

export interface ExperimentAnalysis {
  readonly name: string;
  readonly templateName: string;
  readonly clusterScope?: boolean;
  readonly args?: readonly Argument[];
  readonly requiredForCompletion?: boolean;
}

export interface ExperimentSpec {
  readonly templates: readonly ExperimentTemplate[];
  readonly duration?: string;
  readonly progressDeadlineSeconds?: number;
  readonly terminate?: boolean;
  readonly analyses?: readonly ExperimentAnalysis[];
  readonly scaleDownDelaySeconds?: number;
  readonly dryRun?: readonly DryRun[];
  readonly measurementRetention?: readonly MeasurementRetention[];
  readonly analysisRunMetadata?: { readonly labels?: Labels; readonly annotations?: Labels };
}

export type ExperimentTemplatePhase = "Progressing" | "Running" | "Successful" | "Failed" | "Error" | "";

export interface ExperimentTemplateStatus {
  readonly name: string;
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly collisionCount?: number;
  readonly status?: ExperimentTemplatePhase;
  readonly message?: string;
  /** Of `status`, or of the counts while it is Progressing: the deadline runs from here. */
  readonly lastTransitionTime?: Timestamp;
  readonly serviceName?: string;
  readonly podTemplateHash?: string;
}

export interface ExperimentAnalysisRunStatus {
  /** Of the analysis in spec. */
  readonly name: string;
  readonly analysisRun: string;
  readonly phase: AnalysisRunPhase;
  readonly message?: string;
}

export interface ExperimentStatus {
  readonly phase?: AnalysisRunPhase;
  readonly message?: string;
  readonly availableAt?: Timestamp;
  readonly templateStatuses?: readonly ExperimentTemplateStatus[];
  readonly analysisRuns?: readonly ExperimentAnalysisRunStatus[];
  readonly conditions?: readonly Condition[];
}

export type Experiment = Kind<"argoproj.io/v1alpha1", "Experiment", ExperimentSpec, ExperimentStatus>;

import type { Condition, Kind } from "../../contract/resource.ts";
import type { PodAffinityTerm, PodTemplateSpec } from "../core/pod.ts";
import type { IntOrString, Labels, Timestamp } from "../quantities.ts";
import type { LabelSelector } from "../selector.ts";
import type { AnalysisRunPhase } from "./analysis.ts";
import type { RolloutExperimentStep } from "./experiment.ts";
import type { RolloutAnalysis, RolloutAnalysisBackground } from "./rollout-analysis.ts";
import type { RolloutTrafficRouting, StringMatch } from "./traffic-routing.ts";

export interface RolloutPause {
  /** Seconds, or a Go-like text: `"30"`, `"10s"`, `"5m"`, `"1h"`. Absent: until promoted. */
  readonly duration?: IntOrString;
}

export interface SetCanaryScale {
  /** Percent of spec.replicas. */
  readonly weight?: number;
  readonly replicas?: number;
  readonly matchTrafficWeight?: boolean;
}

export interface SetHeaderRoute {
  readonly name?: string;
  readonly match?: readonly { readonly headerName: string; readonly headerValue?: StringMatch }[];
}

export interface SetMirrorRoute {
  readonly name: string;
  readonly match?: readonly {
    readonly method?: StringMatch;
    readonly path?: StringMatch;
    readonly headers?: Readonly<Record<string, StringMatch>>;
  }[];
  readonly percentage?: number;
}

export interface PluginStep {
  readonly name: string;
  readonly config?: unknown;
}

/** Exactly one member is set. */
export interface CanaryStep {
  /** 0 up to the maximum weight, which is 100. */
  readonly setWeight?: number;
  readonly pause?: RolloutPause;
  readonly experiment?: RolloutExperimentStep;
  readonly analysis?: RolloutAnalysis;
  readonly setCanaryScale?: SetCanaryScale;
  readonly setHeaderRoute?: SetHeaderRoute;
  readonly setMirrorRoute?: SetMirrorRoute;
  readonly plugin?: PluginStep;
}

export interface PodTemplateMetadata {
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export interface RolloutAntiAffinity {
  readonly preferredDuringSchedulingIgnoredDuringExecution?: { readonly weight: number };
  readonly requiredDuringSchedulingIgnoredDuringExecution?: Readonly<Record<string, PodAffinityTerm>>;
}

export interface CanaryStrategy {
  readonly canaryService?: string;
  readonly stableService?: string;
  readonly steps?: readonly CanaryStep[];
  readonly trafficRouting?: RolloutTrafficRouting;
  readonly maxUnavailable?: IntOrString;
  readonly maxSurge?: IntOrString;
  /** Background analysis. */
  readonly analysis?: RolloutAnalysisBackground;
  readonly antiAffinity?: RolloutAntiAffinity;
  readonly canaryMetadata?: PodTemplateMetadata;
  readonly stableMetadata?: PodTemplateMetadata;
  readonly scaleDownDelaySeconds?: number;
  readonly scaleDownDelayRevisionLimit?: number;
  readonly abortScaleDownDelaySeconds?: number;
  readonly dynamicStableScale?: boolean;
  readonly pingPong?: { readonly pingService: string; readonly pongService: string };
  readonly minPodsPerReplicaSet?: number;
  readonly replicaProgressThreshold?: { readonly type: "Percent" | "Pod"; readonly value: number };
}

export interface BlueGreenStrategy {
  readonly activeService: string;
  readonly previewService?: string;
  readonly previewReplicaCount?: number;
  readonly autoPromotionEnabled?: boolean;
  readonly autoPromotionSeconds?: number;
  readonly maxUnavailable?: IntOrString;
  readonly scaleDownDelaySeconds?: number;
  readonly scaleDownDelayRevisionLimit?: number;
  readonly abortScaleDownDelaySeconds?: number;
  readonly antiAffinity?: RolloutAntiAffinity;
  readonly prePromotionAnalysis?: RolloutAnalysis;
  readonly postPromotionAnalysis?: RolloutAnalysis;
  readonly previewMetadata?: PodTemplateMetadata;
  readonly activeMetadata?: PodTemplateMetadata;
}

export interface RolloutStrategy {
  readonly canary?: CanaryStrategy;
  readonly blueGreen?: BlueGreenStrategy;
}

/** The resource that holds the template instead of the Rollout. */
export interface RolloutWorkloadReference {
  readonly apiVersion?: string;
  readonly kind?: "Deployment" | "ReplicaSet" | "PodTemplate";
  readonly name?: string;
  /** What becomes of its own Pods; `never` unless given. */
  readonly scaleDown?: "never" | "onsuccess" | "progressively";
}

/** https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/types.go */
export interface RolloutSpec {
  readonly replicas?: number;
  /** Absent only with workloadRef. */
  readonly selector?: LabelSelector;
  readonly template?: PodTemplateSpec;
  readonly workloadRef?: RolloutWorkloadReference;
  readonly minReadySeconds?: number;
  readonly strategy: RolloutStrategy;
  readonly revisionHistoryLimit?: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
  readonly progressDeadlineAbort?: boolean;
  readonly restartAt?: Timestamp;
  readonly analysis?: { readonly successfulRunHistoryLimit?: number; readonly unsuccessfulRunHistoryLimit?: number };
  readonly rollbackWindow?: { readonly revisions?: number };
}

export type RolloutPhase = "Healthy" | "Degraded" | "Progressing" | "Paused";

export type PauseReason =
  | "InconclusiveAnalysisRun"
  | "InconclusiveExperiment"
  | "CanaryPauseStep"
  | "BlueGreenPause"
  /** Sluice's own: the evidence was empty, NaN or without canary traffic. */
  | "NoData"
  /** Sluice's own: the judge, a policy's rule or a model asks for a look. */
  | "VerdictAlert"
  /** Sluice's own: what comes next can't be undone, or goes back past what can't. */
  | "NotRevertible";

export interface PauseCondition {
  readonly reason: PauseReason;
  readonly startTime: Timestamp;
}

export interface RolloutAnalysisRunStatus {
  readonly name: string;
  readonly status: AnalysisRunPhase;
  readonly message?: string;
}

export interface WeightDestination {
  readonly weight: number;
  readonly serviceName?: string;
  readonly podTemplateHash?: string;
}

export interface TrafficWeights {
  readonly canary: WeightDestination;
  readonly stable: WeightDestination;
  readonly additional?: readonly WeightDestination[];
  readonly verified?: boolean;
}

/** Sluice's own: what the new version really gets at a weight. Shares are percent, as text. */
export interface RingShareStatus {
  readonly weight: number;
  readonly share: string;
  readonly requests: number;
  /** Of those whom each ring names; with the name "" of all others. */
  readonly rings: readonly { readonly name: string; readonly share: string; readonly requests: number }[];
}

export interface CanaryStatus {
  readonly currentStepAnalysisRunStatus?: RolloutAnalysisRunStatus;
  readonly currentBackgroundAnalysisRunStatus?: RolloutAnalysisRunStatus;
  readonly currentExperiment?: string;
  readonly weights?: TrafficWeights;
  readonly rings?: RingShareStatus;
  readonly stablePingPong?: "ping" | "pong";
  /** Sluice's own: the step last gone to. A `currentStepIndex` beyond it is a person's, who skipped what lies between. */
  readonly reachedStepIndex?: number;
  /** Sluice's own: names of the routes that steps have added so far. */
  readonly addedRoutes?: readonly string[];
  readonly stepPluginStatuses?: readonly object[];
}

export interface BlueGreenStatus {
  readonly previewSelector?: string;
  readonly activeSelector?: string;
  readonly scaleUpPreviewCheckPoint?: boolean;
  readonly prePromotionAnalysisRunStatus?: RolloutAnalysisRunStatus;
  readonly postPromotionAnalysisRunStatus?: RolloutAnalysisRunStatus;
}

export type RolloutConditionType =
  | "InvalidSpec"
  | "Available"
  | "Progressing"
  | "ReplicaFailure"
  | "Paused"
  | "Completed"
  | "Healthy"
  | (string & {});

/** A version that a person must let in, or has. */
export interface LastingVersion {
  readonly podTemplateHash: string;
  readonly because: string;
  /** Not the lasting version itself, but one that was there before it. */
  readonly isWayBack?: boolean;
}

/** Sluice's own: what became of versions that can't be undone. */
export interface NotRevertibleStatus {
  /** Waits for a person's word; nothing of it has begun. */
  readonly asked?: LastingVersion;
  /** A person let it in, and it isn't the stable version yet: nothing goes back past it by itself. */
  readonly accepted?: LastingVersion & { readonly acceptedAt: Timestamp };
  /** Why it would have been taken back: a person is asked. */
  readonly stoppedFor?: string;
  /** What a person went on in spite of. */
  readonly overruled?: readonly string[];
}

/** Sluice's own: this version is asked for again. What was seen of it before is no evidence. */
export interface BegunAgain {
  readonly at: Timestamp;
  /** By Pod, how often its containers had restarted by then; Pods without any aren't named. */
  readonly restarts?: Readonly<Record<string, number>>;
}

export interface RolloutStatus {
  readonly abort?: boolean;
  readonly pauseConditions?: readonly PauseCondition[];
  readonly controllerPause?: boolean;
  readonly abortedAt?: Timestamp;
  readonly currentPodHash?: string;
  readonly currentStepHash?: string;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly currentStepIndex?: number;
  readonly collisionCount?: number;
  /** Text, unlike every other kind's. */
  readonly observedGeneration?: string;
  readonly conditions?: readonly Condition<RolloutConditionType>[];
  readonly canary?: CanaryStatus;
  readonly blueGreen?: BlueGreenStatus;
  readonly HPAReplicas?: number;
  /** A label selector's text, for the scale subresource. */
  readonly selector?: string;
  readonly stableRS?: string;
  readonly restartedAt?: Timestamp;
  readonly promoteFull?: boolean;
  readonly phase?: RolloutPhase;
  readonly message?: string;
  readonly workloadObservedGeneration?: string;
  readonly notRevertible?: NotRevertibleStatus;
  readonly begunAgain?: BegunAgain;
  readonly alb?: object;
  readonly albs?: readonly object[];
}

export type Rollout = Kind<"argoproj.io/v1alpha1", "Rollout", RolloutSpec, RolloutStatus>;

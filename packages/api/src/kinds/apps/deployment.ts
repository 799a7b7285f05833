import type { Condition, Kind } from "../../contract/resource.ts";
import type { PodTemplateSpec } from "../core/pod.ts";
import type { IntOrString } from "../quantities.ts";
import type { LabelSelector } from "../selector.ts";

export interface RollingUpdateDeployment {
  readonly maxUnavailable?: IntOrString;
  readonly maxSurge?: IntOrString;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/ */
export interface DeploymentSpec {
  readonly replicas?: number;
  readonly selector: LabelSelector;
  readonly template: PodTemplateSpec;
  readonly strategy?: {
    readonly type?: "RollingUpdate" | "Recreate";
    readonly rollingUpdate?: RollingUpdateDeployment;
  };
  readonly minReadySeconds?: number;
  readonly revisionHistoryLimit?: number;
  readonly paused?: boolean;
  readonly progressDeadlineSeconds?: number;
}

export interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly unavailableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly conditions?: readonly Condition[];
  readonly collisionCount?: number;
}

export type Deployment = Kind<"apps/v1", "Deployment", DeploymentSpec, DeploymentStatus>;

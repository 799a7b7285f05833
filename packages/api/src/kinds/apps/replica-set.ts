import type { Condition, Kind } from "../../contract/resource.ts";
import type { PodTemplateSpec } from "../core/pod.ts";
import type { LabelSelector } from "../selector.ts";

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/replica-set-v1/ */
export interface ReplicaSetSpec {
  readonly replicas?: number;
  readonly minReadySeconds?: number;
  readonly selector: LabelSelector;
  readonly template?: PodTemplateSpec;
}

export interface ReplicaSetStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
  readonly terminatingReplicas?: number;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export type ReplicaSet = Kind<"apps/v1", "ReplicaSet", ReplicaSetSpec, ReplicaSetStatus>;

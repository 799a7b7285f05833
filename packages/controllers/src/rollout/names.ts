import { type Rollout, undoneAnnotation } from "@sluice/api";
import { badAnnotation, configurationAnnotation, startSecondsAnnotation } from "@sluice/api/release";
import type { KindKey, ResourceKey } from "@sluice/kernel";
import { managedByAnnotation, weighedByAnnotation } from "../marks/index.ts";

export const rolloutKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" };
export const replicaSetKind: KindKey = { apiVersion: "apps/v1", kind: "ReplicaSet" };
export const disruptionBudgetKind: KindKey = { apiVersion: "policy/v1", kind: "PodDisruptionBudget" };
export const podKind: KindKey = { apiVersion: "v1", kind: "Pod" };
export const jobKind: KindKey = { apiVersion: "batch/v1", kind: "Job" };
export const configMapKind: KindKey = { apiVersion: "v1", kind: "ConfigMap" };
export const secretKind: KindKey = { apiVersion: "v1", kind: "Secret" };
export const serviceKind: KindKey = { apiVersion: "v1", kind: "Service" };
export const endpointSliceKind: KindKey = { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" };
export const analysisRunKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" };
export const experimentKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" };
export const quarantineKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine" };
export const judgementKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" };
export const rollbackPolicyKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "RollbackPolicy" };
export const evidencePolicyKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "EvidencePolicy" };
export const decisionKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" };
export const ringSetKind: KindKey = { apiVersion: "sluice.dev/v1alpha1", kind: "RingSet" };
export const virtualServiceKind: KindKey = { apiVersion: "networking.istio.io/v1", kind: "VirtualService" };
export const destinationRuleKind: KindKey = { apiVersion: "networking.istio.io/v1", kind: "DestinationRule" };

/** The original's annotations on Rollouts and their children. */
export const annotations = {
  revision: "rollout.argoproj.io/revision",
  desiredReplicas: "rollout.argoproj.io/desired-replicas",
  scaleDownDeadline: "scale-down-deadline",
  /** On ReplicaSets: labels and annotations that their Pods wear for the time being. */
  ephemeralMetadata: "rollout.argoproj.io/ephemeral-metadata",
  managedBy: managedByAnnotation,
  experiment: "experiment.argoproj.io/name",
  /** The generation of the workloadRef that status is about. */
  workloadGeneration: "rollout.argoproj.io/workload-generation",
  /** Ours, on a workloadRef's Deployment: how many Pods it had before the Rollout took over. */
  replicasBefore: "sluice.dev/replicas-before",
  takenOver: "sluice.dev/taken-over",
  trackingId: "argocd.argoproj.io/tracking-id",
  weighedBy: weighedByAnnotation,
  /** Ours: a person says that the version on its way is bad, and why. */
  bad: badAnnotation,
  /** Ours: a person let this version, by its hash, go back past what can't be undone. */
  pastNotRevertible: "sluice.dev/past-not-revertible",
  undone: undoneAnnotation,
  /** Ours, on ReplicaSets: when their version was promoted the last time. */
  promotedAt: "sluice.dev/promoted-at",
  /** Ours, on ReplicaSets: how long the slowest of their Pods took from its start to being ready, when they were new. */
  startSeconds: startSecondsAnnotation,
  /** Ours: the digest of the template as it was written, before a store filled in defaults. */
  templateDigest: "sluice.dev/template-digest",
  /** Ours, on ReplicaSets: which content of which ConfigMaps and Secrets their version began with, by digest. */
  configuration: configurationAnnotation,
  sourceRepository: "sluice.dev/source-repo",
  sourceRevision: "sluice.dev/source-revision",
  sourcePath: "sluice.dev/source-path",
} as const;

/** Our gates around the original's rules; each can be switched off with the value "off". */
export const gates = {
  noData: "sluice.dev/gate-no-data",
  crashLoop: "sluice.dev/gate-crash-loop",
  neverReady: "sluice.dev/gate-never-ready",
  progressDeadline: "sluice.dev/gate-progress-deadline",
  quarantine: "sluice.dev/gate-quarantine",
  /** Or "advise": verdicts are written down, and nothing follows. */
  judge: "sluice.dev/gate-judge",
  /** Off: ConfigMaps and Secrets are read as they are now, and are no part of a version. */
  configuration: "sluice.dev/gate-configuration",
} as const;

/** On copies of ConfigMaps and Secrets: the Rollout whose versions they belong to. */
export const snapshotLabel = "sluice.dev/snapshot-of";
/** A label's value is shorter than a name may be. */
export const snapshotOwner = ({ metadata }: Rollout): string => metadata.name.slice(0, 63).replace(/[-.]+$/, "");

export const keyIn = (kind: KindKey, namespace: string | undefined, name: string): ResourceKey => ({
  ...kind,
  ...(namespace === undefined ? {} : { namespace }),
  name,
});

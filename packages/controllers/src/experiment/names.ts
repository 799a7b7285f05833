import type { Experiment, ExperimentTemplate, Resource } from "@sluice/api";
import { canonicalJson, type KindKey, type ResourceKey, shortHash } from "@sluice/kernel";

export const experimentKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" };
export const replicaSetKind: KindKey = { apiVersion: "apps/v1", kind: "ReplicaSet" };
export const serviceKind: KindKey = { apiVersion: "v1", kind: "Service" };
export const analysisRunKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" };

/** Which child is whose: the original's two, and ours for AnalysisRuns. */
export const annotations = {
  experiment: "experiment.argoproj.io/name",
  template: "experiment.argoproj.io/template-name",
  analysis: "sluice.dev/experiment-analysis",
  scaleDownDeadline: "scale-down-deadline",
} as const;

export const keyIn = (kind: KindKey, namespace: string | undefined, name: string): ResourceKey => ({
  ...kind,
  ...(namespace === undefined ? {} : { namespace }),
  name,
});

export const keyOfChild = (kind: KindKey, { metadata }: Resource): ResourceKey =>
  keyIn(kind, metadata.namespace, metadata.name);

/** The n-th name that a version's ReplicaSet tries, while earlier ones are another's. */
export const replicaSetName = (experiment: Experiment, template: string, collision: number): string =>
  `${experiment.metadata.name}-${template}${collision === 0 ? "" : `-${collision}`}`;

export const analysisRunName = (experiment: Experiment, analysis: string, collision: number): string =>
  `${experiment.metadata.name}-${analysis}${collision === 0 ? "" : `.${collision}`}`;

/** Of one version in one experiment: two versions of the same template must not share their Pods. */
export const versionHash = ({ metadata }: Experiment, { name, template }: ExperimentTemplate): string =>
  shortHash(`${metadata.name}/${name}/${canonicalJson(template)}`);

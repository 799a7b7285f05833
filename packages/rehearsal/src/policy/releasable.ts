import type { PodTemplateSpec, Resource, Rollout } from "@sluice/api";

interface Workload extends Resource {
  readonly spec?: {
    readonly template?: PodTemplateSpec;
    readonly selector?: Rollout["spec"]["selector"];
    readonly minReplicas?: number;
    readonly scaleTargetRef?: { readonly kind?: string; readonly name?: string };
  };
  /** Of a PodTemplate. */
  readonly template?: PodTemplateSpec;
}

/** What tells of a Rollout's Pods without being part of a release. */
export const readBeside = new Set(["Deployment", "ReplicaSet", "PodTemplate", "HorizontalPodAutoscaler"]);

export interface Releasable {
  readonly rollout: Rollout;
  /** What was made up for it. */
  readonly words: readonly string[];
}

/** A Rollout that a new version can be released with: its Pods' template, as many as there are at least, nobody's pause. */
export function releasable(found: Rollout, manifests: readonly Resource[]): Releasable {
  const words: string[] = [];
  let spec = { ...found.spec };
  const { name, namespace } = found.metadata;
  const beside = (kind: string) =>
    manifests.filter(
      (object): object is Workload =>
        object.kind === kind && (object.metadata.namespace === undefined || object.metadata.namespace === namespace),
    );
  const { workloadRef, ...own } = spec;
  if (workloadRef?.name !== undefined && spec.template === undefined) {
    const { kind = "Deployment" } = workloadRef;
    const workload = beside(kind).findLast(({ metadata }) => metadata.name === workloadRef.name);
    const template = workload?.spec?.template ?? workload?.template;
    if (template === undefined) words.push(`the Pod template of ${kind} ${workloadRef.name}`);
    const labels = own.selector?.matchLabels ?? { app: name };
    const selector = own.selector ?? workload?.spec?.selector ?? { matchLabels: template?.metadata?.labels ?? labels };
    const plain = { metadata: { labels }, spec: { containers: [{ name, image: `${name}:new` }] } };
    spec = { ...own, selector, template: template ?? plain };
  }
  if (spec.paused === true) {
    const { paused: _, ...rest } = spec;
    spec = rest;
    words.push("somebody who resumes it: spec.paused holds every release until then");
  }
  const scaler = beside("HorizontalPodAutoscaler").find(({ spec: of }) => {
    return of?.scaleTargetRef?.kind === "Rollout" && of.scaleTargetRef.name === name;
  });
  if (spec.replicas === undefined && scaler !== undefined) {
    const replicas = scaler.spec?.minReplicas ?? 1;
    spec = { ...spec, replicas };
    words.push(`${replicas} Pods, the fewest that HorizontalPodAutoscaler ${scaler.metadata.name} keeps`);
  }
  return { rollout: { ...found, spec }, words };
}

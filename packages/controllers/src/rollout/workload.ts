import type {
  Deployment,
  LabelSelector,
  PodTemplate,
  PodTemplateSpec,
  ReplicaSet,
  Resource,
  Rollout,
  RolloutWorkloadReference,
} from "@sluice/api";
import type { KindKey, Reader } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import { replicasOf } from "./canary/steps.ts";
import { conditionOf } from "./conditions.ts";
import { annotations, keyIn } from "./names.ts";
import { availableOf, hashOf, type View } from "./view.ts";
import { writtenTemplate } from "./written-template.ts";

/** Where a Rollout's template stands: in itself, or in the resource that its workloadRef names. */
export type ObservedWorkload =
  | { readonly is: "own" }
  | { readonly is: "found"; readonly object: Resource }
  /** The version that is there goes on; the next one can't begin. */
  | { readonly is: "missing"; readonly reference: RolloutWorkloadReference };

const versions = { Deployment: "apps/v1", ReplicaSet: "apps/v1", PodTemplate: "v1" } as const;

export const workloadKind = ({ kind = "Deployment" }: RolloutWorkloadReference): KindKey => ({
  apiVersion: versions[kind],
  kind,
});

export async function readWorkload({ metadata, spec }: Rollout, read: Reader): Promise<ObservedWorkload> {
  const { workloadRef } = spec;
  if (workloadRef === undefined) return { is: "own" };
  const key = keyIn(workloadKind(workloadRef), metadata.namespace, workloadRef.name ?? "");
  const object = await read.get<Resource>(key);
  return object === undefined ? { is: "missing", reference: workloadRef } : { is: "found", object };
}

/** The Rollout as if it held the template itself. */
export function resolvedRollout(
  rollout: Rollout,
  workload: ObservedWorkload,
  replicaSets: readonly ReplicaSet[],
): Rollout {
  if (workload.is === "own") return rollout;
  const source = workload.is === "found" ? partsOf(workload.object) : partsOfCurrent(rollout, replicaSets);
  const selector = rollout.spec.selector ?? source.selector;
  return {
    ...rollout,
    spec: {
      ...rollout.spec,
      ...(selector === undefined ? {} : { selector }),
      ...(source.template === undefined ? {} : { template: source.template }),
    },
  };
}

interface Parts {
  readonly template?: PodTemplateSpec | undefined;
  readonly selector?: LabelSelector | undefined;
}

/** The label by which a Deployment tells its own Pods apart; no Rollout's Pod may wear it. */
const deploymentHash = "pod-template-hash";

/** The template that a workload holds, as it stands there. */
export const templateIn = (object: Resource): PodTemplateSpec | undefined => partsOf(object).template;

function partsOf(object: Resource): Parts {
  if (object.kind === "PodTemplate") return { template: (object as PodTemplate).template };
  const { template, selector } = (object as Deployment | ReplicaSet).spec;
  const { [deploymentHash]: _, ...matchLabels } = selector.matchLabels ?? {};
  const { [deploymentHash]: hash, ...labels } = template?.metadata?.labels ?? {};
  return {
    template:
      template === undefined || hash === undefined
        ? template
        : { ...template, metadata: { ...template.metadata, labels } },
    selector: { ...selector, matchLabels },
  };
}

function partsOfCurrent(rollout: Rollout, replicaSets: readonly ReplicaSet[]): Parts {
  const set = replicaSets.find((candidate) => hashOf(candidate) === rollout.status?.currentPodHash);
  if (set === undefined) return {};
  const template = writtenTemplate(set, rollout);
  return { template, selector: { matchLabels: template?.metadata?.labels ?? {} } };
}

/**
 * The size of the referenced workload's own Pods, where scaleDown lets the Rollout take them over. Before that, what the
 * Rollout doesn't have stays with them; afterwards they stay away, also when somebody applies their manifest again and
 * also while the Rollout's own are down.
 */
export function planWorkload(workload: ObservedWorkload, view: View): readonly Effect[] {
  const { scaleDown = "never" } = view.rollout.spec.workloadRef ?? {};
  if (workload.is !== "found" || workload.object.kind === "PodTemplate") return [];
  const { metadata, spec } = workload.object as Deployment | ReplicaSet;
  const noted = metadata.annotations?.[annotations.replicasBefore];
  const key = keyIn(workload.object, metadata.namespace, metadata.name);
  if (scaleDown === "never") {
    // What scaled it is switched off: its size is its own again.
    const value = { metadata: { annotations: { [annotations.replicasBefore]: null } } };
    return noted === undefined ? [] : [{ do: "patch", key, patch: { type: "merge", value } }];
  }
  const current = spec.replicas ?? 1;
  const before = noted === undefined ? current : Number(noted);
  const replicas = sizeFor(scaleDown, view, before, current);
  if (replicas === current && (noted !== undefined || replicas > 0)) return [];
  const value = {
    metadata: { annotations: { [annotations.replicasBefore]: String(before) } },
    spec: { replicas },
  };
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}

function sizeFor(scaleDown: "onsuccess" | "progressively", view: View, before: number, current: number): number {
  const { rollout, status, canary, stable, older } = view;
  if (replicasOf(rollout) === 0) return current;
  // Set from the first time on that it was healthy.
  if (conditionOf(status.conditions, "Healthy") !== undefined) return 0;
  if (scaleDown === "onsuccess") return current;
  const hasFailed =
    status.abort === true || conditionOf(status.conditions, "Progressing")?.reason === "ProgressDeadlineExceeded";
  if (hasFailed) return before;
  const sets = new Set([canary, stable, ...older]);
  const available = [...sets].reduce((sum, set) => sum + availableOf(set), 0);
  return Math.max(0, before - available);
}

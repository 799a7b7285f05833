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
import { podHashLabel } from "../../version/index.ts";
import { writtenTemplate } from "../metadata/written-template.ts";
import { keyIn } from "../names.ts";

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

/** By which its ReplicaSets are its own; undefined while nobody can say. */
export function selectorOf({ spec }: Rollout, workload: ObservedWorkload): LabelSelector | undefined {
  if (workload.is === "missing") return undefined;
  return spec.selector ?? (workload.is === "found" ? partsOf(workload.object).selector : undefined);
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
  const set = replicaSets.find(
    ({ metadata }) =>
      metadata.labels?.[podHashLabel] !== undefined && metadata.labels[podHashLabel] === rollout.status?.currentPodHash,
  );
  if (set === undefined) return {};
  const template = writtenTemplate(set, rollout);
  return { template, selector: { matchLabels: template?.metadata?.labels ?? {} } };
}

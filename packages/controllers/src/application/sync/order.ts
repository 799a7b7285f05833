import type { Resource } from "@sluice/api";
import { annotations } from "../names.ts";

// Resources are applied in the order of their kinds. Borrowed from Argo CD's gitops-engine, which has it from Helm:
// https://github.com/argoproj/argo-cd/blob/master/gitops-engine/pkg/sync/sync_tasks.go
const kinds = [
  "Namespace",
  "NetworkPolicy",
  "ResourceQuota",
  "LimitRange",
  "PodSecurityPolicy",
  "PodDisruptionBudget",
  "ServiceAccount",
  "Secret",
  "SecretList",
  "ConfigMap",
  "StorageClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "CustomResourceDefinition",
  "ClusterRole",
  "ClusterRoleList",
  "ClusterRoleBinding",
  "ClusterRoleBindingList",
  "Role",
  "RoleList",
  "RoleBinding",
  "RoleBindingList",
  "Service",
  "DaemonSet",
  "Pod",
  "ReplicationController",
  "ReplicaSet",
  "Deployment",
  "HorizontalPodAutoscaler",
  "StatefulSet",
  "Job",
  "CronJob",
  "IngressClass",
  "Ingress",
  "APIService",
] as const;

const kindOrder: ReadonlyMap<string, number> = new Map(kinds.map((kind, index) => [kind, index - kinds.length]));

/** What one resource of a sync is about, so far as order goes. */
export interface Ordered {
  readonly wave: number;
  readonly kind: string;
  readonly name: string;
}

/** Kinds that the list doesn't know come last; namespaces are no key. */
export function compareOrder(a: Ordered, b: Ordered): number {
  if (a.wave !== b.wave) return a.wave - b.wave;
  const byKind = (kindOrder.get(a.kind) ?? 0) - (kindOrder.get(b.kind) ?? 0);
  if (byKind !== 0) return byKind;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/** An annotation that is no integer counts as absent. */
export function waveOf({ metadata }: Resource): number {
  for (const name of [annotations.syncWave, annotations.helmHookWeight]) {
    const text = metadata.annotations?.[name];
    if (text !== undefined && /^[-+]?\d{1,9}$/.test(text)) return Number(text);
  }
  return 0;
}

/**
 * Sorts, then moves a Namespace in front of the first resource in it and a CustomResourceDefinition in front of the
 * first object of its kind, giving it that one's wave.
 */
export function inOrder<Task extends Ordered & { readonly resource: Resource }>(
  tasks: readonly Task[],
  withWave: (task: Task, wave: number) => Task,
): readonly Task[] {
  const sorted = [...tasks].sort(compareOrder);
  for (const task of [...sorted]) {
    const isUser = dependentTest(task.resource);
    if (isUser === undefined) continue;
    const from = sorted.indexOf(task);
    const to = sorted.findIndex(({ resource }) => isUser(resource));
    const first = sorted[to];
    if (first === undefined || to > from) continue;
    sorted.splice(from, 1);
    sorted.splice(to, 0, withWave(task, first.wave));
  }
  return sorted;
}

/** Which resources need this one to be there before them. */
function dependentTest({ apiVersion, kind, metadata, spec }: Resource): ((other: Resource) => boolean) | undefined {
  if (kind === "Namespace" && apiVersion === "v1") {
    return (other) => other.metadata.namespace === metadata.name && other.kind !== "Namespace";
  }
  if (kind !== "CustomResourceDefinition") return undefined;
  const { group, names } = (spec ?? {}) as { group?: string; names?: { kind?: string } };
  return (other) => other.kind === names?.kind && other.apiVersion.startsWith(`${group}/`);
}

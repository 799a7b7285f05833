import { controlledBy, keyOf, type Pod, type ReplicaSet, type ReplicaSetStatus } from "@sluice/api";
import { type Instant, type Plan, type PlannedEvent, shortHash } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import { type Claims, claimed } from "../ownership/index.ts";
import { availableAt, byDispensability, isActive, isReady } from "../pods/index.ts";

export interface ObservedReplicaSet {
  readonly replicaSet: ReplicaSet;
  /** Its own; those that end or are deleted included. */
  readonly pods: readonly Pod[];
  readonly orphans: Claims<Pod>["orphans"];
  readonly strays: Claims<Pod>["strays"];
}

/** As many Pods as asked for: the missing ones are created, the most dispensable ones deleted. */
export function planReplicaSet(observed: ObservedReplicaSet, now: Instant): Plan<StoreAction, ReplicaSetStatus> {
  const { replicaSet, pods } = observed;
  const active = pods.filter(isActive);
  const { status, wakeAt } = statusOf(replicaSet, active, now);
  const wake = wakeAt === undefined ? {} : { wakeAt };
  if (replicaSet.metadata.deletionTimestamp !== undefined)
    return { actions: [], status, because: "it is being deleted" };
  const taken = claimed(replicaSet, observed);
  if (taken.length > 0) return { actions: taken, status, because: "Pods are adopted or let go first", ...wake };

  const wanted = replicaSet.spec.replicas ?? 1;
  const missing = wanted - active.length;
  if (missing > 0) {
    const created = freeNames(replicaSet, pods, missing).map((name) => podOf(replicaSet, name));
    return {
      actions: created.map((object) => ({ do: "create", object })),
      status,
      because: `${active.length} of ${wanted} Pods are there`,
      events: created.map(({ metadata }) => event("SuccessfulCreate", `Created pod: ${metadata.name}`)),
      ...wake,
    };
  }
  if (missing < 0) {
    const doomed = [...active].sort(byDispensability).slice(0, -missing);
    // They are gone once this is written: whoever reads that it has caught up mustn't count on them.
    const staying = active.filter((pod) => !doomed.includes(pod));
    return {
      actions: doomed.map((pod) => ({ do: "delete", key: keyOf(pod), options: withUid(pod) })),
      ...statusOf(replicaSet, staying, now),
      because: `${-missing} Pods too many`,
      events: doomed.map(({ metadata }) => event("SuccessfulDelete", `Deleted pod: ${metadata.name}`)),
    };
  }
  return { actions: [], status, because: `${wanted} Pods, as asked for`, ...wake };
}

const event = (reason: string, message: string): PlannedEvent => ({ type: "Normal", reason, message });

const withUid = ({ metadata }: Pod) => (metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } });

/** Pods' names come from the owner and a slot: a creation that is repeated creates nothing twice. */
function freeNames({ metadata }: ReplicaSet, pods: readonly Pod[], count: number): string[] {
  const used = new Set(pods.map((pod) => pod.metadata.name));
  const free: string[] = [];
  for (let slot = 0; free.length < count; slot++) {
    const name = `${metadata.name.slice(0, 240)}-${shortHash(`${metadata.uid}/${slot}`).slice(-5)}`;
    if (!used.has(name) && !free.includes(name)) free.push(name);
  }
  return free;
}

function podOf(replicaSet: ReplicaSet, name: string): Pod {
  const { template, selector } = replicaSet.spec;
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${replicaSet.metadata.name}-`,
      ...(replicaSet.metadata.namespace === undefined ? {} : { namespace: replicaSet.metadata.namespace }),
      labels: labels ?? selector.matchLabels ?? {},
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controlledBy(replicaSet)],
    },
    spec: template?.spec ?? { containers: [] },
  };
}

function statusOf(
  { spec, metadata, status }: ReplicaSet,
  active: readonly Pod[],
  now: Instant,
): { readonly status: ReplicaSetStatus; readonly wakeAt?: Instant } {
  const minReadySeconds = spec.minReadySeconds ?? 0;
  const templateLabels = Object.entries(spec.template?.metadata?.labels ?? {});
  const times = active.flatMap((pod) => availableAt(pod, minReadySeconds) ?? []);
  const pending = times.filter((at) => at > now && minReadySeconds > 0);
  const next: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata: { labels = {} } }) =>
      templateLabels.every(([key, value]) => labels[key] === value),
    ).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: times.length - pending.length,
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
    ...(status?.conditions === undefined ? {} : { conditions: status.conditions }),
  };
  const soonest = pending.sort((a, b) => a - b)[0];
  return soonest === undefined ? { status: next } : { status: next, wakeAt: soonest };
}

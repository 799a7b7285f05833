import { matchesSelector, type Pod, type PodDisruptionBudget, type ReplicaSet, type Rollout } from "@sluice/api";
import type { Reader } from "@sluice/kernel";
import { isActive, isReady } from "../../pods/index.ts";
import { countOf } from "../canary/replicas/limits.ts";
import { disruptionBudgetKind, podKind } from "../names.ts";

/** Budgets of the namespace and the Pods that they count; nothing where there is no budget. */
export interface ObservedBudgets {
  readonly budgets: readonly PodDisruptionBudget[];
  readonly pods: readonly Pod[];
}

/** Read only while a restart is wanted: nothing else asks. */
export async function readBudgets({ metadata, spec, status }: Rollout, read: Reader): Promise<ObservedBudgets> {
  const isWanted = spec.restartAt !== undefined && status?.restartedAt !== spec.restartAt;
  if (!isWanted) return { budgets: [], pods: [] };
  const inNamespace = metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
  const budgets = await read.list<PodDisruptionBudget>(disruptionBudgetKind, inNamespace);
  return { budgets, pods: budgets.length === 0 ? [] : await read.list<Pod>(podKind, inNamespace) };
}

/**
 * Of these Pods, in their order, those that may go at once. Counted from the Pods themselves: a budget's status may be
 * late. A Pod under several budgets needs the word of each, where an eviction would be refused altogether.
 * Source: kubernetes pkg/controller/disruption and pkg/registry/core/pod/storage/eviction.go.
 */
export function evictable(
  candidates: readonly Pod[],
  { budgets, pods }: ObservedBudgets,
  replicaSets: readonly ReplicaSet[],
): readonly Pod[] {
  const rooms = budgets.map((budget) => ({ budget, ...roomOf(budget, pods, replicaSets) }));
  return candidates.filter((pod) => {
    const mine = rooms.filter(({ budget }) => matches(budget, pod));
    const isHealthy = isReady(pod);
    const isAllowed = mine.every(({ budget, healthy, desired }) => {
      if (isHealthy) return healthy > desired;
      return budget.spec.unhealthyPodEvictionPolicy === "AlwaysAllow" || healthy >= desired;
    });
    if (isAllowed && isHealthy) for (const room of mine) room.healthy--;
    return isAllowed;
  });
}

function roomOf(budget: PodDisruptionBudget, pods: readonly Pod[], replicaSets: readonly ReplicaSet[]) {
  const { minAvailable, maxUnavailable } = budget.spec;
  const selected = pods.filter((pod) => isActive(pod) && matches(budget, pod));
  const owners = new Set(selected.map(ownerOf));
  const own = replicaSets.filter(({ metadata }) => owners.has(metadata.uid));
  const ownUids = new Set(own.map(({ metadata }) => metadata.uid));
  const others = selected.filter((pod) => !ownUids.has(ownerOf(pod)));
  const expected = own.reduce((sum, set) => sum + (set.spec.replicas ?? 1), others.length);
  const healthy = selected.filter(isReady).length;
  if (maxUnavailable !== undefined) {
    return { healthy, desired: Math.max(0, expected - countOf(maxUnavailable, expected, Math.ceil)) };
  }
  // A budget that names neither protects nothing.
  return { healthy, desired: minAvailable === undefined ? 0 : countOf(minAvailable, expected, Math.ceil) };
}

const ownerOf = ({ metadata }: Pod): string | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller === true)?.uid;

/** An empty selector picks every Pod, none at all picks none. */
const matches = ({ spec }: PodDisruptionBudget, { metadata }: Pod): boolean =>
  spec.selector !== undefined && matchesSelector(spec.selector, metadata.labels);

import type { ReplicaSet } from "@sluice/api";
import type { Sizes } from "./scale.ts";
import { availableOf, type DeploymentView, replicasOf, sum } from "./view.ts";

/** What a new ReplicaSet may grow to without too many Pods at once. `from` is its present size. */
export function newSize(view: DeploymentView, from: number): number {
  const { replicas, isRolling, fenceposts, all } = view;
  if (!isRolling || from >= replicas) return replicas;
  const room = replicas + fenceposts.maxSurge - sum(all, replicasOf);
  return room <= 0 ? from : from + Math.min(room, replicas - from);
}

/**
 * What the old ReplicaSets may shrink to without too few Pods: those that aren't available go first, then whatever the
 * new one makes up for.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/rolling.go
 */
export function oldSizes({ newest, old, all, replicas, fenceposts }: DeploymentView): Sizes {
  const sizes = new Map<ReplicaSet, number>();
  if (newest === undefined || sum(old, replicasOf) === 0) return sizes;
  const minAvailable = replicas - fenceposts.maxUnavailable;
  const newUnavailable = replicasOf(newest) - availableOf(newest);
  const removable = sum(all, replicasOf) - minAvailable - newUnavailable;
  if (removable <= 0) return sizes;

  const sizeOf = (replicaSet: ReplicaSet) => sizes.get(replicaSet) ?? replicasOf(replicaSet);
  let cleaned = 0;
  for (const replicaSet of old) {
    const unhealthy = replicasOf(replicaSet) - availableOf(replicaSet);
    const count = Math.min(removable - cleaned, unhealthy);
    if (replicasOf(replicaSet) === 0 || count <= 0) continue;
    sizes.set(replicaSet, replicasOf(replicaSet) - count);
    cleaned += count;
  }
  // What was just made smaller may still tell of the Pods that go.
  let surplus = sum(all, (set) => Math.min(availableOf(set), replicasOf(set))) - minAvailable;
  for (const replicaSet of old) {
    const count = Math.min(sizeOf(replicaSet), surplus);
    if (count <= 0) continue;
    sizes.set(replicaSet, sizeOf(replicaSet) - count);
    surplus -= count;
  }
  return sizes;
}

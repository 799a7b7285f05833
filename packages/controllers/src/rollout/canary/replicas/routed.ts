export interface RoutedCanary {
  readonly replicas: number;
  readonly weight: number;
  /** From setCanaryScale; bypasses the minimum. */
  readonly explicit: number | undefined;
  readonly minPodsPerReplicaSet?: number | undefined;
}

/**
 * The canary's Pods when a router carries the weight; stable stays at all of them and surge doesn't matter.
 * Source: argo-rollouts utils/replicaset/canary.go CalculateReplicaCountsForTrafficRoutedCanary.
 */
export function routedCanaryCount({ replicas, weight, explicit, minPodsPerReplicaSet = 1 }: RoutedCanary): number {
  if (explicit !== undefined) return explicit;
  const count = Math.ceil((replicas * weight) / 100);
  return count === 0 ? 0 : Math.min(Math.max(count, minPodsPerReplicaSet), replicas);
}

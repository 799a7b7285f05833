import type { ReplicaCounts } from "./approximate.ts";

export interface RoutedCanary {
  readonly replicas: number;
  readonly weight: number;
  /** From setCanaryScale; bypasses the minimum. */
  readonly explicit: number | undefined;
  readonly minPodsPerReplicaSet?: number | undefined;
  /** Present where the stable version shrinks as traffic leaves it. */
  readonly dynamic?: DynamicStableScale | undefined;
}

export interface DynamicStableScale {
  /** What was routed to the canary when this status was written; undefined before anything was. */
  readonly routed: number | undefined;
  /** What the stable version shall have of the traffic, whatever the canary is sized for. */
  readonly due?: number;
  /** By setCanaryScale: then the canary's Pods don't follow its traffic. */
  readonly isScaled?: boolean;
}

/**
 * Pods of both sides when a router carries the weight; surge doesn't matter. Stable stays whole, or is as large as the
 * larger of what it has of the traffic and what it shall have: it shrinks after traffic left and grows before it comes. So
 * does the canary then, also where a step asks for less or for none of its Pods: the original shrinks that before its traffic left.
 * Source: argo-rollouts utils/replicaset/canary.go CalculateReplicaCountsForTrafficRoutedCanary.
 */
export function routedCounts({ replicas, weight, explicit, minPodsPerReplicaSet = 1, dynamic }: RoutedCanary) {
  const sized = (share: number): number => Math.ceil((replicas * share) / 100);
  const atLeast = (count: number): number =>
    count === 0 ? 0 : Math.min(Math.max(count, minPodsPerReplicaSet), replicas);
  if (dynamic === undefined || (explicit ?? 0) > 0)
    return { canary: explicit ?? atLeast(sized(weight)), stable: replicas } satisfies ReplicaCounts;
  const { routed = weight, due = 0, isScaled = false } = dynamic;
  return {
    canary: atLeast(sized(isScaled && weight > 0 ? weight : Math.max(routed, weight))),
    stable: atLeast(sized(Math.max(100 - weight, 100 - routed, due))),
  } satisfies ReplicaCounts;
}

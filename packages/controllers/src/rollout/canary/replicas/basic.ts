import { approximateCounts, type ReplicaCounts } from "./approximate.ts";

/** One ReplicaSet's wish and what it has. */
interface Sized {
  readonly wanted: number;
  readonly available: number;
}

export interface BasicCanary {
  readonly replicas: number;
  readonly weight: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly canary: Sized | undefined;
  /** Undefined where nothing is stable yet, or the canary is what is stable. */
  readonly stable: Sized | undefined;
  /** Wanted Pods of every other ReplicaSet. */
  readonly older: number;
}

/**
 * The next counts on the way to a weight, within surge and availability.
 * Stable grows first; while older ReplicaSets live, neither side loses a Pod that serves.
 * Source: argo-rollouts utils/replicaset/canary.go CalculateReplicaCountsForBasicCanary.
 */
export function basicCounts(input: BasicCanary): ReplicaCounts {
  const { replicas, weight, maxSurge, maxUnavailable, canary, stable, older } = input;
  const goal =
    stable === undefined ? { canary: replicas, stable: 0 } : approximateCounts(replicas, weight, 100, maxSurge);
  const most = replicas + maxSurge;
  const least = replicas - maxUnavailable;
  let nextCanary = canary?.wanted ?? 0;
  let nextStable = stable?.wanted ?? 0;
  let room = most - nextCanary - nextStable - older;

  if (stable !== undefined && stable.wanted < goal.stable && room > 0) {
    nextStable = Math.min(stable.wanted + room, goal.stable);
    room -= nextStable - stable.wanted;
  }
  if (canary !== undefined && canary.wanted < goal.canary && room > 0) {
    nextCanary = Math.min(canary.wanted + room, goal.canary);
  }
  if (older > 0)
    return {
      canary: withoutBroken(canary, goal.canary, nextCanary),
      stable: withoutBroken(stable, goal.stable, nextStable),
    };

  const isIncreasing = canary === undefined || goal.canary >= canary.wanted;
  const droppable = countable(canary, !isIncreasing) + countable(stable, isIncreasing) - least;
  if (droppable <= 0) return { canary: nextCanary, stable: nextStable };

  if (isIncreasing) {
    nextStable = drained(stable, goal.stable, droppable, nextStable);
    [nextStable, nextCanary] = withinLimits(nextStable, nextCanary, most, least);
  } else {
    nextCanary = drained(canary, goal.canary, droppable, nextCanary);
    [nextCanary, nextStable] = withinLimits(nextCanary, nextStable, most, least);
  }
  return { canary: nextCanary, stable: nextStable };
}

/** Pods that may be counted on: availability of the side being drained doesn't matter. */
function countable(side: Sized | undefined, ignoresAvailability: boolean): number {
  if (side === undefined) return 0;
  return side.wanted < side.available || ignoresAvailability ? side.wanted : side.available;
}

/** What is surplus and not available only takes the room of a side that could grow. */
function withoutBroken(side: Sized | undefined, goal: number, planned: number): number {
  if (side === undefined || side.wanted <= goal) return planned;
  return Math.max(goal, Math.min(side.wanted, side.available));
}

function drained(side: Sized | undefined, goal: number, droppable: number, planned: number): number {
  if (side === undefined || side.wanted <= goal) return planned;
  return Math.max(goal, side.wanted - droppable);
}

function withinLimits(draining: number, other: number, most: number, least: number): [number, number] {
  const over = Math.max(0, draining + other - most);
  const kept = Math.max(0, other - over);
  const missing = Math.max(0, least - draining - kept);
  return [draining + missing, kept];
}

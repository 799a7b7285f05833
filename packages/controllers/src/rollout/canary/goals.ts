import type { ReplicaSet, Rollout } from "@sluice/api";
import { isLasting } from "../lasting/marks.ts";
import { pauseOf } from "../turn/pauses.ts";
import { availableOf, deadlineOf, isCaughtUp, type View, wantedOf } from "../view.ts";
import { weightGoal } from "./holdback.ts";
import { approximateCounts, type ReplicaCounts } from "./replicas/approximate.ts";
import { basicCounts } from "./replicas/basic.ts";
import { surgeLimits } from "./replicas/limits.ts";
import { routedCounts } from "./replicas/routed.ts";
import { isEnough } from "./replicas/threshold.ts";
import { canaryOf, isDynamic, isRouted, replicasOf, scaleAt, weightAt, weightBefore } from "./steps.ts";

interface CanarySize {
  readonly weight: number;
  readonly explicit?: number;
  /** By a setCanaryScale. */
  readonly isScaled: boolean;
}

/** Pods of the canary as a weight, or as a number that setCanaryScale names. */
function canarySize(view: View, isAborted: boolean): CanarySize {
  const { rollout, status, progress } = view;
  // What is quarantined stays away, also where a person just asked for all of it.
  const isWanted = status.promoteFull === true && !isAborted;
  if (view.isFirst || view.isFullyPromoted || isWanted) return { weight: 100, isScaled: false };
  const keepsAborted = canaryOf(rollout).abortScaleDownDelaySeconds === 0;
  const counts = isRouted(rollout) && (!isAborted || keepsAborted) && !mustStay(view);
  const scale = counts ? scaleAt(progress) : undefined;
  if (scale?.replicas !== undefined) return { weight: 0, explicit: scale.replicas, isScaled: true };
  if (scale?.weight !== undefined) return { weight: scale.weight, isScaled: true };
  return { weight: isAborted ? 0 : weightAt(progress), isScaled: false };
}

/**
 * Steps ask for no Pod of what can't be undone, and users have it: they don't go back to code from before it, nor to nobody.
 */
export function mustStay(view: View): boolean {
  const { replicas, weight } = scaleAt(view.progress) ?? {};
  return (replicas === 0 || weight === 0) && isLasting(view) && ownWeight(view) > 0;
}

/**
 * A version that was superseded on its way still carries what a stable version that was made smaller can't take yet: it
 * hands over by and by, and the next version begins when it has.
 */
export function isDraining({ rollout, status, older, isFirst }: View): boolean {
  const routed = status.canary?.weights?.canary.weight ?? 0;
  if (isFirst || routed === 0 || !isDynamic(rollout)) return false;
  return older.some((set) => wantedOf(set) > 0 && deadlineOf(set) === undefined);
}

/** What this version had by the last status, not one before it, or has by a route: either may be written without the other. */
export function ownWeight({ status, hash, routed }: View): number {
  const { weight = 0, podTemplateHash } = status.canary?.weights?.canary ?? {};
  return Math.max(routed?.most ?? 0, podTemplateHash === hash ? weight : 0);
}

/** Where the counts should end, however far the way. */
export function goalCounts(view: View, isAborted: boolean): ReplicaCounts {
  const { rollout, status } = view;
  const replicas = replicasOf(rollout);
  const { weight, explicit, isScaled } = canarySize(view, isAborted);
  if (view.isFirst || view.isFullyPromoted) return { canary: replicas, stable: 0 };
  if (isDraining(view)) return { canary: 0, stable: replicas };
  if (isRouted(rollout)) {
    const { minPodsPerReplicaSet } = canaryOf(rollout);
    // A full promotion leaves it nothing, whatever the steps say.
    const due = isAborted ? 100 : status.promoteFull === true ? 0 : 100 - weightGoal(view);
    const routed = status.canary?.weights?.canary.weight;
    const dynamic = isDynamic(rollout) ? { routed, due, isScaled } : undefined;
    return routedCounts({ replicas, weight, explicit, minPodsPerReplicaSet, dynamic });
  }
  return approximateCounts(replicas, weight, 100, surgeLimits(canaryOf(rollout), replicas).maxSurge);
}

const isStopped = (view: View): boolean =>
  view.status.notRevertible?.stoppedFor !== undefined && pauseOf(view, "NotRevertible") !== undefined;

/** The counts to write now. */
export function nextCounts(view: View, isAborted: boolean): ReplicaCounts {
  const { rollout, canary, stable, older } = view;
  if (isRouted(rollout)) return goalCounts(view, isAborted);
  const replicas = replicasOf(rollout);
  const sized = (set: typeof canary) =>
    set === undefined ? undefined : { wanted: wantedOf(set), available: availableOf(set) };
  const counts = basicCounts({
    replicas,
    ...surgeLimits(canaryOf(rollout), replicas),
    weight: canarySize(view, isAborted).weight,
    // One that is still to be made counts as empty.
    canary: sized(canary) ?? { wanted: 0, available: 0 },
    stable: view.isFullyPromoted ? undefined : sized(stable),
    older: older.reduce((sum, set) => sum + wantedOf(set), 0),
  });
  if (!isStopped(view) || isAborted) return counts;
  // Pods are the weight: whoever asks whether it goes on in spite of a verdict gives it no more of them.
  const kept = Math.min(counts.canary, wantedOf(canary));
  return { canary: kept, stable: Math.max(counts.stable, replicas - kept) };
}

/**
 * The steps ask for traffic and, by setCanaryScale, for no Pod to send it to. As in the original it stays with the stable
 * version, and the steps go on.
 */
export const hasNobodyToSendTo = (view: View): boolean =>
  isRouted(view.rollout) &&
  !view.isFullyPromoted &&
  !isDraining(view) &&
  weightAt(view.progress) > 0 &&
  asksForNone(view);

/** In the end: what a smaller stable version can't take yet still has its Pods. */
function asksForNone(view: View): boolean {
  const { weight, explicit } = canarySize(view, false);
  return replicasOf(view.rollout) === 0 ? (explicit ?? 0) === 0 : (explicit ?? weight) === 0;
}

/** The canary has the Pods that this step asks for, or as many of them as its threshold is content with. */
export const hasCanaryPods = ({ rollout, canary }: View, wanted: number): boolean =>
  canary !== undefined && hasPods(rollout, canary, wanted);

const hasPods = (rollout: Rollout, set: ReplicaSet, wanted: number): boolean =>
  isCaughtUp(set) && isEnough(availableOf(set), wanted, canaryOf(rollout).replicaProgressThreshold);

/** As many as it is asked for, or as its threshold is content with. */
export const hasStablePods = (view: View): boolean =>
  view.stable !== undefined && hasPods(view.rollout, view.stable, goalCounts(view, false).stable);

/**
 * Both sides have the Pods that this step asks for. Stable's are waited for only where it gets more to do: one that is
 * broken gets less with each step of its fix and must not hold it up.
 */
export function areAtGoal(view: View): boolean {
  if (isDraining(view)) return false;
  const { rollout, canary, stable, older, progress } = view;
  const goal = goalCounts(view, false);
  if (canary === undefined || wantedOf(canary) !== goal.canary || !hasCanaryPods(view, goal.canary)) return false;
  const other = stable === canary ? undefined : stable;
  const getsMore = weightAt(progress) < weightBefore(progress) || weightGoal(view) < ownWeight(view);
  if (other !== undefined && getsMore && !hasPods(rollout, other, goal.stable)) return false;
  if (isRouted(rollout)) return true;
  const isStableThere = other === undefined || wantedOf(other) === goal.stable;
  return isStableThere && older.every((set) => availableOf(set) === 0);
}

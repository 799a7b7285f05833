import { availableOf, type View, wantedOf } from "../view.ts";
import { approximateCounts, type ReplicaCounts } from "./replicas/approximate.ts";
import { basicCounts } from "./replicas/basic.ts";
import { surgeLimits } from "./replicas/limits.ts";
import { routedCanaryCount } from "./replicas/routed.ts";
import { canaryOf, isRouted, replicasOf, scaleAt, weightAt } from "./steps.ts";

/** Pods of the canary as a weight, or as a number that setCanaryScale names. */
function canarySize(
  view: View,
  isAborted: boolean,
): { readonly weight: number; readonly explicit: number | undefined } {
  const { rollout, status, progress } = view;
  if (view.isFirst || view.isFullyPromoted || status.promoteFull === true) return { weight: 100, explicit: undefined };
  const keepsAborted = canaryOf(rollout).abortScaleDownDelaySeconds === 0;
  const scale = isRouted(rollout) && (!isAborted || keepsAborted) ? scaleAt(progress) : undefined;
  if (scale?.replicas !== undefined) return { weight: 0, explicit: scale.replicas };
  if (scale?.weight !== undefined) return { weight: scale.weight, explicit: undefined };
  return { weight: isAborted ? 0 : weightAt(progress), explicit: undefined };
}

/** Where the counts should end, however far the way. */
export function goalCounts(view: View, isAborted: boolean): ReplicaCounts {
  const { rollout } = view;
  const replicas = replicasOf(rollout);
  const { weight, explicit } = canarySize(view, isAborted);
  if (view.isFirst || view.isFullyPromoted) return { canary: replicas, stable: 0 };
  if (isRouted(rollout)) {
    const { minPodsPerReplicaSet } = canaryOf(rollout);
    return { canary: routedCanaryCount({ replicas, weight, explicit, minPodsPerReplicaSet }), stable: replicas };
  }
  return approximateCounts(replicas, weight, 100, surgeLimits(canaryOf(rollout), replicas).maxSurge);
}

/** The counts to write now. */
export function nextCounts(view: View, isAborted: boolean): ReplicaCounts {
  const { rollout, canary, stable, older } = view;
  if (isRouted(rollout)) return goalCounts(view, isAborted);
  const replicas = replicasOf(rollout);
  const sized = (set: typeof canary) =>
    set === undefined ? undefined : { wanted: wantedOf(set), available: availableOf(set) };
  return basicCounts({
    replicas,
    ...surgeLimits(canaryOf(rollout), replicas),
    weight: canarySize(view, isAborted).weight,
    // One that is still to be made counts as empty.
    canary: sized(canary) ?? { wanted: 0, available: 0 },
    stable: view.isFullyPromoted ? undefined : sized(stable),
    older: older.reduce((sum, set) => sum + wantedOf(set), 0),
  });
}

/** Both sides have the Pods that this step asks for. */
export function areAtGoal(view: View): boolean {
  const { rollout, canary, stable, older } = view;
  const goal = goalCounts(view, false);
  if (canary === undefined || wantedOf(canary) !== goal.canary || availableOf(canary) < goal.canary) return false;
  if (stable !== undefined && stable !== canary && availableOf(stable) < goal.stable) return false;
  if (isRouted(rollout)) return true;
  const isStableThere = stable === undefined || stable === canary || wantedOf(stable) === goal.stable;
  return isStableThere && older.every((set) => availableOf(set) === 0);
}

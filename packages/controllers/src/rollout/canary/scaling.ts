import type { ReplicaSet } from "@sluice/api";
import { after, formatInstant, type Instant, parseInstant, seconds } from "@sluice/kernel";
import { type ScalePlan, Scaling, type Wish } from "../pods/scaling.ts";
import { availableOf, deadlineOf, revisionOf, type View, wantedOf } from "../view.ts";
import { nextCounts } from "./goals.ts";
import { surgeLimits } from "./replicas/limits.ts";
import { canaryOf, isDynamic, isRouted, replicasOf } from "./steps.ts";

/** Where traffic will be once this turn's writes are done. */
interface TrafficNow {
  readonly isSettled: boolean;
  readonly weight: number | undefined;
}

export interface ScaleOptions {
  readonly isAborted: boolean;
  readonly traffic: TrafficNow;
  /** False while the version is held back: then no ReplicaSet is made for it. */
  readonly mayCreate: boolean;
}

/** What every ReplicaSet should have now, the one that is still to be made too. */
export function planScaling(view: View, { isAborted, traffic, mayCreate }: ScaleOptions, now: Instant): ScalePlan {
  const { canary, stable, older } = view;
  const counts = nextCounts(view, isAborted);
  const scaling = new Scaling(view, now);
  // Stable first: what serves everybody is never the second.
  if (stable !== undefined && stable !== canary) scaling.wish(stable, { replicas: counts.stable, deadline: null });
  if (canary === undefined) {
    if (mayCreate) scaling.create(counts.canary);
  } else if (isAborted && isRouted(view.rollout)) {
    scaling.wish(canary, abortedCanary(view, canary, counts.canary, now));
  } else scaling.wish(canary, { replicas: counts.canary, deadline: null });

  for (const { set, wanted } of olderWishes(view, older, traffic, now)) scaling.wish(set, wanted);
  return scaling.plan();
}

/** Kept for a look: 30 s from when stable is whole, for ever where the delay is 0. Source: rollout/replicaset.go. */
function abortedCanary(view: View, canary: ReplicaSet, count: number, now: Instant): Wish {
  const { abortScaleDownDelaySeconds } = canaryOf(view.rollout);
  // A stable version that was made smaller takes traffic back by and by: the canary leaves at the same pace.
  if (abortScaleDownDelaySeconds === undefined && isDynamic(view.rollout)) {
    return { replicas: Math.min(count, wantedOf(canary)), deadline: null };
  }
  const delay = abortScaleDownDelaySeconds ?? 30;
  if (delay === 0) return { replicas: wantedOf(canary) };
  const deadline = deadlineOf(canary);
  if (deadline !== undefined) {
    const at = parseInstant(deadline);
    return at !== undefined && now < at ? { replicas: wantedOf(canary) } : { replicas: 0, deadline: null };
  }
  if (wantedOf(canary) === 0) return { replicas: Math.min(count, 0) };
  if (availableOf(view.stable) < replicasOf(view.rollout)) return { replicas: wantedOf(canary) };
  return { replicas: wantedOf(canary), deadline: formatInstant(after(now, seconds(delay))) };
}

interface OlderWish {
  readonly set: ReplicaSet;
  readonly wanted: Wish;
}

function olderWishes(
  view: View,
  older: readonly ReplicaSet[],
  { isSettled, weight = 0 }: TrafficNow,
  now: Instant,
): readonly OlderWish[] {
  const newestFirst = older.filter((set) => wantedOf(set) > 0).toSorted((a, b) => revisionOf(b) - revisionOf(a));
  if (!isRouted(view.rollout)) return basicOlder(view, newestFirst);
  const { scaleDownDelayRevisionLimit = Number.POSITIVE_INFINITY, scaleDownDelaySeconds = 30 } = canaryOf(view.rollout);
  let kept = 0;
  return newestFirst.map((set): OlderWish => {
    const deadline = deadlineOf(set);
    if (deadline === undefined && !view.isFullyPromoted) {
      // Superseded on its way: nothing leads to it once no weight does, and of a Rollout without Pods nobody gets any.
      const isOver = weight === 0 || replicasOf(view.rollout) === 0;
      return { set, wanted: { replicas: isOver ? 0 : wantedOf(set) } };
    }
    if (!isSettled && view.isFullyPromoted) return { set, wanted: { replicas: wantedOf(set) } };
    kept++;
    if (kept > scaleDownDelayRevisionLimit) return { set, wanted: { replicas: 0, deadline: null } };
    const at = deadline === undefined ? after(now, seconds(scaleDownDelaySeconds)) : (parseInstant(deadline) ?? now);
    if (at <= now) return { set, wanted: { replicas: 0, deadline: null } };
    return { set, wanted: { replicas: wantedOf(set), deadline: deadline ?? formatInstant(at) } };
  });
}

/** Their Pods get traffic: they go first, those that never became available at once. */
function basicOlder(view: View, older: readonly ReplicaSet[]): readonly OlderWish[] {
  const replicas = replicasOf(view.rollout);
  const { maxUnavailable } = surgeLimits(canaryOf(view.rollout), replicas);
  const sets = [...older, view.canary, view.stable === view.canary ? undefined : view.stable];
  let droppable =
    sets.reduce((sum, set) => sum + Math.min(availableOf(set), wantedOf(set)), 0) - (replicas - maxUnavailable);
  return older.map((set) => {
    const available = Math.min(availableOf(set), wantedOf(set));
    const dropped = Math.max(0, Math.min(droppable, available));
    droppable -= dropped;
    return { set, wanted: { replicas: available - dropped } };
  });
}

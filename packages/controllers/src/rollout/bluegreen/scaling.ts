import type { ReplicaSet } from "@sluice/api";
import { after, formatInstant, type Instant, parseInstant, seconds } from "@sluice/kernel";
import { replicasOf } from "../canary/steps.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { type ScalePlan, Scaling, type Wish } from "../pods/scaling.ts";
import { isAsking } from "../turn/pauses.ts";
import { availableOf, deadlineOf, hashOf, revisionOf, type View, wantedOf } from "../view.ts";
import { fastTrack } from "./fast-track.ts";
import { keepsOpen } from "./judged.ts";
import { activeHash, answeringHashes } from "./services.ts";
import { blueGreenOf } from "./strategy.ts";

/** Pods that the new version should have now. Source: argo-rollouts utils/replicaset/replicaset.go NewRSNewReplicas. */
export function newCount(observed: ObservedRollout, view: View): number {
  const { rollout, status, hash } = view;
  const replicas = replicasOf(rollout);
  const { previewReplicaCount } = blueGreenOf(rollout) ?? {};
  if (previewReplicaCount === undefined) return replicas;
  const active = activeHash(observed, view);
  const isOut = active === hash || !observed.replicaSets.some((set) => hashOf(set) === active);
  if (isOut || view.isFullyPromoted || fastTrack(observed, view) !== undefined) return replicas;
  const isHalted = rollout.spec.paused === true || (status.pauseConditions?.length ?? 0) > 0;
  return status.blueGreen?.scaleUpPreviewCheckPoint === true && !isHalted ? replicas : previewReplicaCount;
}

export interface BlueGreenScale {
  readonly isAborted: boolean;
  readonly mayCreate: boolean;
  /** The selectors as they will stand. */
  readonly active: string;
  readonly preview: string;
}

/** What every ReplicaSet should have now. */
export function planBlueGreenScaling(
  observed: ObservedRollout,
  view: View,
  { isAborted, mayCreate, active, preview }: BlueGreenScale,
  now: Instant,
): ScalePlan {
  const { canary, stable, rollout } = view;
  const scaling = new Scaling(view, now);
  // Endpoints that still name a version may still lead to it.
  const inUse = new Set([active, ...answeringHashes(observed, view)]);
  if (stable !== undefined && stable !== canary)
    scaling.wish(stable, { replicas: replicasOf(rollout), deadline: null });
  if (canary === undefined) {
    if (mayCreate) scaling.create(newCount(observed, view));
  } else if (isAborted && !view.isFullyPromoted) {
    scaling.wish(canary, inUse.has(view.hash) ? { replicas: wantedOf(canary) } : abortedSize(view, canary, now));
  } else {
    // Its deadline tells that it may go straight back: so it stays until it has.
    const isReturning = !view.isFullyPromoted && fastTrack(observed, view)?.is === "withinDelay";
    scaling.wish(canary, { replicas: newCount(observed, view), ...(isReturning ? {} : { deadline: null }) });
  }
  // One that was taken back before it had a Pod leaves the preview at a superseded version: that has its delay, no more.
  const shown = isAborted ? "" : preview;
  for (const { set, wanted } of olderWishes(observed, view, { inUse, active, preview: shown }, now)) {
    scaling.wish(set, wanted);
  }
  return scaling.plan();
}

/** Kept for a look: 30 s from when stable is whole, for ever where the delay is 0. Source: rollout/replicaset.go. */
function abortedSize(view: View, canary: ReplicaSet, now: Instant): Wish {
  const { abortScaleDownDelaySeconds = 30 } = blueGreenOf(view.rollout) ?? {};
  const size = wantedOf(canary);
  if (abortScaleDownDelaySeconds === 0 || size === 0) return { replicas: size };
  const deadline = deadlineOf(canary);
  if (deadline !== undefined) {
    const at = parseInstant(deadline);
    return at !== undefined && now < at ? { replicas: size } : { replicas: 0, deadline: null };
  }
  if (availableOf(view.stable) < replicasOf(view.rollout)) return { replicas: size };
  return { replicas: size, deadline: formatInstant(after(now, seconds(abortScaleDownDelaySeconds))) };
}

interface InUse {
  readonly inUse: ReadonlySet<string>;
  readonly active: string;
  readonly preview: string;
}

interface OlderWish {
  readonly set: ReplicaSet;
  readonly wanted: Wish;
}

/** Versions that were: each has its time to go straight back. Source: rollout/bluegreen.go scaleDownOldReplicaSetsForBlueGreen. */
function olderWishes(
  observed: ObservedRollout,
  view: View,
  { inUse, active, preview }: InUse,
  now: Instant,
): readonly OlderWish[] {
  const { rollout, older } = view;
  const {
    scaleDownDelayRevisionLimit = Number.POSITIVE_INFINITY,
    scaleDownDelaySeconds,
    postPromotionAnalysis,
  } = blueGreenOf(rollout) ?? {};
  const replicas = replicasOf(rollout);
  const isUnproven = active === view.hash && !view.isFullyPromoted;
  const isHeld =
    isAsking(view) || (isUnproven && postPromotionAnalysis !== undefined && scaleDownDelaySeconds === undefined);
  let kept = 0;
  return older
    .filter((set) => wantedOf(set) > 0)
    .toSorted((a, b) => revisionOf(b) - revisionOf(a))
    .map((set): OlderWish => {
      const hash = hashOf(set);
      if (hash === active) return { set, wanted: { replicas, deadline: null } };
      // One that isn't ready for a moment is the one that answers as soon as it is.
      if (inUse.has(hash)) return { set, wanted: { replicas: wantedOf(set), deadline: null } };
      if (isHeld || hash === preview || keepsOpen(observed, view, set, now))
        return { set, wanted: { replicas: wantedOf(set) } };
      kept++;
      if (kept > scaleDownDelayRevisionLimit) return { set, wanted: { replicas: 0, deadline: null } };
      const deadline = deadlineOf(set);
      if (deadline === undefined) {
        const at = after(now, seconds(scaleDownDelaySeconds ?? 30));
        if (at <= now) return { set, wanted: { replicas: 0 } };
        return { set, wanted: { replicas: wantedOf(set), deadline: formatInstant(at) } };
      }
      const isOver = (parseInstant(deadline) ?? now) <= now;
      if (isOver) return { set, wanted: { replicas: 0, deadline: null } };
      // Only one that was promoted may go straight back and is kept at full size; the rest is there for a look.
      const mayReturn = set.metadata.annotations?.[annotations.promotedAt] !== undefined;
      return { set, wanted: { replicas: mayReturn ? replicas : Math.min(replicas, wantedOf(set)) } };
    });
}

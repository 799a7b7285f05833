import { after, type Instant, millis, minutes, parseInstant, seconds } from "@sluice/kernel";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { goalCounts } from "../canary/goals.ts";
import { isHoldingBack } from "../canary/holdback.ts";
import { replicasOf } from "../canary/steps.ts";
import { conditionOf, type RolloutCondition } from "../status/conditions.ts";
import { availableOf, isFullyAvailable, type View, wantedOf } from "../view.ts";

const timedOut = (replicaSet: string): string => `ReplicaSet "${replicaSet}" has timed out progressing.`;

/** The original's words, of the ReplicaSet whose Pods are missing: it names the new one also where the stable one's are. */
export function timedOutWords(view: View): string {
  const { rollout, hash, canary, stable } = view;
  const own = timedOut(canary?.metadata.name ?? `${rollout.metadata.name}-${hash}`);
  const others = availableOf(stable);
  const isStableWhole = stable === undefined || stable === canary || others >= wantedOf(stable);
  if (isStableWhole || blueGreenOf(rollout) !== undefined) return own;
  const has = `has ${others} of its ${wantedOf(stable)} Pods`;
  return availableOf(canary) < goalCounts(view, false).canary
    ? `${own} The stable version ${has}, too.`
    : `${timedOut(stable.metadata.name)} The stable version ${has}.`;
}

/**
 * A deadline is looked at the moment it is over. Seen first long after, this machine slept, its clock was set, or nobody
 * was there to look: that is no fault of the version, and its time begins anew.
 */
export const wasAway = (deadline: Instant, now: Instant): boolean => now > after(deadline, minutes(1));

/** Pauses, analyses, experiments and a judge that holds don't run the clock, nor does a Rollout that has nothing on its way. */
export function runsClock(view: View, now: Instant): boolean {
  const { progress, rollout } = view;
  if (rollout.spec.paused === true) return false;
  if (isHoldingBack(view, now)) return false;
  if (view.judged?.suspects === true) return false;
  if (blueGreenOf(rollout) !== undefined) return !isAnalysing(view);
  const { pause, analysis, experiment } = progress.step ?? {};
  return pause === undefined && analysis === undefined && experiment === undefined;
}

/** The original lets a long analysis of a blue-green release time it out, though nothing is amiss. */
function isAnalysing({ status }: View): boolean {
  const { prePromotionAnalysisRunStatus, postPromotionAnalysisRunStatus } = status.blueGreen ?? {};
  return [prePromotionAnalysisRunStatus, postPromotionAnalysisRunStatus].some(
    (run) => run !== undefined && ["", "Pending", "Running"].includes(run.status),
  );
}

export const deadlineAt = (
  limit: number | undefined,
  progressing: RolloutCondition | undefined,
): Instant | undefined => {
  const from = parseInstant(progressing?.lastUpdateTime ?? "");
  return from === undefined ? undefined : after(from, seconds(limit ?? 600));
};

/** As that, but once its Pods are there a version waits for requests as long as its EvidencePolicy lets it. */
export function progressEnd(view: View, progressing: RolloutCondition | undefined): Instant | undefined {
  const { canary, evidencePatience = 0, rollout } = view;
  const limit = rollout.spec.progressDeadlineSeconds ?? 600;
  const isThere = canary !== undefined && isFullyAvailable(canary);
  return deadlineAt(isThere ? Math.max(limit, evidencePatience / 1000) : limit, progressing);
}

/** When to look whether it is over; undefined where nothing is on its way or the clock stands still. */
export function clockEnd(view: View, now: Instant): Instant | undefined {
  const { status } = view;
  const progressing = conditionOf(status.conditions, "Progressing");
  const isOver = ["NewReplicaSetAvailable", "ProgressDeadlineExceeded", "RolloutPaused"].includes(
    progressing?.reason ?? "",
  );
  if (
    isOver ||
    !runsClock(view, now) ||
    (view.isFullyPromoted && availableOf(view.canary) >= replicasOf(view.rollout))
  ) {
    return undefined;
  }
  const end = progressEnd(view, progressing);
  return end === undefined ? undefined : after(end, millis(1));
}

import { after, type Instant, instant, parseInstant } from "@sluice/kernel";
import { type Slot, undecidedAnalysis } from "../analysis/slots.ts";
import { replicasOf } from "../canary/steps.ts";
import type { ObservedRollout } from "../observe.ts";
import { type Move, waiting } from "../turn/move.ts";
import { isAsking, isWaved, pauseOf } from "../turn/pauses.ts";
import { availableOf, type View, wantedOf } from "../view.ts";
import { type FastTrack, fastTrack } from "./fast-track.ts";
import { underTheJudge } from "./judged.ts";
import { newCount } from "./scaling.ts";
import { activeHash, hasFollowed, isBackUntold, reachablePods } from "./services.ts";
import { blueGreenOf, promotionOf } from "./strategy.ts";

export interface Analyses {
  readonly pre: Slot;
  readonly post: Slot;
}

/** Source: argo-rollouts rollout/bluegreen.go, rollout/pause.go, rollout/sync.go shouldFullPromote. */
export function nextAdvance(observed: ObservedRollout, view: View, analyses: Analyses, now: Instant): Move {
  return underTheJudge(observed, view, nextUnjudged(observed, view, analyses, now));
}

function nextUnjudged(observed: ObservedRollout, view: View, analyses: Analyses, now: Instant): Move {
  const { rollout, status, hash } = view;
  if (rollout.spec.paused === true) return waiting("spec.paused holds it");
  if (view.isFirst) return { is: "promote", because: "Initial deploy" };
  const fast = fastTrack(observed, view);
  const isCut = activeHash(observed, view) === hash;
  if (view.isFullyPromoted) return isCut ? waiting(steadyWords(view)) : nextSwitch(observed, view, "stable");
  if (isAsking(view) && fast === undefined) {
    return waiting(`waits for a person: ${status.pauseConditions?.map(({ reason }) => reason).join(", ")}`);
  }
  if (isCut) return nextPromotion(observed, view, analyses.post, fast);
  if (fast !== undefined)
    return nextSwitch(observed, view, fast.is, status.promoteFull === true ? "a person" : undefined);
  const undecided = undecidedAnalysis([analyses.post]);
  if (undecided !== undefined) return undecided;
  if (isBackUntold(observed, view)) return waiting("waits for what took it back to be answered again");
  return nextBefore(observed, view, analyses.pre, now);
}

function steadyWords({ rollout, canary }: View): string {
  return availableOf(canary) >= replicasOf(rollout) ? "promoted" : "promoted, its Pods are becoming available";
}

/** Before the switch: Pods, analysis, pause, and all the Pods. */
function nextBefore(observed: ObservedRollout, view: View, pre: Slot, now: Instant): Move {
  const { rollout, canary, status } = view;
  const strategy = blueGreenOf(rollout);
  const isPastPause = status.blueGreen?.scaleUpPreviewCheckPoint === true;
  const pause = pauseOf(view, "BlueGreenPause");
  if (pause === undefined && !isPastPause) {
    const undecided = undecidedAnalysis([pre]);
    if (undecided !== undefined) return undecided;
    const count = newCount(observed, view);
    const missing = count - availableOf(canary);
    if (missing > 0 || wantedOf(canary) !== count) return waiting(`waits for ${missing} Pods of the new version`);
    const isAnalysed =
      strategy?.prePromotionAnalysis === undefined ||
      pre.judgement?.is === "good" ||
      wentOnInSpite(pre) ||
      (pre.wasWaved && pre.judgement?.is === "noData");
    if (!isAnalysed) return waiting(`analysis ${pre.status?.name ?? ""} runs before the switch`);
  }
  const paused = isPastPause ? undefined : nextPause(view, now);
  if (paused !== undefined) return paused;
  const by = isWaved(view) ? "a person" : undefined;
  if (strategy?.previewReplicaCount !== undefined && !isPastPause) {
    return { is: "scaleUp", because: "the preview was good enough: it gets all its Pods", ...given(by) };
  }
  return nextSwitch(observed, view, "ready", by);
}

/** A bad one takes a version back, unless a person overruled it. */
const wentOnInSpite = ({ judgement }: Slot): boolean => judgement?.is === "bad" || judgement?.is === "broken";

const given = (by: string | undefined) => (by === undefined ? {} : { by });

/** Undefined: the pause is over, or none is due. */
function nextPause(view: View, now: Instant): Move | undefined {
  const strategy = blueGreenOf(view.rollout);
  const pause = pauseOf(view, "BlueGreenPause");
  const promotion = promotionOf(strategy ?? { activeService: "" });
  if (promotion.is === "atOnce") return undefined;
  if (pause === undefined) {
    if (isWaved(view)) return undefined;
    const words = promotion.is === "byAPerson" ? "until a person promotes it" : "before it is promoted";
    return { is: "pause", reason: "BlueGreenPause", because: `the preview is ready: it pauses ${words}` };
  }
  if (promotion.is === "byAPerson") return waiting("pauses until a person promotes it");
  const end = after(parseInstant(pause.startTime) ?? now, promotion.pause);
  // Strictly after, as the original compares.
  return now <= end ? waiting("pauses before it is promoted", instant(end + 1)) : undefined;
}

const switchWords: Readonly<Record<FastTrack["is"] | "ready", string>> = {
  ready: "all its Pods are ready: everybody gets it from now on",
  stable: "the stable version is wanted: everybody gets it",
  fullPromotion: "full promotion requested: analysis and pause are skipped",
  withinDelay: "it was promoted before and its Pods are still there: analysis and pause are skipped",
  withinWindow: "it was stable lately: rollbackWindow lets it skip analysis and pause",
  unmanaged: "the active Service selected no version so far: everybody gets this one",
};

/** Only to Pods that are there, and that the router would reach. */
function nextSwitch(observed: ObservedRollout, view: View, why: keyof typeof switchWords, by?: string): Move {
  const { rollout, canary } = view;
  const replicas = replicasOf(rollout);
  const missing = replicas - availableOf(canary);
  if (canary === undefined || missing > 0 || wantedOf(canary) !== replicas) {
    return waiting(`waits for ${Math.max(missing, 0)} Pods of the new version`);
  }
  const unreachable = replicas - reachablePods(observed, view);
  if (unreachable > 0) return waiting(`waits until the router can reach ${unreachable} more Pods of the new version`);
  return { is: "switch", because: switchWords[why], ...given(by) };
}

/** After the switch. */
function nextPromotion(observed: ObservedRollout, view: View, post: Slot, fast: FastTrack | undefined): Move {
  const { rollout, canary, hash } = view;
  if (!hasFollowed(observed, view, hash)) return waiting("waits until its endpoints lead to the new version alone");
  const undecided = fast === undefined ? undecidedAnalysis([post]) : undefined;
  if (undecided !== undefined) return undecided;
  const missing = replicasOf(rollout) - availableOf(canary);
  if (missing > 0) return waiting(`waits for ${missing} Pods of the new version`);
  if (fast?.is === "fullPromotion") return { is: "promote", because: "Full promotion requested", by: "a person" };
  if (fast?.is === "withinDelay") {
    return { is: "promote", because: `Rollback to '${canary?.metadata.name}' within scaleDownDelay` };
  }
  if (fast?.is === "withinWindow") return { is: "promote", because: "Rollback within the window" };
  const isAnalysed =
    blueGreenOf(rollout)?.postPromotionAnalysis === undefined ||
    post.judgement?.is === "good" ||
    wentOnInSpite(post) ||
    (post.wasWaved && post.judgement?.is === "noData");
  if (!isAnalysed) return waiting(`analysis ${post.status?.name ?? ""} runs after the switch`);
  return { is: "promote", because: "Completed blue-green update" };
}

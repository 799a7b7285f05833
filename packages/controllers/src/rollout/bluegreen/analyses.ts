import type { RolloutAnalysis } from "@sluice/api";
import { slotStatus } from "../analysis/runs.ts";
import type { ObservedRollout } from "../observe.ts";
import { availableOf, type View, wantedOf } from "../view.ts";
import { fastTrack } from "./fast-track.ts";
import { newCount } from "./scaling.ts";
import { activeHash, hasFollowed } from "./services.ts";
import { blueGreenOf } from "./strategy.ts";

/** The analysis before the switch, once the preview has its Pods; the one after it, once traffic has moved. */
export function wantedAnalysis(
  observed: ObservedRollout,
  view: View,
  slot: "pre" | "post",
): RolloutAnalysis | undefined {
  if (view.isFirst || view.isFullyPromoted || fastTrack(observed, view) !== undefined) return undefined;
  const { prePromotionAnalysis, postPromotionAnalysis } = blueGreenOf(view.rollout) ?? {};
  const isCut = activeHash(observed, view) === view.hash;
  const isBegun = slotStatus(view, slot) !== undefined;
  // What was begun still says whether everybody may be sent there again.
  if (slot === "post")
    return isBegun || (isCut && hasFollowed(observed, view, view.hash)) ? postPromotionAnalysis : undefined;
  const count = newCount(observed, view);
  const isReady = wantedOf(view.canary) === count && availableOf(view.canary) >= count;
  return !isCut && (isBegun || isReady) ? prePromotionAnalysis : undefined;
}

import { isWithinRollbackWindow } from "../canary/rollback-window.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { availableOf, deadlineOf, type View } from "../view.ts";
import { activeHash } from "./services.ts";

/** Why a version goes out without pause. */
export type FastTrack =
  | { readonly is: "fullPromotion" }
  /** Its Pods are still there from when it was promoted: nothing about it is new. */
  | { readonly is: "withinDelay" }
  | { readonly is: "withinWindow" }
  | { readonly is: "stable" }
  /** Nobody is sent to a version of their own yet: there is no blue to leave. */
  | { readonly is: "unmanaged" };

/**
 * Source: argo-rollouts rollout/bluegreen.go isBlueGreenFastTracked. There any deadline counts, that of a preview which
 * was never promoted, or was aborted, too; here only a version that was promoted goes straight back.
 */
export function fastTrack(observed: ObservedRollout, view: View): FastTrack | undefined {
  const { canary, status } = view;
  if (status.promoteFull === true) return { is: "fullPromotion" };
  if (view.isFullyPromoted) return { is: "stable" };
  const wasPromoted = canary?.metadata.annotations?.[annotations.promotedAt] !== undefined;
  if (canary !== undefined && deadlineOf(canary) !== undefined && wasPromoted) return { is: "withinDelay" };
  if (isWithinRollbackWindow(view, observed.replicaSets)) return { is: "withinWindow" };
  return activeHash(observed, view) === "" && availableOf(view.stable) === 0 ? { is: "unmanaged" } : undefined;
}

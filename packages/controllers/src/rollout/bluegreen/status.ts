import type { BlueGreenStatus, ReplicaSet, RolloutStatus } from "@sluice/api";
import { replicasOf } from "../canary/steps.ts";
import { blueGreenStatusOf } from "../changes.ts";
import { hashOf, isFullyAvailable, type View, wantedOf } from "../view.ts";
import { blueGreenOf } from "./strategy.ts";

/** As a version begins: who gets which one is kept, what was known of the one before isn't. */
export const blueGreenBegun = ({ blueGreen }: RolloutStatus): BlueGreenStatus | undefined =>
  blueGreen === undefined
    ? undefined
    : blueGreenStatusOf({ activeSelector: blueGreen.activeSelector, previewSelector: blueGreen.previewSelector });

/** The ReplicaSet that everybody gets; undefined with another strategy, and while nothing is selected. */
export function activeSet(view: View, status: RolloutStatus): ReplicaSet | undefined {
  const { activeSelector } = status.blueGreen ?? {};
  if (blueGreenOf(view.rollout) === undefined || activeSelector === undefined) return undefined;
  return [view.canary, view.stable, ...view.older].find((set) => set !== undefined && hashOf(set) === activeSelector);
}

/** Everything that serves is there: the original asks for all Pods of the active version. */
export function isActiveWhole(view: View, status: RolloutStatus): boolean {
  const active = activeSet(view, status);
  return active !== undefined && isFullyAvailable(active) && wantedOf(active) >= replicasOf(view.rollout);
}

/** Both Services lead to this version. Source: argo-rollouts utils/conditions/conditions.go RolloutHealthy. */
export function isCutOver({ rollout }: View, { blueGreen, currentPodHash }: RolloutStatus): boolean {
  const { previewService = "" } = blueGreenOf(rollout) ?? {};
  const isPreviewed = previewService === "" || blueGreen?.previewSelector === currentPodHash;
  return blueGreen?.activeSelector === currentPodHash && isPreviewed;
}

/** The original counts a moved selector and a ready Pod as progress of a blue-green release. */
export const hasMoved = (before: RolloutStatus, next: RolloutStatus): boolean =>
  next.blueGreen !== undefined &&
  (before.blueGreen?.activeSelector !== next.blueGreen.activeSelector ||
    before.blueGreen?.previewSelector !== next.blueGreen.previewSelector ||
    (next.readyReplicas ?? 0) > (before.readyReplicas ?? 0));

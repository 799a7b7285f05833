import type { DecisionAction, RolloutStatus } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { stepsText } from "../canary/steps.ts";
import { undoneOf } from "../configuration/undone.ts";
import { annotations, keyIn, rolloutKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { conditionOf } from "../status/conditions.ts";
import { decided } from "../status/decisions.ts";
import { heldByHand } from "../status/phase.ts";
import type { View } from "../view.ts";

/** A person's word that a version is bad was heard, and is taken away. */
export const forgetBad = (view: View): Effect => forget(view, annotations.bad);

/** Another version is wanted than the one that a person went back to: its content is as it stands again. */
export const forgetUndone = (view: View): readonly Effect[] =>
  undoneOf(view.rollout)?.version === view.status.currentPodHash ? [forget(view, annotations.undone)] : [];

const forget = ({ rollout }: View, annotation: string): Effect => ({
  do: "patch",
  key: keyIn(rolloutKind, rollout.metadata.namespace, rollout.metadata.name),
  patch: { type: "merge", value: { metadata: { annotations: { [annotation]: null } } } },
});

/** What a person asks for, once status says the same: that it is held, and let go; that its Pods are new; all of it at once. */
export function heard(observed: ObservedRollout, view: View, next: RolloutStatus, now: Instant): readonly Effect[] {
  const { rollout, status } = view;
  const { paused, restartAt } = rollout.spec;
  const tell = (action: DecisionAction, because: string): Effect =>
    decided(observed, view, now, { action, because, by: "a person" });
  const wasHeld = status.message === heldByHand;
  const isHeld = next.message === heldByHand;
  // A change of the spec ends a restart, too.
  const isSame = status.currentPodHash === next.currentPodHash && status.currentStepHash === next.currentStepHash;
  const isNew = restartAt !== undefined && status.restartedAt !== restartAt;
  const isRestarted = isSame && isNew && next.restartedAt === restartAt;
  const isFull = (conditions: RolloutStatus["conditions"]) => conditionOf(conditions, "FullPromotion") !== undefined;
  return [
    // At once: until all its Pods are there, and it ends, nothing else would say who skips what.
    ...(isFull(next.conditions) && !isFull(status.conditions) ? [tell("advance", fullWords(view))] : []),
    ...(isHeld && !wasHeld ? [tell("pause", "spec.paused holds it")] : []),
    ...(wasHeld && paused !== true ? [tell("resume", "spec.paused holds it no longer")] : []),
    ...(isRestarted ? [tell("restart", `no Pod is older than ${restartAt}, as asked`)] : []),
  ];
}

function fullWords({ progress: { index = 0, steps } }: View): string {
  const left = index < steps.length ? ` past ${stepsText(steps, index, steps.length)}` : "";
  return `a person asked for full promotion: it goes on${left} without pause or analysis`;
}

/** A person called something bad that is not on its way: the word is taken away, so that it meets no later version. */
export function staleWord(view: View): readonly Effect[] {
  const { rollout, isFullyPromoted, isFirst } = view;
  const pastNotRevertible = rollout.metadata.annotations?.[annotations.pastNotRevertible];
  if (isFullyPromoted && pastNotRevertible === view.hash) return [forget(view, annotations.pastNotRevertible)];
  if (rollout.metadata.annotations?.[annotations.bad] === undefined || !(isFullyPromoted || isFirst)) return [];
  return [forgetBad(view)];
}

import type { Rollout, RolloutPhase, RolloutStatus } from "@sluice/api";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { isRouted, replicasOf } from "../canary/steps.ts";
import { conditionOf, takenBackCondition } from "./conditions.ts";

export interface PhaseAndMessage {
  readonly phase: RolloutPhase;
  readonly message: string | undefined;
}

/** The message while spec.paused holds it. */
export const heldByHand = "manually paused";

/** In this order. Source: argo-rollouts utils/rollout/rolloututil.go CalculateRolloutPhase. */
export function phaseOf(rollout: Rollout, status: RolloutStatus): PhaseAndMessage {
  const invalid = conditionOf(status.conditions, "InvalidSpec");
  if (invalid !== undefined) return degraded(`InvalidSpec: ${invalid.message}`);
  const progressing = conditionOf(status.conditions, "Progressing");
  const reason = progressing?.reason ?? "";
  if (["RolloutAborted", "ProgressDeadlineExceeded", "Quarantined"].includes(reason)) {
    const stranded = conditionOf(status.conditions, takenBackCondition)?.message;
    const more = stranded === undefined ? "" : `; not all of its traffic is taken back: ${stranded}`;
    return degraded(`${reason}: ${progressing?.message}${more}`);
  }
  if (rollout.spec.paused === true) return { phase: "Paused", message: heldByHand };
  // The original names the first; ours, that waits for a person, must not hide behind a pause step that ends by itself.
  const pause =
    status.pauseConditions?.find(({ reason }) => reason !== "CanaryPauseStep" && reason !== "BlueGreenPause") ??
    status.pauseConditions?.[0];
  if (pause !== undefined) return { phase: "Paused", message: pause.reason };
  if (isRestarting(rollout, status)) return progress("rollout is restarting");
  const { updatedReplicas = 0, availableReplicas = 0, replicas = 0 } = status;
  if (updatedReplicas < replicasOf(rollout)) return progress("more replicas need to be updated");
  if (availableReplicas < updatedReplicas) return progress("updated replicas are still becoming available");
  if (blueGreenOf(rollout) !== undefined) return blueGreenPhase(status);
  if (!isRouted(rollout) && replicas > updatedReplicas) return progress("old replicas are pending termination");
  if ((status.stableRS ?? "") === "" || status.stableRS !== status.currentPodHash) {
    return progress("waiting for all steps to complete");
  }
  return { phase: "Healthy", message: undefined };
}

function blueGreenPhase({ blueGreen, stableRS, currentPodHash }: RolloutStatus): PhaseAndMessage {
  const { activeSelector = "" } = blueGreen ?? {};
  if (activeSelector === "" || activeSelector !== currentPodHash) return progress("active service cutover pending");
  if (stableRS !== currentPodHash) return progress("waiting for analysis to complete");
  return { phase: "Healthy", message: undefined };
}

const degraded = (message: string): PhaseAndMessage => ({ phase: "Degraded", message });
const progress = (message: string): PhaseAndMessage => ({ phase: "Progressing", message });

const isRestarting = (rollout: Rollout, status: RolloutStatus): boolean =>
  rollout.spec.restartAt !== undefined && status.restartedAt !== rollout.spec.restartAt;

import type { Rollout } from "@sluice/api";
import { blueGreenStage, pauseEnd, standingWords } from "@sluice/api/release";

/** Where a release stands for a script that waits for it. */
export interface ReleaseStatus {
  readonly phase: string;
  readonly message: string | undefined;
  /** Undefined while it goes on by itself. */
  readonly end: "healthy" | "degraded" | "person" | undefined;
}

const planned: readonly string[] = ["CanaryPauseStep", "BlueGreenPause"];

/** Source: argo-rollouts utils/rollout GetRolloutPhase; what waits for a person is ours. */
export function releaseStatus(rollout: Rollout): ReleaseStatus {
  const { metadata, status = {} } = rollout;
  if (status.observedGeneration !== String(metadata.generation ?? 0)) {
    return { phase: "Progressing", message: "waiting for rollout spec update to be observed", end: undefined };
  }
  const { phase = "Progressing" } = status;
  const message = standingWords(rollout);
  switch (phase) {
    case "Healthy":
      return { phase, message, end: "healthy" };
    case "Degraded":
      return { phase, message, end: "degraded" };
    case "Paused":
      return { phase, message, end: waitsForPerson(rollout) ? "person" : undefined };
    default:
      return { phase, message, end: undefined };
  }
}

/** Whether nothing but somebody's word ends its pause. */
function waitsForPerson(rollout: Rollout): boolean {
  const { spec, status = {} } = rollout;
  const pauses = status.pauseConditions ?? [];
  if (spec.paused === true || pauses.some(({ reason }) => !planned.includes(reason))) return true;
  const stage = blueGreenStage(rollout);
  if (stage !== undefined) return stage.is === "waiting" && stage.until === undefined;
  const step = spec.strategy.canary?.steps?.[status.currentStepIndex ?? 0];
  return step !== undefined && pauses.length > 0 && pauseEnd(step, pauses) === undefined;
}

/** As the kubectl plugin prints it. */
export const statusLine = ({ phase, message }: ReleaseStatus): string =>
  message === undefined || message === "" ? phase : `${phase} - ${message}`;

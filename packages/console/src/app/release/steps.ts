import type { Rollout } from "@sluice/api";
import { pauseEnd, type StepKind, stepWords } from "@sluice/api/release";
import { blueGreenSteps } from "./blue-green-steps.ts";

export type StepState = "done" | "current" | "next";

export interface ShownStep {
  readonly index: number;
  readonly kind: StepKind;
  /** Short, for the track. */
  readonly text: string;
  /** Whole, for who asks. */
  readonly title: string;
  readonly state: StepState;
  /** Epoch milliseconds when a timed pause is over. */
  readonly endsAt?: number;
}

/** The steps and where the release is among them; after an abort none is current. */
export function stepsOf(rollout: Rollout): readonly ShownStep[] {
  return blueGreenSteps(rollout) ?? canarySteps(rollout);
}

function canarySteps({ spec, status }: Rollout): readonly ShownStep[] {
  const steps = spec.strategy.canary?.steps ?? [];
  const isDone = status?.stableRS !== undefined && status.stableRS === status.currentPodHash;
  const current = isDone ? steps.length : (status?.currentStepIndex ?? 0);
  return steps.map((step, index) => {
    const state = index < current ? "done" : index === current && status?.abort !== true ? "current" : "next";
    const endsAt = state === "current" ? pauseEnd(step, status?.pauseConditions) : undefined;
    return { index, ...stepWords(step), state, ...(endsAt === undefined ? {} : { endsAt }) };
  });
}

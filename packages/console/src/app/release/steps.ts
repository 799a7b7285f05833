import type { Rollout } from "@sluice/api";
import { pauseEnd, stepWords } from "@sluice/api/release";
import { blueGreenSteps } from "./blue-green-steps.ts";
import type { ShownStep } from "./shown-step.ts";

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
    // A person's pause outlasts the step's.
    const isTimed = state === "current" && spec.paused !== true;
    const endsAt = isTimed ? pauseEnd(step, status?.pauseConditions) : undefined;
    return { index, ...stepWords(step), state, ...(endsAt === undefined ? {} : { endsAt }) };
  });
}

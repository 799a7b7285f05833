import type { PlannedEvent } from "@sluice/kernel";
import { blueGreenStatusOf, canaryStatusOf } from "../changes.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";
import { type AnalysisSlot, runOf, runTypes, seen, slotStatus } from "./runs.ts";

const slots: readonly AnalysisSlot[] = ["background", "step", "pre", "post"];

/**
 * What is told of the runs of a release since the last look: notifications are triggered by these reasons.
 * Source: argo-rollouts rollout/analysis.go emitAnalysisRunStatusChanges.
 */
export function runEvents(observed: ObservedRollout, view: View): readonly PlannedEvent[] {
  return slots.flatMap((slot): PlannedEvent[] => {
    const run = runOf(observed, view, slot);
    const { phase = "" } = run?.status ?? {};
    const before = slotStatus(view, slot)?.status ?? "";
    if (run === undefined || phase === "" || phase === before) return [];
    const previous = before === "" ? "NoPreviousStatus" : before;
    const message = `${runTypes[slot]} Analysis Run '${run.metadata.name}' Status New: '${phase}' Previous: '${previous}'`;
    const type = phase === "Failed" || phase === "Error" ? "Warning" : "Normal";
    return [{ type, reason: `AnalysisRun${phase}`, message }];
  });
}

/** With the phases of its runs as they are now: what was taken back says what its runs said. */
export function withRunsSeen(observed: ObservedRollout, view: View): View {
  const { canary, blueGreen } = view.status;
  const now = (slot: AnalysisSlot) => {
    const known = slotStatus(view, slot);
    return known === undefined ? undefined : seen(known, runOf(observed, view, slot));
  };
  const status = {
    ...view.status,
    ...(canary === undefined
      ? {}
      : {
          canary: canaryStatusOf({
            ...canary,
            currentStepAnalysisRunStatus: now("step"),
            currentBackgroundAnalysisRunStatus: now("background"),
          }),
        }),
    ...(blueGreen === undefined
      ? {}
      : {
          blueGreen: blueGreenStatusOf({
            ...blueGreen,
            prePromotionAnalysisRunStatus: now("pre"),
            postPromotionAnalysisRunStatus: now("post"),
          }),
        }),
  };
  return { ...view, status };
}

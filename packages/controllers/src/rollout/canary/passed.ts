import type { Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { decided } from "../decisions.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";

/**
 * A person's promote moves the step on by itself, past an analysis or an experiment: what status still knows of it tells
 * that nobody here has decided to go on.
 */
export function planPassed(observed: ObservedRollout, view: View, now: Instant): readonly Effect[] {
  const { status, progress, isFullyPromoted } = view;
  const { currentStepAnalysisRunStatus: run, currentExperiment: experiment } = status.canary ?? {};
  if (isFullyPromoted || status.promoteFull === true) return [];
  const passed =
    run !== undefined && progress.step?.analysis === undefined
      ? { name: run.name, words: `analysis ${run.name}, which is ${run.status ?? "not begun"}` }
      : experiment !== undefined && progress.step?.experiment === undefined
        ? { name: experiment, words: `experiment ${experiment}` }
        : undefined;
  if (passed === undefined) return [];
  const because = `a person went on past ${passed.words}`;
  const slot = `${view.hash}|passed|${passed.name}`;
  return [decided(observed, view, now, { action: "advance", because, by: "a person", slot })];
}

import { canonicalJson, type Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import type { Changes } from "../changes.ts";
import type { ObservedRollout } from "../observe.ts";
import { decided } from "../status/decisions.ts";
import type { View } from "../view.ts";
import { stepsText } from "./steps.ts";

/** The step that status goes to with this turn, where one is still ahead: any other that is seen later is a person's. */
export const reachedAfter = ({ progress, isFullyPromoted }: View, changes: Changes): number | undefined =>
  isFullyPromoted || changes.stableRS !== undefined
    ? undefined
    : "currentStepIndex" in changes
      ? changes.currentStepIndex
      : progress.index;

/**
 * A person's promote moves the step on by itself: that status is further than the step last gone to, or still knows of
 * an analysis or an experiment that is no longer its step's, tells that nobody here has decided to go on.
 */
export function planPassed(observed: ObservedRollout, view: View, now: Instant): readonly Effect[] {
  const { status, isFullyPromoted } = view;
  if (isFullyPromoted || status.promoteFull === true) return [];
  const run = passedRun(view);
  // Whoever says so twice goes past more than the step of the run.
  const steps = passedSteps(view, run === undefined ? 0 : 1);
  return [run, steps].flatMap((passed) => {
    if (passed === undefined) return [];
    const because = `a person went on past ${passed.words}`;
    return [decided(observed, view, now, { action: "advance", because, by: "a person", slot: passed.slot })];
  });
}

function passedRun({ status, progress, hash }: View) {
  const { currentStepAnalysisRunStatus: run, currentExperiment: experiment } = status.canary ?? {};
  if (run !== undefined && progress.step?.analysis === undefined) {
    const words = `analysis ${run.name}, which is ${run.status ?? "not begun"}`;
    return { words, slot: `${hash}|passed|${run.name}` };
  }
  if (experiment === undefined || progress.step?.experiment !== undefined) return undefined;
  return { words: `experiment ${experiment}`, slot: `${hash}|passed|${experiment}` };
}

/** Those after the first so many, which are told of apart. */
function passedSteps({ status, progress, hash }: View, told: number) {
  const { reachedStepIndex } = status.canary ?? {};
  const { index: to, steps } = progress;
  if (reachedStepIndex === undefined || to === undefined) return undefined;
  const from = reachedStepIndex + told;
  if (to <= from) return undefined;
  const words = stepsText(steps, from, to);
  // The conditions tell one try of a version from the next.
  return { words, slot: `${hash}|skipped|${from}|${to}|${canonicalJson(status.conditions)}` };
}

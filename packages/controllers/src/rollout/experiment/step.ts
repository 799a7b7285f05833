import type { DecisionEvidence, Experiment, RolloutExperimentStep } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { isCompleted } from "../../phases/index.ts";
import { evidenceOf } from "../analysis/evidence.ts";
import type { ObservedRollout } from "../observe.ts";
import { isAsking, isWaved } from "../turn/pauses.ts";
import type { View } from "../view.ts";
import { type ExperimentJudgement, judgeExperiment } from "./judgement.ts";
import { newExperiment } from "./new-experiment.ts";

/** The experiment that a step holds, and what is known of it. */
export interface ExperimentSlot {
  readonly name: string | undefined;
  readonly judgement: ExperimentJudgement | undefined;
  readonly actions: readonly Effect[];
  /** A person let it go on although nobody knows. */
  readonly wasWaved: boolean;
  readonly evidence: readonly DecisionEvidence[];
  /** Why it can't begin. */
  readonly fault: string | undefined;
}

const empty: ExperimentSlot = {
  name: undefined,
  judgement: undefined,
  actions: [],
  wasWaved: false,
  evidence: [],
  fault: undefined,
};

function wantedExperiment({ progress, isFirst, isFullyPromoted, status }: View): RolloutExperimentStep | undefined {
  if (isFirst || isFullyPromoted || status.promoteFull === true) return undefined;
  return progress.step?.experiment;
}

export function currentExperiment(observed: ObservedRollout, { status }: View): Experiment | undefined {
  const name = status.canary?.currentExperiment;
  return name === undefined ? undefined : observed.experiments.all.find(({ metadata }) => metadata.name === name);
}

/** The experiment of this step, begun where it is due. Source: argo-rollouts rollout/experiment.go. */
export function planExperiment(observed: ObservedRollout, view: View, now: Instant): ExperimentSlot {
  const step = wantedExperiment(view);
  if (step === undefined) return empty;
  const current = currentExperiment(observed, view);
  if (current !== undefined) {
    const judgement = judgeExperiment(observed, view, current, now);
    const isUndecided = judgement.is === "inconclusive" || judgement.is === "noData";
    return {
      ...empty,
      name: current.metadata.name,
      judgement,
      wasWaved: isUndecided && isWaved(view),
      evidence: observed.experiments.runs.flatMap((run) => evidenceOf(run, undefined, undefined)),
    };
  }
  const known = view.status.canary?.currentExperiment;
  if (view.rollout.spec.paused === true || isAsking(view)) return { ...empty, name: known };
  const begun = newExperiment(observed, view, step);
  return begun.is === "fault"
    ? { ...empty, name: known, fault: begun.message }
    : { ...empty, name: begun.value.name, actions: begun.value.actions };
}

/** What the step does next; undefined where it isn't an experiment's. */
export type ExperimentAdvance =
  | { readonly is: "waiting"; readonly because: string }
  | { readonly is: "pause"; readonly reason: "NoData" | "InconclusiveExperiment"; readonly because: string }
  | { readonly is: "advance"; readonly because: string; readonly by?: string };

export function advanceExperiment({ name, judgement, wasWaved, fault }: ExperimentSlot): ExperimentAdvance {
  if (fault !== undefined) return { is: "waiting", because: `the experiment can't begin: ${fault}` };
  if (wasWaved) return { is: "advance", because: `a person went on after experiment ${name}`, by: "a person" };
  switch (judgement?.is) {
    case "good":
      return { is: "advance", because: `experiment ${name} succeeded` };
    case "inconclusive":
      return { is: "pause", reason: "InconclusiveExperiment", because: `experiment ${name} is inconclusive` };
    case "noData":
      return { is: "pause", reason: "NoData", because: `experiment ${name}: ${judgement.message}` };
    case "bad":
    case "broken":
      // It would have been taken back, had nobody said that it goes on in spite of that.
      return { is: "advance", because: `a person went on in spite of experiment ${name}`, by: "a person" };
    default:
      return { is: "waiting", because: `experiment ${name ?? ""} runs` };
  }
}

export const hasEnded = ({ status }: Experiment): boolean => isCompleted(status?.phase);

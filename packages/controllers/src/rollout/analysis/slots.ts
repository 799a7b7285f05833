import type { DecisionEvidence, RolloutAnalysis, RolloutAnalysisRunStatus } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import type { ObservedRollout } from "../observe.ts";
import { isAsking, isWaved } from "../turn/pauses.ts";
import { gateIsOff } from "../verdict/gates.ts";
import { judgementOn } from "../verdict/verdict.ts";
import type { View } from "../view.ts";
import { enoughRequests } from "./enough.ts";
import { evidenceOf, isBlind, type Judgement } from "./evidence.ts";
import {
  type AnalysisSlot,
  expectsTraffic,
  newRun,
  planTrafficQuestion,
  runOf,
  seen,
  slotStatus,
  wantedAnalysis,
} from "./runs.ts";
import { planSynthetic, syntheticEvidence, syntheticOf } from "./synthetic.ts";

/** One analysis that goes on, and what is known of it. */
export interface Slot {
  readonly status: RolloutAnalysisRunStatus | undefined;
  readonly judgement: Judgement | undefined;
  readonly actions: readonly Effect[];
  readonly wakes: readonly (Instant | undefined)[];
  /** A person let it go on although the evidence was missing or undecided. */
  readonly wasWaved: boolean;
}

const emptySlot: Slot = { status: undefined, judgement: undefined, actions: [], wakes: [], wasWaved: false };

/** The run that a slot holds, begun where one is due; `analysis` is what the slot asks for now, if anything. */
export function planSlot(
  observed: ObservedRollout,
  view: View,
  slot: AnalysisSlot,
  analysis: RolloutAnalysis | undefined,
  now: Instant,
): Slot {
  const known = slotStatus(view, slot);
  if (analysis === undefined) return emptySlot;
  const run = runOf(observed, view, slot);
  const judged = judgementOn(observed, view, slot, now);
  const isHalted = view.rollout.spec.paused === true || isAsking(view);
  if (known === undefined || run === undefined || judged === undefined) {
    if (isHalted || view.canary === undefined) return { ...emptySlot, status: known };
    const checks = planSynthetic(observed, view);
    const enough = isWaved(view) ? ({ is: "enough" } as const) : enoughRequests(observed, view, slot, now);
    if (enough.is === "waiting") {
      const judgement = { is: "asking", until: undefined, because: enough.because } as const;
      return { ...emptySlot, status: known, judgement, actions: [...checks, ...enough.actions], wakes: enough.wakes };
    }
    if (enough.is === "tooFew") {
      return { ...emptySlot, status: known, judgement: { is: "noData", message: enough.because }, actions: checks };
    }
    const begun = newRun(observed, view, slot, analysis);
    return begun === undefined
      ? { ...emptySlot, status: known, actions: checks }
      : { ...emptySlot, status: begun.run, actions: [...begun.actions, ...checks] };
  }
  const { judgement } = judged;
  const isUndecided =
    judgement.is === "inconclusive" ||
    judgement.is === "noData" ||
    isBlindRun(observed, view, slot, 1) ||
    isUnasked(observed, view);
  const wasWaved = isWaved(view) && isUndecided;
  // A new look for what goes on beside the steps, and where the original takes one: after an inconclusive run.
  if (wasWaved && !isHalted && (slot === "background" || judgement.is === "inconclusive")) {
    const begun = newRun(observed, view, slot, analysis);
    if (begun !== undefined) return { ...emptySlot, status: begun.run, actions: begun.actions, wasWaved };
  }
  const isOpen = judgement.is === "running" || judgement.is === "asking";
  const asked = isOpen && expectsTraffic(view, slot) ? planTrafficQuestion(observed, view, slot, run, now) : undefined;
  return {
    status: seen(known, run),
    judgement,
    actions: [...(asked?.actions ?? []), ...planSynthetic(observed, view)],
    wakes: [asked?.wakeAt, judgement.is === "asking" ? judgement.until : undefined],
    wasWaved,
  };
}

/** Nothing measured is needed: our own requests were answered rightly, or the policy lets it pass. */
const isProvenOtherwise = (observed: ObservedRollout): boolean =>
  observed.evidence.noData === "pass" || syntheticOf(observed).is === "passed";

/** Some metric was measured `least` times and never saw anything. */
export function isBlindRun(observed: ObservedRollout, view: View, slot: AnalysisSlot, least: number): boolean {
  if (gateIsOff(view, "noData") || isProvenOtherwise(observed)) return false;
  const results = runOf(observed, view, slot)?.status?.metricResults ?? [];
  return results.some(
    (result) => result.dryRun !== true && (result.measurements?.length ?? 0) >= least && isBlind(result),
  );
}

/** The router counted, and the canary that a background analysis looks at got nothing at all. */
export function isUnasked(observed: ObservedRollout, view: View): boolean {
  const run = slotStatus(view, "background");
  if (run === undefined || !expectsTraffic(view, "background") || isProvenOtherwise(observed)) return false;
  const state = observed.traffic.get(run.name)?.state;
  return state?.is === "done" && state.result.requests === 0;
}

/** Whether what may take a canary back is still asked for, as it is anew after a crash. Where nothing is analysed nobody asks. */
export function awaitsAnswer(observed: ObservedRollout, view: View, now: Instant): boolean {
  const slots = ["step", "background"] as const;
  const isAsked =
    slots.some((slot) => wantedAnalysis(observed, view, slot) !== undefined) ||
    observed.synthetic.some(({ state }) => state.is !== "absent");
  return (
    (isAsked && syntheticOf(observed).is === "running") ||
    slots.some((slot) => judgementOn(observed, view, slot, now)?.judgement.is === "asking")
  );
}

/** What stops a release and asks, unless a person has answered: an analysis that ended without a verdict. */
export type Undecided =
  | { readonly is: "waiting"; readonly because: string; readonly until?: Instant | undefined }
  | { readonly is: "pause"; readonly reason: "NoData" | "InconclusiveAnalysisRun"; readonly because: string };

export function undecidedAnalysis(slots: readonly Slot[]): Undecided | undefined {
  for (const slot of slots) {
    const { judgement } = slot;
    if (judgement === undefined || slot.wasWaved) continue;
    if (judgement.is === "noData") return { is: "pause", reason: "NoData", because: judgement.message };
    if (judgement.is === "inconclusive") {
      return { is: "pause", reason: "InconclusiveAnalysisRun", because: "an analysis is inconclusive" };
    }
    if (judgement.is === "asking") {
      const { because = "asks the router whether the canary got requests" } = judgement;
      return { is: "waiting", because, until: judgement.until };
    }
  }
  return undefined;
}

/** What the runs of these slots measured, for a Decision. */
export function slotEvidence(
  observed: ObservedRollout,
  view: View,
  slots: readonly Slot[],
): readonly DecisionEvidence[] {
  const measured = slots.flatMap(({ status }) => {
    const run = observed.analysisRuns.find(({ metadata }) => metadata.name === status?.name);
    const state = observed.traffic.get(status?.name ?? "")?.state;
    const requests = state?.is === "done" ? state.result.requests : undefined;
    return evidenceOf(run, requests, view.status.canary?.weights?.canary.weight);
  });
  return [...measured, ...syntheticEvidence(observed)];
}

import type { AnalysisRun } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import { isReady } from "../../pods/index.ts";
import { type Judgement, judgeRun } from "../analysis/evidence.ts";
import { type AnalysisSlot, expectsTraffic, runOf, slotStatus } from "../analysis/runs.ts";
import { mayStillTell, syntheticOf } from "../analysis/synthetic.ts";
import { newCount } from "../bluegreen/scaling.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { goalCounts } from "../canary/goals.ts";
import { judgeExperiment } from "../experiment/judgement.ts";
import { currentExperiment } from "../experiment/step.ts";
import { judgeVerdict } from "../judging/verdict.ts";
import { isOverruled } from "../lasting/overruled.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { hasFallen } from "../routing/traffic.ts";
import { neverReadyVerdict } from "../starting/never-ready.ts";
import { complaintOf, podsOf } from "../starting/pods.ts";
import { conditionOf } from "../status/conditions.ts";
import { availableOf, type View, wantedOf } from "../view.ts";
import { crashVerdict } from "./crashes.ts";
import { deadlineAt, runsClock, timedOutWords, wasAway } from "./deadline.ts";
import { gateIsOff } from "./gates.ts";
import { heldBy } from "./quarantine.ts";
import type { Verdict } from "./verdict-words.ts";

export type { Verdict };

/** What is wrong with the version on its way; undefined where nothing is, or nothing is on its way. */
export function verdictOn(observed: ObservedRollout, view: View, now: Instant): Verdict | undefined {
  if (view.isFirst || view.isFullyPromoted) return undefined;
  const said = (verdict: Verdict | undefined) =>
    verdict === undefined || isOverruled(view, verdict) ? undefined : verdict;
  return (
    personsVerdict(view) ??
    analysisVerdicts(observed, view, now).find((verdict) => !isOverruled(view, verdict)) ??
    said(evidenceVerdict(observed, view)) ??
    said(experimentVerdict(observed, view, now)) ??
    said(gateIsOff(view, "crashLoop") ? undefined : crashVerdict(observed, view)) ??
    said(neverReadyVerdict(observed, view, now)) ??
    said(deadlineVerdict(observed, view, now)) ??
    said(judgeVerdict(view))
  );
}

export function personsVerdict(view: View): Verdict | undefined {
  const reason = view.rollout.metadata.annotations?.[annotations.bad];
  if (reason === undefined) return undefined;
  const message = `a person says it is bad${reason === "" || reason === "true" ? "" : `: ${reason}`}`;
  return { cause: "person", message, isBlamed: true, run: undefined };
}

/** The judgement on the run of a slot; undefined where there is none. */
export function judgementOn(
  observed: ObservedRollout,
  view: View,
  slot: AnalysisSlot,
  now: Instant,
): { readonly run: AnalysisRun; readonly judgement: Judgement } | undefined {
  const run = runOf(observed, view, slot);
  if (run === undefined) return undefined;
  // A Quarantine says that this was answered before a crash: a verdict begun is carried through.
  const isAnswered = heldBy(view, observed.quarantines) !== undefined;
  const traffic = expectsTraffic(view, slot) && !isAnswered ? observed.traffic.get(run.metadata.name) : undefined;
  const judgement = judgeRun(run, { needsData: !gateIsOff(view, "noData"), traffic }, now);
  return { run, judgement: judgement.is === "noData" ? withoutData(observed, view, judgement) : judgement };
}

/** What else there is to judge by, where measurements saw nothing. */
function withoutData(
  observed: ObservedRollout,
  view: View,
  judgement: Judgement & { readonly is: "noData" },
): Judgement {
  if (mayStillTell(observed, view)) {
    return { is: "asking", until: undefined, because: "waits for the synthetic checks" };
  }
  const synthetic = syntheticOf(observed);
  switch (synthetic.is) {
    case "passed":
      return { is: "good", message: `${judgement.message}; ${synthetic.message}` };
    // A failed one is a verdict of its own.
    default: {
      const { noData, policy } = observed.evidence;
      if (noData !== "pass") return judgement;
      return { is: "good", message: `${judgement.message}; EvidencePolicy ${policy} lets it pass` };
    }
  }
}

/** Our own requests were answered wrongly, or nothing is known of it where something must be. */
function evidenceVerdict(observed: ObservedRollout, view: View): Verdict | undefined {
  const synthetic = syntheticOf(observed);
  if (synthetic.is === "failed") {
    return { cause: "syntheticCheck", message: synthetic.message, isBlamed: true, run: undefined };
  }
  const { noData, policy } = observed.evidence;
  if (noData !== "fail" || !view.status.pauseConditions?.some(({ reason }) => reason === "NoData")) return undefined;
  const why = conditionOf(view.status.conditions, "Paused")?.message ?? "no data";
  const message = `${why}; EvidencePolicy ${policy} takes it back`;
  return { cause: "noData", message, isBlamed: false, run: undefined };
}

const slotsOf = ({ rollout }: View): readonly AnalysisSlot[] =>
  blueGreenOf(rollout) === undefined ? ["step", "background"] : ["pre", "post"];

const slotTitles = {
  step: "Step-based analysis",
  background: "Background analysis",
  pre: "Pre-promotion analysis",
  post: "Post-promotion analysis",
} as const satisfies Readonly<Record<AnalysisSlot, string>>;

function analysisVerdicts(observed: ObservedRollout, view: View, now: Instant): readonly Verdict[] {
  if (view.status.promoteFull === true) return [];
  return slotsOf(view).flatMap((slot): readonly Verdict[] => {
    if (slotStatus(view, slot) === undefined) return [];
    const judged = judgementOn(observed, view, slot, now);
    if (judged === undefined) return [];
    const { run, judgement } = judged;
    const words = (message: string) => `${slotTitles[slot]} phase error/failed: ${message}`.replace(/: $/, "");
    if (judgement.is === "bad") {
      return [{ cause: "analysis", message: words(judgement.message), isBlamed: true, run }];
    }
    if (judgement.is === "broken") {
      return [{ cause: "provider", message: words(judgement.message), isBlamed: false, run }];
    }
    return [];
  });
}

/** The version is blamed for what was measured of it, not for Pods that didn't come: they may be the stable version's. */
function experimentVerdict(observed: ObservedRollout, view: View, now: Instant): Verdict | undefined {
  const experiment = currentExperiment(observed, view);
  if (experiment === undefined || view.status.promoteFull === true) return undefined;
  const judgement = judgeExperiment(observed, view, experiment, now);
  if (judgement.is !== "bad" && judgement.is !== "broken") return undefined;
  const { name } = experiment.metadata;
  const message = `Experiment ${name} is ${experiment.status?.phase}: ${judgement.message}`.replace(/: $/, "");
  const isBlamed = judgement.is === "bad";
  return { cause: isBlamed ? "analysis" : "provider", message, isBlamed, run: judgement.run };
}

/** Explicit `progressDeadlineAbort: false` asks for the original's way: Degraded, and traffic stays. */
function deadlineVerdict(observed: ObservedRollout, view: View, now: Instant): Verdict | undefined {
  const { progressDeadlineAbort, progressDeadlineSeconds } = view.rollout.spec;
  if (progressDeadlineAbort === false || (progressDeadlineAbort === undefined && gateIsOff(view, "progressDeadline"))) {
    return undefined;
  }
  if (!runsClock(view, now) || (view.status.pauseConditions?.length ?? 0) > 0) return undefined;
  const progressing = conditionOf(view.status.conditions, "Progressing");
  const deadline = deadlineAt(progressDeadlineSeconds, progressing);
  if (deadline === undefined || now <= deadline) return undefined;
  // A verdict begun is carried through, however long after.
  if (wasAway(deadline, now) && !hasFallen(observed, view)) return undefined;
  // Only the canary's own Pods are its fault.
  const wanted = blueGreenOf(view.rollout) === undefined ? goalCounts(view, false).canary : newCount(observed, view);
  if (availableOf(view.canary) >= wanted) return undefined;
  // An explicit `true` asks for the original's way, too.
  if (progressDeadlineAbort !== true && isLackShared(view, wanted)) return undefined;
  const message = [timedOutWords(view), ...whyNotReady(observed, view)].join(" ");
  return { cause: "deadline", message, isBlamed: true, run: undefined };
}

/** It has Pods, and of those that it is asked for as many as the stable version has of its own: both lack the room, say. */
function isLackShared({ canary, stable }: View, wanted: number): boolean {
  const [own, others] = [availableOf(canary), availableOf(stable)];
  return own > 0 && others < wantedOf(stable) && own * wantedOf(stable) >= others * wanted;
}

/** What its first Pod that isn't ready says. */
function whyNotReady(observed: ObservedRollout, { hash }: View): readonly string[] {
  for (const pod of podsOf(observed, hash)) {
    const complaint = isReady(pod) ? "" : complaintOf(pod);
    if (complaint !== "") return [`Pod ${pod.metadata.name}: ${complaint}`];
  }
  return [];
}

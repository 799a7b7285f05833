import { after, type Instant, instant, type PlannedEvent, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { runEvents } from "../analysis/run-events.ts";
import { wantedAnalysis } from "../analysis/runs.ts";
import {
  awaitsAnswer,
  isBlindRun,
  isUnasked,
  planSlot,
  type Slot,
  slotEvidence,
  undecidedAnalysis,
} from "../analysis/slots.ts";
import { mayStillTell } from "../analysis/synthetic.ts";
import { canaryStatusOf } from "../changes.ts";
import { planOldExperiments } from "../experiment/old.ts";
import { advanceExperiment, type ExperimentSlot, planExperiment } from "../experiment/step.ts";
import { baselineEvents, experimentOf, freshBaseline, planBaseline } from "../judging/fresh-baseline.ts";
import { heldForJudge } from "../judging/held.ts";
import { planJudgement } from "../judging/judgements.ts";
import { isOverruled } from "../lasting/overruled.ts";
import { asStopped, stopAdvance } from "../lasting/stop.ts";
import type { ObservedRollout } from "../observe.ts";
import { noRestart, planRestart } from "../restart/restart.ts";
import { planRingShare } from "../rings/ring-share.ts";
import { planRestored } from "../routing/restored.ts";
import { pingPongAfter } from "../routing/sides.ts";
import { planTraffic, type TrafficPlan } from "../routing/traffic.ts";
import { decided } from "../status/decisions.ts";
import { planRest, saidOf } from "../turn/going-on.ts";
import { eventsOf, type Move, recordsOf, waiting } from "../turn/move.ts";
import { isAsking, isWaved, pauseOf } from "../turn/pauses.ts";
import { type RolloutPlan, turn } from "../turn/turn.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { availableOf, type View, wantedOf } from "../view.ts";
import { areAtGoal, hasCanaryPods, hasNobodyToSendTo, mustStay, ownWeight } from "./goals.ts";
import { holdbackBegun, holdbackEnd, holdbackWords, isHoldingBack, weightGoal } from "./holdback.ts";
import { planPassed, reachedAfter } from "./passed.ts";
import { planScaling } from "./scaling.ts";
import { isRouted, pauseLength, replicasOf, scaleAt, stepText, weightAt } from "./steps.ts";

/** A version on its way, or the steady state after it: routes, analyses, Pods and steps, in this order. */
export function goOn(observed: ObservedRollout, view: View, now: Instant, stop?: Verdict): RolloutPlan {
  const baseline = freshBaseline(observed, view);
  // From the turn on in which it is seen to be bad, not from the next.
  const halted = stop === undefined ? view : asStopped(view, stop, now);
  const isUnanswered = () => awaitsAnswer(observed, view, now);
  const traffic = planTraffic(observed, halted, { isAborted: false, isUnanswered });
  const step = planSlot(observed, view, "step", wantedAnalysis(observed, view, "step"), now);
  const background = planSlot(observed, view, "background", wantedAnalysis(observed, view, "background"), now);
  const experiment = planExperiment(observed, view, now);
  const scaling = planScaling(halted, { isAborted: false, traffic, mayCreate: true }, now);
  // What is scaled in this turn a budget doesn't count yet.
  const restart = scaling.actions.length > 0 ? noRestart(view) : planRestart(observed, view, now);
  const doing = { traffic, step, background, experiment, isAwaited: baseline.is === "coming" };
  const advance: Move =
    stop === undefined ? underTheJudge(view, nextAdvance(observed, view, doing, now)) : stopAdvance(view, stop);

  const keepsStep = advance.is !== "advance" && advance.is !== "promote";
  const stepRun = keepsStep ? step.status : undefined;
  const backgroundRun = advance.is === "promote" ? undefined : background.status;
  // What a move was decided on goes once status tells of it: repeated after a conflict it is decided on the same.
  const kept = [step.status, background.status].flatMap((run) => (run === undefined ? [] : [run.name]));
  const evidence = () => [...slotEvidence(observed, view, [step, background]), ...experiment.evidence];
  // A word that a pause step waits for is used by that step.
  const isWordUsed = view.progress.step?.pause === undefined;
  const experimentName = keepsStep ? experiment.name : undefined;
  const rings = planRingShare(observed, view, traffic.weight, now);
  const said = saidOf(observed, view, { move: advance, slots: [step, background], restart, stop, isWordUsed }, now);
  const canary = {
    currentStepAnalysisRunStatus: stepRun,
    currentBackgroundAnalysisRunStatus: backgroundRun,
    currentExperiment: experimentName,
    weights: traffic.weights,
    addedRoutes: traffic.addedRoutes,
    rings: rings.status,
    stablePingPong: pingPongAfter(view.rollout, advance.is === "promote"),
    reachedStepIndex: reachedAfter(view, said.changes),
  };
  const restored = planRestored(observed, view, traffic, now);
  const holdsBack = keepsStep ? (said.holdsBack ?? holdbackBegun(view)) : undefined;
  return turn(observed, view, now, {
    ...said,
    ...(holdsBack === undefined ? {} : { holdsBack }),
    actions: [
      ...restored.actions,
      ...traffic.actions,
      ...scaling.actions,
      ...step.actions,
      ...background.actions,
      ...experiment.actions,
      ...recordsOf(observed, view, advance, evidence, now),
      ...planPassed(observed, view, now),
      ...emptied(observed, view, traffic, now),
      ...planBaseline(baseline, view, traffic.weight),
      ...planOldExperiments(observed, [experiment.name, experimentOf(baseline)]),
      ...planJudgement(observed, view, traffic.weight, baseline, now),
      ...rings.actions,
      ...planRest(observed, view, { runs: kept, restart }),
    ],
    events: [
      ...restored.events,
      ...scaling.events,
      ...traffic.events,
      ...rings.events,
      ...baselineEvents(observed, view),
      ...runEvents(observed, view),
      ...withoutPodsEvent(view, advance),
      ...eventsOf(view, advance),
    ],
    changes: { ...said.changes, canary: canaryStatusOf(canary) },
    wakes: [...(said.wakes ?? []), ...scaling.wakes, rings.wakeAt],
  });
}

interface Doing {
  readonly traffic: TrafficPlan;
  readonly step: Slot;
  readonly background: Slot;
  readonly experiment: ExperimentSlot;
  /** The fresh baseline is on its way. */
  readonly isAwaited: boolean;
}

function nextAdvance(observed: ObservedRollout, view: View, doing: Doing, now: Instant): Move {
  const { rollout, status, progress } = view;
  if (rollout.spec.paused === true) return waiting("spec.paused holds it");
  if (view.isFirst) return { is: "promote", because: "Initial deploy" };
  if (view.isFullyPromoted) return waiting(steadyWords(view));
  if (isAsking(view))
    return waiting(`waits for a person: ${status.pauseConditions?.map(({ reason }) => reason).join(", ")}`);
  const undecided = undecidedAnalysis([doing.step, doing.background]);
  if (undecided !== undefined) return undecided;

  const isEnd = status.promoteFull === true || progress.step === undefined;
  if (isEnd) return nextPromotion(observed, view, doing, now);
  const next = nextStep(view, doing, now);
  // A look that never saw anything must not let the weight grow.
  if (next.is !== "advance" || doing.background.wasWaved) return next;
  if (isBlindRun(observed, view, "background", 3)) {
    return unproven(observed, view, "the background analysis has seen no data so far");
  }
  if (leadsToAll(view) && isBlindRun(observed, view, "background", 1)) {
    return patiently(observed, view, "the background analysis has seen no data so far", now);
  }
  if (progress.step?.pause !== undefined && isUnasked(observed, view)) {
    return patiently(observed, view, "the canary got no request so far", now);
  }
  return next;
}

/** More traffic for the new version waits while the judge suspects it, and for a person where one is called. */
function underTheJudge(view: View, advance: Move): Move {
  const isForPerson = advance.is === "waiting" && isPausedForPerson(view);
  if (!isForPerson && advance.is !== "advance" && advance.is !== "promote") return advance;
  const next = { ...view.progress, index: (view.progress.index ?? 0) + 1 };
  const raises = advance.is === "promote" || weightAt(next) > weightAt(view.progress);
  if (!raises || view.isFirst || view.status.promoteFull === true || isWaved(view)) return advance;
  if (isOverruled(view, { cause: "judge", run: undefined })) return advance;
  const said = view.judged;
  if (said?.action === "alert") {
    return { is: "pause", reason: "VerdictAlert", because: `asks a person before more traffic: ${said.because}` };
  }
  return said?.suspects === true && !isForPerson ? heldForJudge(said) : advance;
}

/** Who is to end a pause is asked beforehand: their word to go on would answer what nobody had asked. */
function isPausedForPerson(view: View): boolean {
  const { step } = view.progress;
  const isEndless = step?.pause !== undefined && pauseLength(step) === undefined;
  return isEndless && pauseOf(view, "CanaryPauseStep") !== undefined && pauseOf(view, "VerdictAlert") === undefined;
}

/** After this step everybody would get the new version: the last moment to ask what was seen of it. */
function leadsToAll({ progress, rollout }: View): boolean {
  const next = { ...progress, index: (progress.index ?? 0) + 1 };
  return isRouted(rollout) && weightAt(progress) < 100 && weightAt(next) === 100;
}

function steadyWords(view: View): string {
  return availableOf(view.canary) >= replicasOf(view.rollout)
    ? "promoted"
    : "promoted, its Pods are becoming available";
}

/** Requests are counted each second and a young canary may have had none yet: first it waits, then it asks. */
const firstDataPatience = seconds(30);

function patiently(observed: ObservedRollout, view: View, because: string, now: Instant): Move {
  const bornAt = parseInstant(view.canary?.metadata.creationTimestamp ?? "") ?? now;
  const until = after(bornAt, observed.evidence.askAfter ?? firstDataPatience);
  return now < until ? waiting(`waits a moment: ${because}`, until) : unproven(observed, view, because);
}

/** Our own requests may still tell; then it's a person's word. */
const unproven = (observed: ObservedRollout, view: View, because: string): Move =>
  mayStillTell(observed, view) ? waiting("waits for the synthetic checks") : { is: "pause", reason: "NoData", because };

function nextPromotion(observed: ObservedRollout, view: View, { traffic, background }: Doing, now: Instant): Move {
  const { rollout, canary, status, progress } = view;
  const missing = replicasOf(rollout) - availableOf(canary);
  const end = holdbackEnd(view, now);
  if (!hasCanaryPods(view, replicasOf(rollout))) {
    return waiting(`waits for ${missing} Pods of the new version`, isHoldingBack(view, now) ? end : undefined);
  }
  if (status.promoteFull === true) return { is: "promote", because: "Full promotion requested", by: "a person" };
  if (isRouted(rollout) && traffic.weight !== weightGoal(view) && !hasNobodyToSendTo(view))
    return waiting("waits for all traffic to be routed");
  // Services that take turns do so now, whatever the one of the new version leads to.
  if (hasNobodyToSendTo(view) && !traffic.isSettled) return waiting("waits for the routes");
  if (!background.wasWaved && isBlindRun(observed, view, "background", 1)) {
    return patiently(observed, view, "the background analysis has seen no data", now);
  }
  // Before a holdback began it was asked.
  if (!background.wasWaved && holdbackBegun(view) === undefined && isUnasked(observed, view))
    return patiently(observed, view, "the canary got no request", now);
  if (end !== undefined && now < end) {
    return { is: "waiting", because: holdbackWords(view.holdback), until: end, isHoldingBack: true };
  }
  return { is: "promote", because: `Completed all ${progress.steps.length} canary steps` };
}

function nextStep(view: View, { traffic, step, experiment, isAwaited }: Doing, now: Instant): Move {
  const current = view.progress.step;
  if (current?.experiment !== undefined) return advanceExperiment(experiment);
  if (current?.pause !== undefined) return nextPause(view, now);
  if (current?.analysis !== undefined) {
    if (step.wasWaved && step.judgement?.is === "noData") {
      return { is: "advance", because: "a person went on without data", by: "a person" };
    }
    // Else the release wouldn't be on its way any more.
    if (step.judgement?.is === "bad" || step.judgement?.is === "broken") {
      return { is: "advance", because: "a person went on in spite of it", by: "a person" };
    }
    return step.judgement?.is === "good"
      ? { is: "advance", because: step.judgement.message ?? `analysis ${step.status?.name} succeeded` }
      : waiting(`analysis ${step.status?.name ?? ""} runs`);
  }
  // These are done once they are written, as the original does them: what they add is kept up from here on.
  if (current?.setHeaderRoute !== undefined || current?.setMirrorRoute !== undefined) {
    return { is: "advance", because: `${stepText(current)} is written` };
  }
  if (!areAtGoal(view)) return waiting("waits for its Pods");
  if (hasNobodyToSendTo(view)) {
    // What can't be undone keeps its share, also while nobody asks for Pods.
    const isKept = replicasOf(view.rollout) === 0;
    if ((traffic.weight ?? 0) > 0 && !isKept) return waiting("waits for Pods of the stable version");
    // A step that asks for some again counts none of those that are just being taken.
    return Math.max(wantedOf(view.canary), availableOf(view.canary)) > 0
      ? waiting("waits until its Pods are gone")
      : { is: "advance", because: withoutPods(view) };
  }
  if (isRouted(view.rollout) && traffic.weight !== weightGoal(view)) {
    return waiting(isAwaited ? "waits for new Pods of the stable version, to compare with" : "waits for the routes");
  }
  if (current === undefined) return { is: "advance", because: "done" };
  const isKept = current.setCanaryScale !== undefined && mustStay(view);
  const because = `${stepText(current)} is reached${isKept ? ", and takes no Pod: what users have can't be undone" : ""}`;
  return { is: "advance", because };
}

/** Nobody would see from the step alone that no user got the version. */
function withoutPods({ progress, rollout }: View): string {
  const scale = scaleAt(progress);
  const words = scale === undefined ? `${replicasOf(rollout)} replicas` : stepText({ setCanaryScale: scale });
  return `${weightAt(progress)} % have nowhere to go: ${words} asks for no Pod of the new version, so that it gets no request`;
}

/** Told once, as the step is left behind. */
function withoutPodsEvent(view: View, move: Move): readonly PlannedEvent[] {
  if (move.is !== "advance" || !hasNobodyToSendTo(view)) return [];
  return [{ type: "Warning", reason: "NoCanaryPods", message: withoutPods(view) }];
}

function nextPause(view: View, now: Instant): Move {
  const { status, progress } = view;
  const pause = status.pauseConditions?.find(({ reason }) => reason === "CanaryPauseStep");
  if (pause === undefined) {
    if (status.controllerPause === true) return { is: "advance", because: "a person promoted it", by: "a person" };
    return { is: "pause", reason: "CanaryPauseStep", because: "a pause step begins" };
  }
  const length = progress.step === undefined ? undefined : pauseLength(progress.step);
  if (length === undefined) return waiting("pauses until a person promotes it");
  const end = after(parseInstant(pause.startTime) ?? now, length);
  // Strictly after, as the original compares.
  if (now <= end) return waiting("pauses", instant(end + 1));
  return { is: "advance", because: "its pause is over" };
}

/** Its last Pod went, or is asked to: nobody may be sent there, and it gets its share again as soon as one is back. */
function emptied(observed: ObservedRollout, view: View, { weight = 0 }: TrafficPlan, now: Instant): readonly Effect[] {
  const before = ownWeight(view);
  if (weight >= before || view.isFullyPromoted) return [];
  const isForNone = replicasOf(view.rollout) === 0;
  const scale = scaleAt(view.progress);
  if (!isForNone && scale !== undefined && hasNobodyToSendTo(view)) {
    const because = `${stepText({ setCanaryScale: scale })} asks for none of its Pods: the stable version gets its ${before} % as its own can take it`;
    // Once, however long it takes; an attempt that comes later, or other steps, may lose it again.
    const { begunAgain, currentStepHash } = view.status;
    const slot = `${view.hash}|unasked|${view.progress.index}|${currentStepHash}|${begunAgain?.at ?? ""}`;
    return [decided(observed, view, now, { action: "hold", because, slot })];
  }
  if (weight !== 0 || (!isForNone && availableOf(view.canary) > 0)) return [];
  const why = isForNone ? "it is asked for no Pods" : "none of its Pods is available";
  const because = `${why}: the stable version gets its ${before} % until ${isForNone ? "it has some" : "one is"}`;
  // It may go again while nothing else in status has changed: then its ReplicaSet has.
  const slot = `${view.hash}|emptied|${view.canary?.metadata.resourceVersion ?? ""}`;
  return [decided(observed, view, now, { action: "hold", because, slot })];
}

import type { PauseCondition, PauseReason } from "@sluice/api";
import { after, formatInstant, type Instant, instant, type PlannedEvent, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { planAffinity } from "../affinity/anti-affinity.ts";
import { planOldRuns, wantedAnalysis } from "../analysis/runs.ts";
import { isBlindRun, isUnasked, planSlot, type Slot, slotEvidence, undecidedAnalysis } from "../analysis/slots.ts";
import { endSynthetic, syntheticOf } from "../analysis/synthetic.ts";
import { type Changes, canaryStatusOf } from "../changes.ts";
import { clockEnd } from "../deadline.ts";
import { decided } from "../decisions.ts";
import { planOldExperiments } from "../experiment/old.ts";
import { advanceExperiment, type ExperimentSlot, planExperiment } from "../experiment/step.ts";
import { enforcedStatus, planJudgement } from "../judging/judgements.ts";
import { stopAdvance, stoppedStatus } from "../lasting/stop.ts";
import { planMetadata } from "../metadata/ephemeral-metadata.ts";
import { minimumQuestion, type ObservedRollout } from "../observe.ts";
import { hasDetail, isAsking, isWaved } from "../pauses.ts";
import { staleWord } from "../persons-word.ts";
import { planHistory } from "../replica-sets.ts";
import { planRestart } from "../restart/restart.ts";
import { planRestored } from "../routing/restored.ts";
import { pingPongAfter } from "../routing/sides.ts";
import { planTraffic, type TrafficPlan } from "../routing/traffic.ts";
import { type RolloutPlan, turn } from "../turn.ts";
import { isOverruled, type Verdict } from "../verdict.ts";
import { availableOf, type View } from "../view.ts";
import { planWorkload } from "../workload-size.ts";
import { areAtGoal, hasCanaryPods } from "./goals.ts";
import { holdbackEnd, weightGoal } from "./holdback.ts";
import { planScaling } from "./scaling.ts";
import { isRouted, pauseLength, replicasOf, stepText, weightAt } from "./steps.ts";

/** What a step does next. */
type Advance =
  | {
      readonly is: "waiting";
      readonly because: string;
      readonly until?: Instant | undefined;
      /** All steps are done, and a share stays with the stable version for a while. */
      readonly isHoldingBack?: boolean;
    }
  | { readonly is: "pause"; readonly reason: PauseReason; readonly because: string }
  | { readonly is: "advance"; readonly because: string; readonly by?: string }
  | { readonly is: "promote"; readonly because: string };

/** A version on its way, or the steady state after it: routes, analyses, Pods and steps, in this order. */
export function goOn(observed: ObservedRollout, view: View, now: Instant, stop?: Verdict): RolloutPlan {
  const traffic = planTraffic(observed, view, false);
  const step = planSlot(observed, view, "step", wantedAnalysis(observed, view, "step"), now);
  const background = planSlot(observed, view, "background", wantedAnalysis(observed, view, "background"), now);
  const experiment = planExperiment(observed, view, now);
  const scaling = planScaling(view, { isAborted: false, traffic, mayCreate: true }, now);
  const restart = planRestart(observed, view, now);
  const doing = { traffic, step, background, experiment };
  const advance: Advance =
    stop === undefined
      ? underTheJudge(observed, view, nextAdvance(observed, view, doing, now))
      : stopAdvance(view, stop);

  const keepsStep = advance.is !== "advance" && advance.is !== "promote";
  const stepRun = keepsStep ? step.status : undefined;
  const backgroundRun = advance.is === "promote" ? undefined : background.status;
  const current = [stepRun, backgroundRun].flatMap((run) => (run === undefined ? [] : [run.name]));
  const kept = view.isFullyPromoted ? current : [...current, minimumQuestion(view.hash)];
  const answered = [...observed.traffic].filter(([run, { state }]) => !kept.includes(run) && state.is !== "absent");
  const records = recordsOf(observed, view, advance, { step, background, experiment }, now);
  const experimentName = keepsStep ? experiment.name : undefined;
  const canary = {
    currentStepAnalysisRunStatus: stepRun,
    currentBackgroundAnalysisRunStatus: backgroundRun,
    currentExperiment: experimentName,
    weights: traffic.weights,
    stablePingPong: pingPongAfter(view.rollout, advance.is === "promote"),
  };
  const restored = planRestored(observed, view, traffic, now);
  return turn(observed, view, now, {
    because: advance.because,
    actions: [
      ...restored.actions,
      ...traffic.actions,
      ...scaling.actions,
      ...planAffinity(view),
      ...step.actions,
      ...background.actions,
      ...experiment.actions,
      ...records,
      ...emptied(observed, view, traffic, now),
      ...planOldRuns(observed, current),
      ...planOldExperiments(observed, experimentName),
      ...planJudgement(observed, view, traffic.weight, now),
      ...planHistory(view),
      ...restart.actions,
      ...planMetadata(observed, view),
      ...planWorkload(observed.workload, view),
      ...answered.map(([, { id }]): Effect => ({ do: "cancelTask", id })),
      ...(view.isFullyPromoted ? endSynthetic(observed) : []),
      ...staleWord(view),
    ],
    events: [...restored.events, ...scaling.events, ...trafficEvents(view, traffic), ...eventsOf(view, advance)],
    changes: {
      ...advanced(view, advance, now),
      canary: canaryStatusOf(canary),
      restartedAt: restart.restartedAt,
      ...(stop === undefined ? {} : { notRevertible: stoppedStatus(view, stop) }),
    },
    ...(advance.is === "pause" && hasDetail(advance.reason) ? { pausedBecause: advance.because } : {}),
    ...(advance.is === "waiting" && advance.isHoldingBack === true ? { holdsBack: advance.because } : {}),
    wakes: [
      ...scaling.wakes,
      ...step.wakes,
      ...background.wakes,
      restart.wakeAt,
      advance.is === "waiting" ? advance.until : undefined,
      clockEnd(view),
    ],
  });
}

interface Doing {
  readonly traffic: TrafficPlan;
  readonly step: Slot;
  readonly background: Slot;
  readonly experiment: ExperimentSlot;
}

const waiting = (because: string, until?: Instant): Advance => ({ is: "waiting", because, until });

function nextAdvance(observed: ObservedRollout, view: View, doing: Doing, now: Instant): Advance {
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
    return unproven(observed, "the background analysis has seen no data so far");
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
function underTheJudge(observed: ObservedRollout, view: View, advance: Advance): Advance {
  if (advance.is !== "advance" && advance.is !== "promote") return advance;
  const next = { ...view.progress, index: (view.progress.index ?? 0) + 1 };
  const raises = advance.is === "promote" || weightAt(next) > weightAt(view.progress);
  if (!raises || view.isFirst || view.status.promoteFull === true || isWaved(view)) return advance;
  if (isOverruled(view, { cause: "judge", run: undefined })) return advance;
  const said = enforcedStatus(observed, view);
  if (said?.action === "alert") return { is: "pause", reason: "VerdictAlert", because: said.because ?? "" };
  return said?.suspects === true ? waiting(`the judge holds the weight: ${said.because}`) : advance;
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

function patiently(observed: ObservedRollout, { canary }: View, because: string, now: Instant): Advance {
  const bornAt = parseInstant(canary?.metadata.creationTimestamp ?? "") ?? now;
  const until = after(bornAt, observed.evidence.askAfter ?? firstDataPatience);
  return now < until ? waiting(`waits a moment: ${because}`, until) : unproven(observed, because);
}

/** Our own requests may still tell; then it's a person's word. */
const unproven = (observed: ObservedRollout, because: string): Advance =>
  syntheticOf(observed).is === "running"
    ? waiting("waits for the synthetic checks")
    : { is: "pause", reason: "NoData", because };

function nextPromotion(observed: ObservedRollout, view: View, { traffic, background }: Doing, now: Instant): Advance {
  const { rollout, canary, status, progress } = view;
  const missing = replicasOf(rollout) - availableOf(canary);
  if (!hasCanaryPods(view, replicasOf(rollout))) return waiting(`waits for ${missing} Pods of the new version`);
  if (status.promoteFull === true) return { is: "promote", because: "Full promotion requested" };
  if (isRouted(rollout) && traffic.weight !== weightGoal(view)) return waiting("waits for all traffic to be routed");
  if (!background.wasWaved && isBlindRun(observed, view, "background", 1)) {
    return patiently(observed, view, "the background analysis has seen no data", now);
  }
  if (!background.wasWaved && isUnasked(observed, view))
    return patiently(observed, view, "the canary got no request", now);
  const end = holdbackEnd(view, now);
  if (end !== undefined && now < end) {
    const because = `holds ${view.holdback?.weight} % back on the stable version, to compare with`;
    return { is: "waiting", because, until: end, isHoldingBack: true };
  }
  return { is: "promote", because: `Completed all ${progress.steps.length} canary steps` };
}

function nextStep(view: View, { traffic, step, experiment }: Doing, now: Instant): Advance {
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
  if (isRouted(view.rollout) && traffic.weight !== weightGoal(view)) return waiting("waits for the routes");
  return { is: "advance", because: current === undefined ? "done" : `${stepText(current)} is reached` };
}

function nextPause(view: View, now: Instant): Advance {
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

function advanced(view: View, advance: Advance, now: Instant): Changes {
  const { status, progress } = view;
  const steps = progress.steps.length;
  switch (advance.is) {
    case "promote":
      return {
        stableRS: view.hash,
        promoteFull: undefined,
        abort: undefined,
        abortedAt: undefined,
        pauseConditions: undefined,
        controllerPause: undefined,
        currentStepIndex: steps === 0 ? undefined : steps,
      };
    case "advance":
      return { currentStepIndex: (progress.index ?? 0) + 1, pauseConditions: undefined, controllerPause: undefined };
    case "pause": {
      const pause: PauseCondition = { reason: advance.reason, startTime: formatInstant(now) };
      return { pauseConditions: [...(status.pauseConditions ?? []), pause], controllerPause: true };
    }
    case "waiting": {
      const isSteady = view.isFullyPromoted && view.rollout.spec.paused !== true;
      return {
        ...(status.promoteFull === true ? { pauseConditions: undefined, controllerPause: undefined } : {}),
        ...(status.promoteFull === true && steps > 0 ? { currentStepIndex: steps } : {}),
        ...(isWaved(view) && progress.step?.pause === undefined ? { controllerPause: undefined } : {}),
        ...(isSteady
          ? { promoteFull: undefined, abort: undefined, abortedAt: undefined, controllerPause: undefined }
          : {}),
      };
    }
  }
}

function recordsOf(
  observed: ObservedRollout,
  view: View,
  advance: Advance,
  { step, background, experiment }: Pick<Doing, "step" | "background" | "experiment">,
  now: Instant,
): readonly Effect[] {
  if (advance.is === "waiting") return [];
  const evidence = [...slotEvidence(observed, view, [step, background]), ...experiment.evidence];
  const by = advance.is === "advance" && advance.by !== undefined ? { by: advance.by } : {};
  // A version is promoted once, whatever else is seen between a conflict and its repeat.
  const slot = advance.is === "promote" ? { slot: `${view.hash}|${view.status.stableRS ?? ""}` } : {};
  return [decided(observed, view, now, { action: advance.is, because: advance.because, evidence, ...by, ...slot })];
}

/** Its last Pod went: nobody may be sent there, and it gets its share again as soon as one is back. */
function emptied(observed: ObservedRollout, view: View, { weight }: TrafficPlan, now: Instant): readonly Effect[] {
  const before = view.status.canary?.weights?.canary;
  const isEmptied = weight === 0 && availableOf(view.canary) === 0 && before?.podTemplateHash === view.hash;
  if (!isEmptied || before.weight === 0 || view.isFullyPromoted) return [];
  const because = `none of its Pods is available: the stable version gets its ${before.weight} % until one is`;
  return [decided(observed, view, now, { action: "hold", because })];
}

function trafficEvents({ status }: View, { weight }: TrafficPlan): readonly PlannedEvent[] {
  const before = status.canary?.weights?.canary.weight;
  if (weight === undefined || before === undefined || weight === before) return [];
  const message = `Traffic weight updated from ${before} to ${weight}`;
  return [{ type: "Normal", reason: "TrafficWeightUpdated", message }];
}

function eventsOf(view: View, advance: Advance): readonly PlannedEvent[] {
  const { progress, revision, hash } = view;
  const resumed: PlannedEvent[] = isWaved(view)
    ? [{ type: "Normal", reason: "RolloutResumed", message: "Rollout is resumed" }]
    : [];
  switch (advance.is) {
    case "advance": {
      const text = progress.step === undefined ? "" : stepText(progress.step);
      const message = `Rollout step ${(progress.index ?? 0) + 1}/${progress.steps.length} completed (${text})`;
      return [...resumed, { type: "Normal", reason: "RolloutStepCompleted", message }];
    }
    case "pause": {
      const detail = hasDetail(advance.reason) ? `${advance.reason}: ${advance.because}` : advance.reason;
      const type = advance.reason === "CanaryPauseStep" ? "Normal" : "Warning";
      return [{ type, reason: "RolloutPaused", message: `Rollout is paused (${detail})` }];
    }
    case "promote": {
      const message = `Rollout completed update to revision ${revision} (${hash}): ${advance.because}`;
      return [...resumed, { type: "Normal", reason: "RolloutCompleted", message }];
    }
    case "waiting":
      return resumed;
  }
}

import { formatInstant, type Instant, type PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { evidenceOf } from "../analysis/evidence.ts";
import { runEvents, withRunsSeen } from "../analysis/run-events.ts";
import { planOldRuns, runOf } from "../analysis/runs.ts";
import { endSynthetic, syntheticEvidence } from "../analysis/synthetic.ts";
import { endJobs } from "../analysis/synthetic-job-plan.ts";
import { blueGreenBegun } from "../bluegreen/status.ts";
import { type Changes, canaryStatusOf } from "../changes.ts";
import { planOldExperiments } from "../experiment/old.ts";
import { blameIn, endJudgements } from "../judging/judgements.ts";
import { planMetadata } from "../metadata/ephemeral-metadata.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { planHistory } from "../pods/replica-sets.ts";
import { planWorkload } from "../pods/workload-size.ts";
import { triesAgainAt, withoutRefused } from "../refused.ts";
import { noRestart, planRestart } from "../restart/restart.ts";
import type { Situation } from "../situation.ts";
import { conditionOf } from "../status/conditions.ts";
import { decided, decisionName } from "../status/decisions.ts";
import { abortedWords } from "../verdict/aborted-words.ts";
import { begunAgain } from "../verdict/crashes.ts";
import { gateIsOff } from "../verdict/gates.ts";
import { forgetBad } from "../verdict/persons-word.ts";
import { heldBy, liftHint, quarantined } from "../verdict/quarantine.ts";
import type { Verdict } from "../verdict/verdict.ts";
import { hashOf, type View } from "../view.ts";
import type { Turn } from "./finish.ts";
import { takeBack } from "./taken-back.ts";
import { type RolloutPlan, turn } from "./turn.ts";

/** All that keeps an aborted or held version out of traffic; safe to repeat, traffic first. */
function takenBack(observed: ObservedRollout, view: View, now: Instant, isBlamed: boolean) {
  const { traffic, scaling, events, wakes, changes } = takeBack(observed, withRunsSeen(observed, view), now);
  const before = withoutRefused(observed, traffic);
  if (before.length < traffic.length) {
    // Its users stay where they are for now: so do its Pods, and what status says of both.
    const stranded = observed.refused?.because;
    const again = [triesAgainAt(observed, now)];
    return {
      before,
      after: [],
      isScaling: false,
      events: [],
      wakes: again,
      stranded,
      changes: abortedChanges(view, now),
    };
  }
  const questions = [...observed.traffic.values()].filter(({ state }) => state.is !== "absent");
  const after: Effect[] = [
    ...scaling,
    ...planOldRuns(observed, []),
    ...planOldExperiments(observed),
    ...planWorkload(observed.workload, view),
    ...endJudgements(observed, view, { isBlamed }),
    ...questions.map(({ id }): Effect => ({ do: "cancelTask", id })),
    ...endSynthetic(observed),
  ];
  const isScaling = scaling.length > 0;
  return {
    before,
    after,
    isScaling,
    events,
    wakes,
    stranded: undefined,
    changes: { ...abortedChanges(view, now), ...changes },
  };
}

function abortedChanges(view: View, now: Instant): Changes {
  const steps = view.progress.steps.length;
  return {
    abort: true,
    abortedAt: view.status.abortedAt ?? formatInstant(now),
    pauseConditions: undefined,
    controllerPause: undefined,
    promoteFull: undefined,
    ...(steps === 0 ? {} : { currentStepIndex: 0 }),
  };
}

/**
 * The turn of a bad verdict: traffic to zero before anything else, then the record. Nothing here waits for anything,
 * and all of it has the same outcome when repeated after a crash.
 */
export function condemn(observed: ObservedRollout, view: View, verdict: Verdict, now: Instant): RolloutPlan {
  const { before, after, changes, ...taken } = takenBack(observed, view, now, verdict.isBlamed);
  const requests = verdict.run === undefined ? undefined : observed.traffic.get(verdict.run.metadata.name)?.state;
  const known = requests?.is === "done" ? requests.result.requests : undefined;
  const deciding = {
    because: verdict.message,
    evidence: [
      ...syntheticEvidence(observed),
      ...(verdict.evidence ??
        evidenceOf(
          verdict.run ?? runOf(observed, view, "background"),
          known,
          view.status.canary?.weights?.canary.weight,
        )),
    ],
    inputs: {
      cause: verdict.cause,
      isBlamed: verdict.isBlamed,
      analysisRun: verdict.run?.metadata.name,
      ...verdict.inputs,
    },
    ...(verdict.cause === "person" ? { by: "a person" } : {}),
    // One verdict for one run, also where a look at the traffic comes between a crash and its repeat.
    ...(verdict.run === undefined ? {} : { slot: verdict.run.metadata.name }),
  };
  const records: Effect[] = [decided(observed, view, now, { action: "abort", ...deciding })];
  const isHeld = heldBy(view, observed.quarantines) !== undefined;
  const isQuarantined = verdict.isBlamed && !gateIsOff(view, "quarantine");
  // Without a Quarantine only status tells of it: until then what it was decided on stays, also after a crash.
  const isEnding = isQuarantined || view.status.abortedAt !== undefined;
  if (verdict.isBlamed) records.push(...blameIn(observed, view, { isEnding }));
  if (isQuarantined) {
    const quarantining = { ...deciding, action: "quarantine" } as const;
    records.push(decided(observed, view, now, quarantining));
    if (!isHeld) records.push(quarantined(observed, view, verdict.message, decisionName(view, quarantining)));
  }
  const message = abortedWords(view, verdict.message);
  const events: PlannedEvent[] = [
    { type: "Warning", reason: "RolloutAborted", message },
    ...runEvents(observed, view),
    ...taken.events,
  ];
  if (isQuarantined) {
    events.push({
      type: "Warning",
      reason: "Quarantined",
      message: `Version ${view.hash} gets no traffic again: ${verdict.message}`,
    });
  }
  return turn(observed, view, now, {
    because: `taken back: ${verdict.message}`,
    actions: [...before, ...records, ...(isEnding ? after : [])],
    events,
    changes,
    progressing: { reason: "RolloutAborted", message },
    wakes: taken.wakes,
    stranded: taken.stranded,
  });
}

/** Stays taken back. Where a person asked for it by status, this turn also records that. */
export function stayAborted(observed: ObservedRollout, view: View, now: Instant): RolloutPlan {
  const { before, after, changes, ...taken } = takenBack(observed, view, now, false);
  const progressing = conditionOf(view.status.conditions, "Progressing");
  const isKnown = progressing?.reason === "RolloutAborted" || progressing?.reason === "Quarantined";
  if (isKnown) {
    // A person's word on a version that is out already has been heard: the Quarantine stands.
    const heard = view.rollout.metadata.annotations?.[annotations.bad] === undefined ? [] : [forgetBad(view)];
    // Nothing is on its way any more: the stable version is looked after as if nothing had been. What is scaled in this
    // turn a budget doesn't count yet.
    const restart =
      taken.isScaling || taken.stranded !== undefined ? noRestart(view) : planRestart(observed, view, now);
    return turn(observed, view, now, {
      because: `aborted: ${progressing.message}`,
      actions: [
        ...before,
        ...after,
        ...heard,
        ...planHistory(view),
        ...restart.actions,
        ...planMetadata(observed, view),
      ],
      events: taken.events,
      changes: { ...changes, restartedAt: restart.restartedAt },
      wakes: [...taken.wakes, restart.wakeAt],
      stranded: taken.stranded,
    });
  }
  const message = abortedWords(view, undefined);
  const because = "a person aborted it: traffic is taken back, the version is not blamed";
  return turn(observed, view, now, {
    because,
    actions: [...before, decided(observed, view, now, { action: "abort", because, by: "a person" }), ...after],
    events: [{ type: "Warning", reason: "RolloutAborted", message }, ...taken.events],
    changes,
    progressing: { reason: "RolloutAborted", message },
    wakes: taken.wakes,
    stranded: taken.stranded,
  });
}

/** A quarantined version was asked for: it gets no Pod and no request, and the message says how to lift it. */
export function hold(
  observed: ObservedRollout,
  view: View,
  { quarantine, wasRetried }: Situation & { readonly is: "held" },
  now: Instant,
): RolloutPlan {
  const { before, after, changes, ...taken } = takenBack(observed, view, now, true);
  const hint = liftHint(quarantine);
  const action = wasRetried ? "refuse" : "hold";
  const because = wasRetried ? `refused to go on: ${hint}` : `held: ${hint}`;
  const inputs = { quarantine: quarantine.metadata.name, decision: quarantine.spec.decision };
  return turn(observed, view, now, {
    because,
    actions: [...before, decided(observed, view, now, { action, because, inputs }), ...after],
    events: [{ type: "Warning", reason: wasRetried ? "RetryRefused" : "Quarantined", message: hint }, ...taken.events],
    changes,
    progressing: { reason: "Quarantined", message: hint },
    wakes: taken.wakes,
    stranded: taken.stranded,
  });
}

/** From the first step again: after a person's retry, or once a Quarantine is lifted. */
export function beginAgain(observed: ObservedRollout, view: View, action: "retry" | "lift", now: Instant): RolloutPlan {
  const isFull = view.status.promoteFull === true;
  const { accepted } = view.status.notRevertible ?? {};
  const steps = view.progress.steps.length;
  const start = isFull || (view.stable !== undefined && hashOf(view.stable) === view.hash) ? steps : 0;
  const because =
    action === "lift" ? "its quarantine was lifted: it begins again" : "a person asked for it again: it begins again";
  const made: Turn = {
    because,
    // What failed stays for a look until it is asked anew.
    actions: [decided(observed, view, now, { action, because, by: "a person" }), ...endJobs(observed, () => true)],
    events: [{ type: "Normal", reason: "RolloutRetry", message: "Retrying Rollout after abort" }],
    changes: {
      abort: undefined,
      abortedAt: undefined,
      pauseConditions: undefined,
      controllerPause: undefined,
      ...(steps === 0 ? {} : { currentStepIndex: start }),
      canary: canaryStatusOf({
        ...view.rollout.status?.canary,
        currentStepAnalysisRunStatus: undefined,
        currentBackgroundAnalysisRunStatus: undefined,
        currentExperiment: undefined,
        reachedStepIndex: steps === 0 ? undefined : start,
      }),
      blueGreen: blueGreenBegun(view.status),
      ...(accepted === undefined ? {} : { notRevertible: { accepted } }),
      begunAgain: begunAgain(observed, view, now),
    },
    progressing: { reason: "RolloutRetry", message: "Retrying Rollout after abort" },
  };
  return turn(observed, view, now, made);
}

import type {
  AnalysisRunPhase,
  Condition,
  Experiment,
  ExperimentAnalysisRunStatus,
  ExperimentStatus,
  ExperimentTemplateStatus,
} from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  instant,
  type Plan,
  type PlannedEvent,
  parseInstant,
} from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";
import type { Effect } from "../loop/index.ts";
import { isCompleted, isWorse } from "../phases/index.ts";
import { planAnalysis } from "./analyses.ts";
import { planScaleDown } from "./ended.ts";
import type { ObservedExperiment } from "./observe.ts";
import { moved, planVersion } from "./version.ts";

export type ExperimentPlan = Plan<Effect, ExperimentStatus>;

/** Source: argo-rollouts experiments/experiment.go reconcile and calculateStatus. */
export function plan(observed: ObservedExperiment, now: Instant): ExperimentPlan {
  const { experiment } = observed;
  if (experiment.metadata.deletionTimestamp !== undefined) return { actions: [], because: "on its way out" };
  if (isCompleted(experiment.status?.phase)) return planScaleDown(observed, now);
  return goOn(observed, now);
}

function goOn(observed: ObservedExperiment, now: Instant): ExperimentPlan {
  const { experiment } = observed;
  const { spec } = experiment;
  const versions = spec.templates.map((template) => planVersion(observed, template, now));
  const areAllThere = versions.every(({ status }) => status.status === "Running");
  const availableAt = experiment.status?.availableAt ?? (areAllThere ? formatInstant(now) : undefined);

  // Two looks: what was just seen of the analyses may be what ends them all.
  const seen = (spec.analyses ?? []).map((analysis) => planAnalysis(observed, analysis, { isEnding: false }));
  const end = endOf(
    experiment,
    availableAt,
    versions.map(({ status }) => status),
    seen.flatMap(({ status }) => status ?? []),
    now,
  );
  const isEnding = end.is === "ending";
  // One that could not begin at all has ended, too, and is no run that could be terminated.
  const analyses = seen.map((first, index) => {
    const analysis = spec.analyses?.[index];
    if (!isEnding || analysis === undefined || isCompleted(first.status?.phase)) return first;
    return planAnalysis(observed, analysis, { isEnding });
  });
  const runs = analyses.flatMap(({ status }) => status ?? []);
  const isOver = isEnding && runs.every(({ phase }) => isCompleted(phase));
  const finished = isOver
    ? versions.map(({ status }) =>
        status.status === "Failed" || status.status === "Error"
          ? { status, events: [] }
          : moved(experiment, { ...status, status: "Successful" }, [], now),
      )
    : versions;
  const templateStatuses = finished.map(({ status }) => status);
  const result = isOver
    ? worstOf(templateStatuses, runs)
    : { phase: availableAt === undefined ? ("Pending" as const) : ("Running" as const), message: undefined };

  const status: ExperimentStatus = {
    phase: result.phase,
    ...(result.message === undefined ? {} : { message: result.message }),
    ...(availableAt === undefined ? {} : { availableAt }),
    templateStatuses,
    ...(runs.length === 0 ? {} : { analysisRuns: runs }),
    conditions: conditionsOf(experiment, result.phase, now),
  };
  const wakes = [...versions.map(({ wakeAt }) => wakeAt), end.is === "waiting" ? end.until : undefined];
  const known = wakes.filter((wake) => wake !== undefined);
  return {
    actions: [
      ...(isEnding ? [] : versions.flatMap(({ actions }) => actions)),
      ...analyses.flatMap(({ actions }) => actions),
    ],
    status,
    because: isOver ? `ended ${result.phase}: ${end.because}` : end.because,
    ...(known.length === 0 ? {} : { wakeAt: instant(Math.min(...known)) }),
    events: [
      ...finished.flatMap(({ events }) => events),
      ...analyses.flatMap(({ events }) => events),
      ...phaseEvents(experiment, result.phase, result.message),
    ],
  };
}

type End =
  | { readonly is: "ending"; readonly because: string }
  | { readonly is: "waiting"; readonly because: string; readonly until: Instant | undefined };

function endOf(
  { spec }: Experiment,
  availableAt: string | undefined,
  versions: readonly ExperimentTemplateStatus[],
  runs: readonly ExperimentAnalysisRunStatus[],
  now: Instant,
): End {
  if (spec.terminate === true) return { is: "ending", because: "it was terminated" };
  const broken = versions.find(({ status }) => status === "Failed" || status === "Error");
  if (broken !== undefined) return { is: "ending", because: broken.message ?? `template ${broken.name} failed` };
  const bad = runs.find(({ phase }) => isCompleted(phase) && phase !== "Successful");
  if (bad !== undefined) return { is: "ending", because: `analysis ${bad.name} is ${bad.phase}` };
  const begin = parseInstant(availableAt ?? "");
  if (begin === undefined) return { is: "waiting", because: "waits for its pods", until: undefined };

  const required = (spec.analyses ?? []).filter(({ requiredForCompletion }) => requiredForCompletion === true);
  const areRequiredDone = required.every(({ name }) =>
    runs.some((run) => run.name === name && run.phase === "Successful"),
  );
  if (required.length > 0 && areRequiredDone) {
    return { is: "ending", because: "every analysis that is required for completion succeeded" };
  }
  const duration = parseGoDuration(spec.duration ?? "");
  if (duration.is !== "parsed") return { is: "waiting", because: "runs until it is ended", until: undefined };
  const until = after(begin, duration.value);
  if (now < until) return { is: "waiting", because: `runs for ${spec.duration}`, until };
  return required.length === 0
    ? { is: "ending", because: "its duration is over" }
    : { is: "waiting", because: "its duration is over, a required analysis still runs", until: undefined };
}

function worstOf(versions: readonly ExperimentTemplateStatus[], runs: readonly ExperimentAnalysisRunStatus[]) {
  let worst: { readonly phase: AnalysisRunPhase; readonly message: string | undefined } = {
    phase: "Successful",
    message: undefined,
  };
  const candidates = [
    ...versions.map(({ status = "", message }) => ({ phase: status as AnalysisRunPhase, message })),
    ...runs.map(({ phase, message }) => ({ phase, message })),
  ];
  for (const candidate of candidates) if (isWorse(worst.phase, candidate.phase)) worst = candidate;
  return worst;
}

function phaseEvents(experiment: Experiment, phase: AnalysisRunPhase, message: string | undefined): PlannedEvent[] {
  const from = experiment.status?.phase ?? "";
  if (from === phase) return [];
  const words = `Experiment transitioned from ${from} -> ${phase}`;
  return [
    {
      type: ["Failed", "Error", "Inconclusive"].includes(phase) ? "Warning" : "Normal",
      reason: `Experiment${phase}`,
      message: message === undefined ? words : `${words}: ${message}`,
    },
  ];
}

function conditionsOf(experiment: Experiment, phase: AnalysisRunPhase, now: Instant): readonly Condition[] {
  const { name } = experiment.metadata;
  const known = experiment.status?.conditions?.find(({ type }) => type === "Progressing");
  const [status, reason, message] = isCompleted(phase)
    ? (["False", "ExperimentCompleted", `Experiment "${name}" has completed: ${phase}.`] as const)
    : phase === "Running"
      ? (["True", "ExperimentRunning", `Experiment "${name}" is running.`] as const)
      : (["True", "ReplicaSetUpdated", `Experiment "${name}" is progressing.`] as const);
  if (known?.reason === reason && known.status === status) return [known];
  const at = formatInstant(now);
  const lastTransitionTime = known?.status === status ? (known.lastTransitionTime ?? at) : at;
  return [{ type: "Progressing", status, reason, message, lastUpdateTime: at, lastTransitionTime } as Condition];
}

import type { AnalysisRun, AnalysisRunStatus, Measurement, Metric, MetricResult } from "@sluice/api";
import {
  after,
  formatInstant,
  type Instant,
  instant,
  type Plan,
  type PlannedEvent,
  seconds,
  unreachable,
} from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import { isCompleted } from "../phases/index.ts";
import { assessRun, isTerminating } from "./assess.ts";
import { jobKey, newJob } from "./job.ts";
import { failedToMeasure, measured, queryWork, recorded, redacted, timeoutSeconds } from "./measure.ts";
import type { MetricJob, ObservedRun, Query } from "./observe.ts";
import { type Prepared, prepare } from "./prepared.ts";
import { earliest, nextMeasurementAt, timeOf } from "./schedule.ts";

type RunPlan = Plan<Effect, AnalysisRunStatus>;

/** Beyond a provider's own time-out: a handler that never answers must not hold a release. */
const patience = seconds(15);

/** Source: argo-rollouts analysis/analysis.go reconcileAnalysisRun. */
export function plan(observed: ObservedRun, now: Instant): RunPlan {
  const { run, leftOver } = observed;
  const cleanUp = leftOver.map((id): Effect => ({ do: "cancelTask", id }));
  if (isCompleted(run.status?.phase)) return ended(run, [...cleanUp, ...unfinishedJobs(observed)], now);

  const prepared = prepare(observed);
  if (prepared.is === "fault") return refused(run, prepared.message, cleanUp, now);
  return measure(observed, prepared.value, cleanUp, now);
}

/** What ended for another metric's sake leaves no Job at work. */
function unfinishedJobs({ run, jobs }: ObservedRun): readonly Effect[] {
  return [...jobs.values()]
    .filter(({ state }) => state.is === "running" || (state.is === "ended" && state.phase === "Inconclusive"))
    .map(({ name }): Effect => ({ do: "delete", key: jobKey(run, name) }));
}

function measure(
  { run, queries, jobs, oldJobs }: ObservedRun,
  prepared: Prepared,
  cleanUp: readonly Effect[],
  now: Instant,
): RunPlan {
  const { shown, asked, secrets, dryRuns, kept } = prepared;
  const startedAt = timeOf(run.status?.startedAt) ?? now;
  const actions: Effect[] = [...cleanUp, ...oldJobs.map((key): Effect => ({ do: "delete", key }))];
  const wakes: (Instant | undefined)[] = [];
  const before = run.status?.metricResults ?? [];
  const wasEnding = isTerminating(run.spec.terminate, before);

  const taken = shown.flatMap((metric) => {
    const known = before.find(({ name }) => name === metric.name);
    const job = jobs.get(metric.name);
    if (job !== undefined) {
      if (wasEnding || isCompleted(known?.phase)) {
        if (job.state.is === "running") actions.push({ do: "delete", key: jobKey(run, job.name) });
        return known === undefined ? [] : [known];
      }
      if (job.state.is === "absent") {
        const at = nextMeasurementAt(metric, known, startedAt);
        const object = newJob(run, asked.find(({ name }) => name === metric.name) ?? metric, job.name);
        if (at !== undefined && now < at) wakes.push(at);
        else if (at !== undefined && object !== undefined) actions.push({ do: "create", object });
      }
      if (job.state.is !== "ended") return known === undefined ? [] : [known];
      // It would try to pull for ever.
      if (job.state.phase === "Inconclusive") actions.push({ do: "delete", key: jobKey(run, job.name) });
      const measurement = redacted(measuredByJob(job, run.metadata.namespace, now), secrets);
      return [recorded(known ?? newResult(metric, run, dryRuns.has(metric.name)), measurement)];
    }
    const query = queries.get(metric.name);
    if (query === undefined) return known === undefined ? [] : [known];
    if (wasEnding) {
      if (query.state.is !== "absent") actions.push({ do: "cancelTask", id: query.id });
      return known === undefined ? [] : [known];
    }
    const step = stepOf(metric, known, query, startedAt, now);
    switch (step.is) {
      case "waiting":
        wakes.push(step.until);
        return known === undefined ? [] : [known];
      case "due": {
        const secretMetric = asked.find(({ name }) => name === metric.name) ?? metric;
        const work = queryWork(secretMetric, run.metadata.namespace);
        if (work !== undefined) actions.push({ do: "startTask", id: query.id, work });
        return known === undefined ? [] : [known];
      }
      case "taken": {
        if (step.isLate) actions.push({ do: "cancelTask", id: query.id });
        const measurement = redacted(step.measurement, secrets);
        return [recorded(known ?? newResult(metric, run, dryRuns.has(metric.name)), measurement)];
      }
      default:
        return unreachable(step);
    }
  });

  const assessed = assessRun(shown, dryRuns, run.spec.terminate, { metricResults: taken });
  const results = assessed.results.map((result) => trimmed(result, kept(result.name)));
  for (const metric of shown) {
    if (isCompleted(assessed.phase)) break;
    const result = results.find(({ name }) => name === metric.name);
    if (result !== before.find(({ name }) => name === metric.name)) {
      wakes.push(nextMeasurementAt(metric, result, startedAt));
    }
  }
  const wakeAt = earliest(wakes);
  const status: AnalysisRunStatus = {
    phase: assessed.phase,
    ...(assessed.message === undefined ? {} : { message: assessed.message }),
    metricResults: results,
    startedAt: run.status?.startedAt ?? formatInstant(now),
    ...(isCompleted(assessed.phase) ? { completedAt: formatInstant(now) } : {}),
    runSummary: assessed.runSummary,
    dryRunSummary: assessed.dryRunSummary,
  };
  return {
    actions,
    status,
    because: isCompleted(assessed.phase)
      ? `ended ${assessed.phase}${assessed.message === undefined ? "" : `: ${assessed.message}`}`
      : describe(results, actions.length),
    ...(wakeAt === undefined ? {} : { wakeAt }),
    events: eventsOf(before, status, run.status?.phase),
  };
}

function measuredByJob({ name, state }: MetricJob, namespace: string | undefined, now: Instant): Measurement {
  const { phase, message, startedAt, finishedAt } = state.is === "ended" ? state : { phase: "Error" as const };
  return {
    phase,
    startedAt: formatInstant(startedAt ?? now),
    finishedAt: formatInstant(finishedAt ?? now),
    ...(message === undefined ? {} : { message }),
    metadata: { "job-name": name, ...(namespace === undefined ? {} : { "job-namespace": namespace }) },
  };
}

type Step =
  | { readonly is: "waiting"; readonly until: Instant | undefined }
  | { readonly is: "due" }
  | { readonly is: "taken"; readonly measurement: Measurement; readonly isLate: boolean };

function stepOf(metric: Metric, known: MetricResult | undefined, query: Query, startedAt: Instant, now: Instant): Step {
  const { state } = query;
  switch (state.is) {
    case "absent": {
      const at = nextMeasurementAt(metric, known, startedAt);
      if (at === undefined) return { is: "waiting", until: undefined };
      return now >= at ? { is: "due" } : { is: "waiting", until: at };
    }
    case "running": {
      const limit = after(after(state.startedAt, seconds(timeoutSeconds(metric))), patience);
      if (now < limit) return { is: "waiting", until: limit };
      const message = `the provider did not answer within ${timeoutSeconds(metric)}s`;
      return {
        is: "taken",
        measurement: failedToMeasure({ message }, { startedAt: state.startedAt, finishedAt: now }),
        isLate: true,
      };
    }
    case "done":
      return { is: "taken", measurement: measured(metric, state.result, state), isLate: false };
    case "refused":
      return { is: "taken", measurement: failedToMeasure(state.fault, state), isLate: false };
    default:
      return unreachable(state);
  }
}

function newResult(metric: Metric, run: AnalysisRun, isDry: boolean): MetricResult {
  const query = metric.provider.prometheus?.query;
  const written = run.spec.metrics.find(({ name }) => name === metric.name)?.provider.prometheus?.query;
  return {
    name: metric.name,
    phase: "Running",
    ...(isDry ? { dryRun: true } : {}),
    ...(query === undefined || query === written ? {} : { metadata: { ResolvedPrometheusQuery: query } }),
  };
}

function trimmed(result: MetricResult, limit: number): MetricResult {
  const { measurements = [] } = result;
  return measurements.length <= limit ? result : { ...result, measurements: measurements.slice(-limit) };
}

function refused(run: AnalysisRun, message: string, cleanUp: readonly Effect[], now: Instant): RunPlan {
  const at = formatInstant(now);
  return {
    actions: cleanUp,
    status: { ...run.status, phase: "Error", message, startedAt: run.status?.startedAt ?? at, completedAt: at },
    because: message,
    events: [{ type: "Warning", reason: "AnalysisRunError", message: "Analysis Completed. Result: Error" }],
  };
}

/** What ended stays as evidence, until its time to live is over. */
function ended(run: AnalysisRun, cleanUp: readonly Effect[], now: Instant): RunPlan {
  const { ttlStrategy } = run.spec;
  const completedAt = timeOf(run.status?.completedAt);
  const bySuccess =
    run.status?.phase === "Successful" ? ttlStrategy?.secondsAfterSuccess : ttlStrategy?.secondsAfterFailure;
  const lifetime = bySuccess ?? ttlStrategy?.secondsAfterCompletion;
  if (lifetime === undefined || completedAt === undefined) return { actions: cleanUp, because: "ended" };
  const end = instant(after(completedAt, seconds(lifetime)));
  if (now < end) return { actions: cleanUp, because: "ended, kept until its time to live is over", wakeAt: end };
  const { apiVersion, kind, metadata } = run;
  const { namespace, name } = metadata;
  const key = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  return { actions: [...cleanUp, { do: "delete", key }], because: "its time to live is over" };
}

function eventsOf(
  before: readonly MetricResult[],
  status: AnalysisRunStatus,
  phaseBefore: string | undefined,
): readonly PlannedEvent[] {
  const events: PlannedEvent[] = [];
  const typeOf = (phase: string) => (phase === "Failed" || phase === "Error" ? "Warning" : "Normal");
  for (const { name, phase } of status.metricResults ?? []) {
    if (!isCompleted(phase) || before.find((result) => result.name === name)?.phase === phase) continue;
    events.push({
      type: typeOf(phase),
      reason: `Metric${phase}`,
      message: `Metric '${name}' Completed. Result: ${phase}`,
    });
  }
  if (isCompleted(status.phase) && status.phase !== phaseBefore) {
    events.push({
      type: typeOf(status.phase),
      reason: `AnalysisRun${status.phase}`,
      message: `Analysis Completed. Result: ${status.phase}`,
    });
  }
  return events;
}

function describe(results: readonly MetricResult[], effects: number): string {
  const counts = results.map(({ name, count = 0, failed = 0, error = 0 }) => `${name} ${count}/${failed}/${error}`);
  if (counts.length === 0) return effects === 0 ? "nothing is due yet" : "first measurements";
  return `measured/failed/errors: ${counts.join(", ")}`;
}

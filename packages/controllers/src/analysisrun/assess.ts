import type { AnalysisRunPhase, AnalysisRunStatus, Metric, MetricResult, RunSummary } from "@sluice/api";
import { isCompleted, isWorse } from "../phases/index.ts";
import {
  consecutiveErrorLimit,
  consecutiveSuccessLimit,
  effectiveCount,
  failureLimit,
  inconclusiveLimit,
} from "./limits.ts";

/** A limit that tripped. Several may: Error wins over Inconclusive over Failed (analysis.go, the last writer). */
function trippedLimit(
  metric: Metric,
  result: MetricResult,
): { readonly phase: "Failed" | "Inconclusive" | "Error"; readonly message: string } | undefined {
  const errors = result.consecutiveError ?? 0;
  if (errors > consecutiveErrorLimit(metric)) {
    const message = `consecutiveErrors (${errors}) > consecutiveErrorLimit (${consecutiveErrorLimit(metric)})`;
    return { phase: "Error", message };
  }
  const inconclusive = result.inconclusive ?? 0;
  if (inconclusive > inconclusiveLimit(metric)) {
    const message = `inconclusive (${inconclusive}) > inconclusiveLimit (${inconclusiveLimit(metric)})`;
    return { phase: "Inconclusive", message };
  }
  const failed = result.failed ?? 0;
  const limit = failureLimit(metric);
  if (limit >= 0 && failed > limit) return { phase: "Failed", message: `failed (${failed}) > failureLimit (${limit})` };
  return undefined;
}

/** Source: analysis.go assessMetricStatus. */
export function assessMetric(metric: Metric, result: MetricResult, isTerminating: boolean): AnalysisRunPhase {
  if (isCompleted(result.phase)) return result.phase;
  const last = result.measurements?.at(-1);
  if (last === undefined) return isTerminating ? "Successful" : "Pending";
  if (!isCompleted(last.phase)) return "Running";
  const tripped = trippedLimit(metric, result);
  if (tripped !== undefined) return tripped.phase;
  const wanted = consecutiveSuccessLimit(metric);
  if (wanted !== undefined && (result.consecutiveSuccess ?? 0) >= wanted) return "Successful";
  const count = effectiveCount(metric);
  if (count !== undefined && (result.count ?? 0) >= count) {
    if (wanted === undefined) return "Successful";
    return failureLimit(metric) >= 0 ? "Inconclusive" : "Failed";
  }
  return isTerminating ? "Successful" : "Running";
}

/** A metric that ended badly ends the run, unless it only runs dry. */
export const isTerminating = (terminate: boolean | undefined, results: readonly MetricResult[]): boolean =>
  terminate === true ||
  results.some(({ dryRun, phase }) => dryRun !== true && isCompleted(phase) && phase !== "Successful");

export interface RunAssessment {
  readonly phase: AnalysisRunPhase;
  readonly message: string | undefined;
  readonly results: readonly MetricResult[];
  readonly runSummary: RunSummary;
  readonly dryRunSummary: RunSummary;
}

/** The phases of all metrics and of the run. Source: analysis.go assessRunStatus. */
export function assessRun(
  metrics: readonly Metric[],
  dryRuns: ReadonlySet<string>,
  terminate: boolean | undefined,
  status: Pick<AnalysisRunStatus, "metricResults">,
): RunAssessment {
  const first = assessAll(metrics, status.metricResults ?? [], isTerminating(terminate, status.metricResults ?? []));
  // A metric that trips now ends the others in the same pass: a verdict waits for no further look.
  const isEnding = isTerminating(terminate, first);
  const results = assessAll(metrics, first, isEnding);
  const runSummary = emptySummary();
  const dryRunSummary = emptySummary();
  let everyMetricEnded = true;
  let worst: AnalysisRunPhase = "";
  let message = terminate === true ? "Run Terminated" : undefined;

  for (const metric of metrics) {
    const isDry = dryRuns.has(metric.name);
    const summary = isDry ? dryRunSummary : runSummary;
    summary.count++;
    const result = results.find(({ name }) => name === metric.name);
    const phase = result?.phase ?? (isEnding ? "Successful" : "Pending");
    if (!isCompleted(phase)) {
      everyMetricEnded = false;
      continue;
    }
    if (phase === "Successful") summary.successful++;
    else if (phase === "Failed") summary.failed++;
    else if (phase === "Inconclusive") summary.inconclusive++;
    else summary.error++;
    if (isDry || (worst !== "" && !isWorse(worst, phase))) continue;
    worst = phase;
    const tripped = result === undefined ? undefined : trippedLimit(metric, result);
    if (tripped === undefined) continue;
    const words = `Metric "${metric.name}" assessed ${phase} due to ${tripped.message}`;
    message = (result?.message ?? "") === "" ? words : `${words}: "Error Message: ${result?.message}"`;
  }

  const counted = { results, runSummary, dryRunSummary };
  if (!everyMetricEnded) return { phase: "Running", message: undefined, ...counted };
  return { phase: worst === "" ? "Successful" : worst, message, ...counted };
}

function assessAll(metrics: readonly Metric[], results: readonly MetricResult[], isEnding: boolean): MetricResult[] {
  return results.map((result) => {
    const metric = metrics.find(({ name }) => name === result.name);
    if (metric === undefined) return result;
    const phase = assessMetric(metric, result, isEnding);
    if (phase === result.phase) return result;
    const message = result.measurements?.at(-1)?.message;
    return { ...result, phase, ...(message === undefined ? {} : { message }) };
  });
}

function emptySummary() {
  return { count: 0, successful: 0, failed: 0, inconclusive: 0, error: 0 };
}

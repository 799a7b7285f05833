import type { Metric, MetricResult, Timestamp } from "@sluice/api";
import { after, type Instant, instant, millis, parseInstant } from "@sluice/kernel";
import { isCompleted } from "../phases/index.ts";
import { durationOf, effectiveCount, errorRetry } from "./limits.ts";

/** When a metric is measured next; undefined where it is not measured again. Source: analysis.go generateMetricTasks. */
export function nextMeasurementAt(
  metric: Metric,
  result: MetricResult | undefined,
  runStarted: Instant,
): Instant | undefined {
  if (isCompleted(result?.phase)) return undefined;
  const last = result?.measurements?.at(-1);
  if (last === undefined) return after(runStarted, durationOf(metric.initialDelay) ?? millis(0));
  const count = effectiveCount(metric);
  if (count !== undefined && (result?.count ?? 0) >= count && last.phase !== "Error") return undefined;
  const wait = last.phase === "Error" ? errorRetry : (durationOf(metric.interval) ?? errorRetry);
  // Strictly after, as the original compares.
  return after(after(timeOf(last.finishedAt) ?? runStarted, wait), millis(1));
}

export const timeOf = (timestamp: Timestamp | undefined): Instant | undefined =>
  timestamp === undefined ? undefined : parseInstant(timestamp);

/** How many measurements were taken, also those no longer kept: the number of the next one. */
export const measurementsTaken = (result: MetricResult | undefined): number =>
  (result?.count ?? 0) + (result?.error ?? 0);

export const earliest = (times: readonly (Instant | undefined)[]): Instant | undefined => {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : instant(Math.min(...known));
};

import type { IntOrString, Metric } from "@sluice/api";
import { type Millis, millis, seconds } from "@sluice/kernel";
import { parseGoDuration } from "@sluice/languages";

export const errorRetry: Millis = seconds(10);

/** Kubernetes' IntOrString as the original reads it: a text that is no integer counts as 0. */
function intOf(value: IntOrString | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === "number") return value;
  return /^[+-]?\d+$/.test(value) ? Number(value) : 0;
}

/** Undefined: without end, until terminated. No count and no interval means once. */
export function effectiveCount(metric: Metric): number | undefined {
  const count = intOf(metric.count) ?? 0;
  if (count !== 0) return count;
  return metric.interval === undefined || metric.interval === "" ? 1 : undefined;
}

/** A limit of 3 trips at the 4th; −1 never. */
export const failureLimit = (metric: Metric): number => intOf(metric.failureLimit) ?? 0;
export const inconclusiveLimit = (metric: Metric): number => intOf(metric.inconclusiveLimit) ?? 0;
export const consecutiveErrorLimit = (metric: Metric): number => intOf(metric.consecutiveErrorLimit) ?? 4;
/** Undefined where successes in a row don't matter. */
export const consecutiveSuccessLimit = (metric: Metric): number | undefined => {
  const limit = intOf(metric.consecutiveSuccessLimit) ?? 0;
  return limit > 0 ? limit : undefined;
};

/** Undefined where unset; what can't be read was refused by `metricsFault`. */
export function durationOf(text: string | undefined): Millis | undefined {
  if (text === undefined || text === "") return undefined;
  const read = parseGoDuration(text);
  return read.is === "parsed" ? read.value : millis(0);
}

const providers = ["prometheus", "web", "job", "plugin"] as const;

/** Why a run can't begin, in the original's words; undefined where it can. Source: utils/analysis/helpers.go. */
export function metricsFault(metrics: readonly Metric[]): string | undefined {
  if (metrics.length === 0) return "no metrics specified";
  const names = new Set<string>();
  for (const [index, metric] of metrics.entries()) {
    if (names.has(metric.name)) return `metrics[${index}]: duplicate name '${metric.name}`;
    names.add(metric.name);
    const fault = metricFault(metric);
    if (fault !== undefined) return `metrics[${index}]: ${fault}`;
  }
  return undefined;
}

function metricFault(metric: Metric): string | undefined {
  const count = intOf(metric.count) ?? 0;
  if (count > 0 && count < failureLimit(metric)) return "count must be >= failureLimit";
  if (count > 0 && count < inconclusiveLimit(metric)) return "count must be >= inconclusiveLimit";
  if (count > 1 && durationOf(metric.interval) === undefined) return "interval must be specified when count > 1";
  for (const [label, text] of [
    ["interval", metric.interval],
    ["startDelay", metric.initialDelay],
  ] as const) {
    if (text === undefined || text === "" || parseGoDuration(text).is === "parsed") continue;
    return `invalid ${label} string: time: invalid duration ${JSON.stringify(text)}`;
  }
  if (inconclusiveLimit(metric) < 0) return "inconclusiveLimit must be >= 0";
  if (consecutiveErrorLimit(metric) < 0) return "consecutiveErrorLimit must be >= 0";
  const named = Object.entries(metric.provider).filter(([, settings]) => settings !== undefined);
  if (named.length === 0) return "no provider specified";
  if (named.length > 1) return "multiple providers specified";
  const provider = named[0]?.[0] ?? "";
  if ((providers as readonly string[]).includes(provider)) return undefined;
  return `provider ${provider} is not supported yet: use ${providers.join(", ")}`;
}

import {
  type CanaryComparison,
  canaryComparisonPlugin,
  type JudgeMetric,
  judgePlugin,
  type Measurement,
  type Metric,
  type MetricResult,
} from "@sluice/api";
import { type Fault, formatInstant, type Instant, type TaskWork } from "@sluice/kernel";
import { assessResult } from "./evaluate.ts";

/** What a provider answers: the value as text, for people, and parsed, for conditions. */
export interface QueryResult {
  readonly value: string;
  readonly parsed: unknown;
}

/** The query of a metric whose arguments are resolved, secrets too: never to be logged or stored. */
export function queryWork(metric: Metric, namespace: string | undefined): TaskWork | undefined {
  const { prometheus, web, plugin } = metric.provider;
  if (prometheus !== undefined) {
    return { do: "queryPrometheus", namespace, ...prometheus, timeoutSeconds: timeoutSeconds(metric) };
  }
  if (web !== undefined) return { do: "queryWeb", namespace, ...web, timeoutSeconds: timeoutSeconds(metric) };
  const [entry] = Object.entries(plugin ?? {});
  if (entry === undefined) return undefined;
  const [name, config] = entry;
  if (name === judgePlugin) return { do: "askJudge", namespace, ...(config as JudgeMetric) };
  return name === canaryComparisonPlugin
    ? { do: "compareVersions", namespace, comparison: config, timeoutSeconds: timeoutSeconds(metric) }
    : { do: "queryPlugin", namespace, plugin: name, config, metric: metric.name };
}

/** The longest that a plugin may be given by its registration. */
const pluginSecondsMax = 300;

/** The original's: 30 s for Prometheus, 10 s for web. */
export function timeoutSeconds({ provider }: Metric): number {
  if (provider.prometheus !== undefined) return provider.prometheus.timeout || 30;
  if (provider.plugin === undefined) return provider.web?.timeoutSeconds || 10;
  if (Object.hasOwn(provider.plugin, judgePlugin)) return 10;
  return Object.hasOwn(provider.plugin, canaryComparisonPlugin) ? 60 : pluginSecondsMax;
}

/** A comparison has a threshold of its own: between `marginal` and `pass` nobody knows. The judge says itself when he doesn't. */
function withOwnConditions(metric: Metric): Metric {
  const { plugin = {} } = metric.provider;
  const config = plugin[canaryComparisonPlugin] as Partial<CanaryComparison> | undefined;
  const hasCondition = (metric.successCondition ?? "") !== "" || (metric.failureCondition ?? "") !== "";
  if (hasCondition) return metric;
  if (Object.hasOwn(plugin, judgePlugin)) {
    return {
      ...metric,
      successCondition: 'result.action == "continue"',
      failureCondition: 'result.action == "rollback"',
    };
  }
  if (config === undefined || config === null) return metric;
  const { pass = 95, marginal = 75 } = config;
  return {
    ...metric,
    successCondition: `result.score >= ${pass}`,
    failureCondition: `result.score < ${marginal}`,
  };
}

interface Taken {
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
}

/** The value is kept on errors too, since it tells an empty answer from a provider that failed. */
export function measured(metric: Metric, { value, parsed }: QueryResult, taken: Taken): Measurement {
  const { phase, message } = assessResult(withOwnConditions(metric), parsed);
  return { phase, ...times(taken), value, ...(message === undefined ? {} : { message }) };
}

export const failedToMeasure = (fault: Pick<Fault, "message">, taken: Taken): Measurement => ({
  phase: "Error",
  ...times(taken),
  message: fault.message,
});

const times = ({ startedAt, finishedAt }: Taken) => ({
  startedAt: formatInstant(startedAt),
  finishedAt: formatInstant(finishedAt),
});

/** Appends a completed measurement and counts it; errors don't count as measured. */
export function recorded(result: MetricResult, measurement: Measurement): MetricResult {
  const next = {
    ...result,
    measurements: [...(result.measurements ?? []), measurement],
  };
  const count = (result.count ?? 0) + 1;
  switch (measurement.phase) {
    case "Successful":
      return {
        ...next,
        count,
        successful: (result.successful ?? 0) + 1,
        consecutiveSuccess: (result.consecutiveSuccess ?? 0) + 1,
        consecutiveError: 0,
      };
    case "Failed":
      return { ...next, count, failed: (result.failed ?? 0) + 1, consecutiveSuccess: 0, consecutiveError: 0 };
    case "Inconclusive":
      return {
        ...next,
        count,
        inconclusive: (result.inconclusive ?? 0) + 1,
        consecutiveSuccess: 0,
        consecutiveError: 0,
      };
    case "Error":
      return {
        ...next,
        error: (result.error ?? 0) + 1,
        consecutiveError: (result.consecutiveError ?? 0) + 1,
        consecutiveSuccess: 0,
      };
    default:
      return result;
  }
}

/** Secrets that a provider repeated are struck out of what is stored. */
export function redacted(measurement: Measurement, secrets: readonly string[]): Measurement {
  const strike = (text: string): string =>
    secrets.reduce((left, secret) => (secret === "" ? left : left.replaceAll(secret, "*****")), text);
  return {
    ...measurement,
    ...(measurement.message === undefined ? {} : { message: strike(measurement.message) }),
    ...(measurement.value === undefined ? {} : { value: strike(measurement.value) }),
  };
}

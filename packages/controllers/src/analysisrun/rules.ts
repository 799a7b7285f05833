import type { AnalysisRunSpec, Metric } from "@sluice/api";
import { type Resolved, resolved, unresolved } from "../arguments/index.ts";

/**
 * Which metrics a list of unanchored patterns names. A pattern that names none is an error.
 * Source: argo-rollouts utils/analysis/helpers.go (GetDryRunMetrics, GetMeasurementRetentionMetrics).
 */
export function matchedMetrics<Rule extends { readonly metricName: string }>(
  title: "dryRun" | "measurementRetention",
  rules: readonly Rule[],
  metrics: readonly Metric[],
): Resolved<ReadonlyMap<string, Rule>> {
  const byMetric = new Map<string, Rule>();
  for (const [index, rule] of rules.entries()) {
    let pattern: RegExp;
    try {
      pattern = new RegExp(rule.metricName);
    } catch {
      return unresolved(`${title}[${index}]: Rule '${rule.metricName}' is no regular expression`);
    }
    const matching = metrics.filter(({ name }) => pattern.test(name));
    if (matching.length === 0) return unresolved(`${title}[${index}]: Rule didn't match any metric name(s)`);
    for (const { name } of matching) byMetric.set(name, rule);
  }
  return resolved(byMetric);
}

/** The original keeps ten measurements of a metric, unless a rule names another number; 0 is none. */
const keptMeasurements = 10;

/** How many measurements of a metric are kept, and how many of its Jobs. */
export function retentionOf({
  metrics,
  measurementRetention = [],
}: Pick<AnalysisRunSpec, "metrics" | "measurementRetention">): Resolved<(metric: string) => number> {
  const rules = matchedMetrics("measurementRetention", measurementRetention, metrics);
  if (rules.is === "fault") return rules;
  return resolved((metric) => rules.value.get(metric)?.limit || keptMeasurements);
}

import type { CanaryComparison } from "@sluice/api";
import type { PrometheusQuery } from "@sluice/metrics/node";
import { type ComparedMetric, compareVersions } from "@sluice/verdict";

type Ask = (query: PrometheusQuery) => Promise<{ readonly parsed: unknown }>;

/**
 * Asks both queries of every metric over the same time and judges them. The result is the judge's, score and reasons;
 * where no metric has data of both versions it is empty, so that nobody takes silence for a verdict.
 */
export async function canaryComparison(comparison: CanaryComparison, ask: Ask) {
  const { address, lookback = "5m", step = "15s", pass = 95, marginal = 75, groups = {} } = comparison;
  const rangeQuery = { start: `now() - duration("${lookback}")`, end: "now()", step };
  const valuesOf = async (query: string): Promise<readonly number[]> => {
    const { parsed } = await ask({ ...(address === undefined ? {} : { address }), query, rangeQuery });
    return Array.isArray(parsed) ? parsed : [Number(parsed)];
  };
  const metrics = await Promise.all(
    comparison.metrics.map(async (metric): Promise<ComparedMetric> => {
      const [control, experiment] = await Promise.all([valuesOf(metric.control), valuesOf(metric.experiment)]);
      const { measure = "meanRatio", allowedIncrease, allowedDecrease } = metric.effectSize ?? {};
      const none = measure === "cles" ? 0.5 : 1;
      return {
        name: metric.name,
        group: metric.group ?? metric.name,
        control,
        experiment,
        direction: metric.direction ?? "either",
        nanStrategy: metric.nanStrategy ?? "remove",
        outliers: { strategy: metric.outliers ?? "keep", factor: metric.outlierFactor ?? 3 },
        effectSize: { measure, allowedIncrease: allowedIncrease ?? none, allowedDecrease: allowedDecrease ?? none },
        isCritical: metric.critical ?? false,
        mustHaveData: metric.mustHaveData ?? false,
      };
    }),
  );
  const judged = compareVersions(metrics, { pass, marginal, weights: groups });
  if (judged.classification === "Nodata") return { value: "[]", parsed: [] };
  return { value: JSON.stringify(judged), parsed: judged };
}

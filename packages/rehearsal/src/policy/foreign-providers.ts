import type { AnalysisTemplate, Metric, Resource } from "@sluice/api";

/** A metric of a template that can't be answered here, and why. It decides nothing. */
export interface Unanswerable {
  readonly template: string;
  readonly metric: string;
  readonly because: string;
}

/** Others are the original's alone, and a store here refuses them. */
const ours = new Set(["prometheus", "web", "job", "plugin"]);

/** Says yes to everything, without a question. */
export const silent = (metric: Metric): Metric => ({
  ...metric,
  provider: { prometheus: { query: "1" } },
  successCondition: "true",
  failureCondition: "",
});

/**
 * Templates of the original's providers are what a team has before it tries this: the rest of them can be rehearsed,
 * and what can't is named.
 */
export function withoutForeignProviders(object: Resource): {
  readonly object: Resource;
  readonly unsupported: readonly Unanswerable[];
} {
  if (!object.kind.endsWith("AnalysisTemplate")) return { object, unsupported: [] };
  const { spec, ...rest } = object as AnalysisTemplate;
  if (!Array.isArray(spec?.metrics)) return { object, unsupported: [] };
  const unsupported: Unanswerable[] = [];
  const metrics = spec.metrics.map((metric: Metric) => {
    const foreign = Object.keys(metric?.provider ?? {}).find((name) => !ours.has(name) && known.has(name));
    if (foreign === undefined) return metric;
    const because = `the provider ${foreign} isn't supported here, and the template would be refused: sluice lint says what to use`;
    unsupported.push({ template: object.metadata.name, metric: metric.name, because });
    return silent(metric);
  });
  return { object: { ...rest, spec: { ...spec, metrics } } as Resource, unsupported };
}

/** A misspelt one is no provider of anybody's: that stays the store's to say. */
const known = new Set([
  "datadog",
  "newRelic",
  "wavefront",
  "kayenta",
  "cloudWatch",
  "graphite",
  "influxdb",
  "skywalking",
]);

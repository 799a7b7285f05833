import type { QueryResult } from "./evaluate/outcome.ts";
import { formatValue } from "./format-value.ts";

/** What a metric's provider answers: text for people, and what the conditions of an analysis are asked of. */
export interface Measured {
  readonly value: string;
  /** A number for a scalar, a list of numbers for a vector or a matrix; for web metrics any JSON. */
  readonly parsed: unknown;
}

/**
 * As Argo Rollouts takes Prometheus' answers: `[0.9,NaN]` for a vector, `[]` for an empty one.
 * https://github.com/argoproj/argo-rollouts/blob/master/metricproviders/prometheus/prometheus.go
 */
export function measurementOf(result: QueryResult): Measured | undefined {
  switch (result.type) {
    case "scalar":
      return { value: formatValue(result.value), parsed: result.value };
    case "vector":
      return listed(result.samples.map((sample) => sample.value));
    case "matrix":
      return listed(result.series.flatMap((series) => series.values));
    case "string":
      return undefined;
  }
}

const listed = (values: readonly number[]): Measured => ({
  value: `[${values.map(formatValue).join(",")}]`,
  parsed: values,
});

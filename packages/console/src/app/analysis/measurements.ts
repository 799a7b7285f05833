import type { AnalysisRun, Measurement, Metric, MetricResult } from "@sluice/api";
import { measuredNumber, type Threshold, thresholdsOf } from "@sluice/api/release";

/** A measurement where it is drawn. Places are shares of the chart: 0 is left and bottom. */
export interface Point {
  readonly key: string;
  readonly x: number;
  /** Undefined: it measured no number. */
  readonly y: number | undefined;
  readonly measurement: Measurement;
}

export interface Line {
  readonly y: number;
  readonly threshold: Threshold;
}

export interface MetricChart {
  readonly metric: Metric;
  readonly result: MetricResult | undefined;
  readonly points: readonly Point[];
  readonly lines: readonly Line[];
  readonly isDryRun: boolean;
}

const shownMax = 60;

/** The last measurements of a metric with its thresholds, on one scale that has room for both. */
export function chartOf(run: AnalysisRun, metric: Metric): MetricChart {
  const result = run.status?.metricResults?.find(({ name }) => name === metric.name);
  const measurements = result?.measurements?.slice(-shownMax) ?? [];
  const thresholds = thresholdsOf(metric, run.spec.args);
  const values = measurements.map(({ value }) => measuredNumber(value));
  const scaleY = scaleOf([...values, ...thresholds.map(({ value }) => value)].filter((value) => value !== undefined));
  const times = measurements.map(({ startedAt, finishedAt }) => Date.parse(finishedAt ?? startedAt ?? ""));
  const [first = 0, last = first] = [times[0], times.at(-1)];
  return {
    metric,
    result,
    isDryRun: result?.dryRun === true,
    points: measurements.map((measurement, index) => {
      const [value, time = Number.NaN] = [values[index], times[index]];
      const share = last > first && !Number.isNaN(time) ? (time - first) / (last - first) : 0.5;
      return {
        key: `${measurement.startedAt} ${index}`,
        x: 0.02 + 0.96 * share,
        y: value === undefined ? undefined : scaleY(value),
        measurement,
      };
    }),
    lines: thresholds.map((threshold) => ({ y: scaleY(threshold.value), threshold })),
  };
}

/** From value to height; the least and the greatest keep clear of the edges. */
function scaleOf(values: readonly number[]): (value: number) => number {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = most - least;
  return (value) => (room === 0 ? 0.5 : 0.22 + (0.56 * (value - least)) / room);
}

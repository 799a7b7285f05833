import type { RangeFunction, RangeSelector, Subquery, VectorSelector } from "@sluice/languages";
import { metricNameLabel } from "../labels.ts";
import type { SeriesSamples } from "../series-source.ts";
import { type Evaluation, inform, lookTimes } from "./evaluation.ts";
import { onWindow, type Window } from "./range-functions.ts";
import { dropNames, emptyRow, hasSamples, mergeRows, type Row } from "./row.ts";

/** How an inner expression of a subquery is evaluated: handed in, since expressions know selectors. */
export type EvaluateRows = (evaluation: Evaluation) => readonly Row[];

const newest = (times: Float64Array): number => times.at(-1) ?? 0;

/**
 * The newest sample of each series in (look - lookback, look], unless the series ended after it.
 * With `yields` "time" the sample's own time in seconds, which only timestamp() asks for.
 */
export function selectInstant(
  evaluation: Evaluation,
  selector: VectorSelector,
  yields: "value" | "time" = "value",
): readonly Row[] {
  const { source, lookbackMs, budget } = evaluation.frame;
  const looks = lookTimes(evaluation, selector);
  const rows: Row[] = [];
  for (const series of source.select(selector.matchers, (looks[0] ?? 0) - lookbackMs, newest(looks))) {
    budget.takeSamples(series.times.length);
    const row = emptyRow(series.labels, looks.length);
    let sample = -1;
    let stale = -1;
    for (let step = 0; step < looks.length; step++) {
      const look = looks[step] as number;
      while (sample + 1 < series.times.length && (series.times[sample + 1] as number) <= look) sample++;
      while (stale + 1 < series.staleAt.length && (series.staleAt[stale + 1] as number) <= look) stale++;
      if (sample < 0) continue;
      const time = series.times[sample] as number;
      if (time <= look - lookbackMs || (stale >= 0 && (series.staleAt[stale] as number) > time)) continue;
      row.values[step] = yields === "time" ? time / 1000 : (series.values[sample] as number);
      row.present[step] = 1;
    }
    budget.work(looks.length);
    if (hasSamples(row)) rows.push(row);
  }
  budget.takeSamples(rows.length * looks.length);
  return rows;
}

export interface Windows {
  readonly series: Iterable<SeriesSamples>;
  /** The right end of each step's window. */
  readonly ends: Float64Array;
  readonly range: number;
}

export function selectWindows(
  evaluation: Evaluation,
  expression: RangeSelector | Subquery,
  evaluateInner: EvaluateRows,
): Windows {
  const { source } = evaluation.frame;
  const range = expression.range;
  if (expression.is === "range") {
    const ends = lookTimes(evaluation, expression.selector);
    return { series: source.select(expression.selector.matchers, (ends[0] ?? 0) - range, newest(ends)), ends, range };
  }
  const ends = lookTimes(evaluation, expression);
  return { series: subquerySeries(evaluation, expression, ends, evaluateInner), ends, range };
}

/** The inner expression at the multiples of the step, wherever the outer steps stand. */
function* subquerySeries(
  evaluation: Evaluation,
  subquery: Subquery,
  ends: Float64Array,
  evaluateInner: EvaluateRows,
): Generator<SeriesSamples> {
  const step = subquery.step ?? evaluation.frame.subqueryStepMs;
  const after = (ends[0] ?? 0) - subquery.range;
  const count = Math.max(0, Math.floor(newest(ends) / step) - Math.floor(after / step));
  evaluation.frame.budget.takeSamples(count);
  const first = (Math.floor(after / step) + 1) * step;
  const steps = Float64Array.from({ length: count }, (_, index) => first + index * step);
  if (count === 0) return;
  for (const row of evaluateInner({ frame: evaluation.frame, steps })) {
    const indices = [...row.present.keys()].filter((index) => row.present[index] === 1);
    yield {
      labels: row.labels,
      times: Float64Array.from(indices, (index) => steps[index] as number),
      values: Float64Array.from(indices, (index) => row.values[index] as number),
      staleAt: new Float64Array(0),
    };
  }
}

export function overWindows(
  evaluation: Evaluation,
  name: RangeFunction,
  windows: Windows,
  parameters: Float64Array | undefined,
): readonly Row[] {
  const { budget } = evaluation.frame;
  const { ends, range } = windows;
  const compute = onWindow[name];
  const rows: Row[] = [];
  const window = { low: 0, high: 0, start: 0, end: 0, at: 0, parameter: 0 } as Window;
  for (const series of windows.series) {
    budget.takeSamples(series.times.length);
    const row = emptyRow(series.labels, ends.length);
    window.times = series.times;
    window.values = series.values;
    let low = 0;
    let high = 0;
    for (let step = 0; step < ends.length; step++) {
      const end = ends[step] as number;
      while (high < series.times.length && (series.times[high] as number) <= end) high++;
      while (low < high && (series.times[low] as number) <= end - range) low++;
      if (low === high) continue;
      Object.assign(window, { low, high, end, start: end - range, at: evaluation.steps[step] });
      window.parameter = parameters?.[step] ?? 0;
      const value = compute(window);
      budget.work(high - low);
      if (value === undefined) continue;
      row.values[step] = value;
      row.present[step] = 1;
    }
    if (hasSamples(row)) rows.push(row);
  }
  budget.takeSamples(rows.length * ends.length);
  return name === "last_over_time" ? mergeRows(rows) : dropNames(rows);
}

/** A note where rate() and its like are asked of something whose name isn't a counter's. */
export function noteGauge(evaluation: Evaluation, name: RangeFunction, expression: RangeSelector | Subquery): void {
  if (expression.is !== "range" || (name !== "rate" && name !== "increase")) return;
  const metric = expression.selector.matchers.find((each) => each.label === metricNameLabel && each.operator === "=");
  if (metric === undefined || /_(total|sum|count|bucket)$/.test(metric.value)) return;
  const message = `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "${metric.value}"`;
  inform(evaluation, message, expression.span);
}

/** The samples themselves: what an instant query of a range vector shows. */
export function rawSamples(windows: Windows): { labels: SeriesSamples["labels"]; times: number[]; values: number[] }[] {
  const end = windows.ends[0] ?? 0;
  const shown = [];
  for (const series of windows.series) {
    const indices = [...series.times.keys()].filter((index) => {
      const time = series.times[index] as number;
      return time > end - windows.range && time <= end;
    });
    if (indices.length === 0) continue;
    shown.push({
      labels: series.labels,
      times: indices.map((index) => series.times[index] as number),
      values: indices.map((index) => series.values[index] as number),
    });
  }
  return shown;
}

import type { Clock, Instant, Millis } from "@sluice/kernel";
import { describeRefusal, type Parsed, type PromqlExpression, parsePromql, valueTypeOf } from "@sluice/languages";
import { compareLabels } from "../labels.ts";
import type { SeriesSource } from "../series-source.ts";
import { Budget, type Evaluation } from "./evaluation.ts";
import { asRangeVector, evaluate, evaluateRows } from "./expression.ts";
import { type MatrixSeries, type QueryOutcome, QueryRefused, type QueryResult } from "./outcome.ts";
import { hasSamples, type Row, type Value } from "./row.ts";
import { rawSamples, selectWindows } from "./selectors.ts";

export interface QueryOptions {
  /** How old a sample may be to count as the present one; Prometheus' default is 5 minutes. */
  readonly lookback?: Millis;
  /** The step of a subquery that names none; Prometheus' default is its evaluation interval, 1 minute. */
  readonly subqueryStep?: Millis;
  /** Samples that all parts of a query may read and yield together. */
  readonly samplesMax?: number;
  /** Reads a query; whoever asks the same ones often hands in one that remembers. */
  readonly parse?: (text: string) => Parsed<PromqlExpression>;
  /** Without a clock a query may take any time. */
  readonly clock?: Clock;
  readonly timeout?: Millis;
}

export interface QueryRange {
  readonly start: Instant;
  readonly end: Instant;
  readonly step: Millis;
}

export const defaultSamplesMax = 20_000_000;
const pointsMax = 11_000;
const textMax = 65_536;

/** A query at one instant, as Prometheus 3 answers it. What isn't supported is refused by name. */
export function queryInstant(
  source: SeriesSource,
  text: string,
  at: Instant,
  options: QueryOptions = {},
): QueryOutcome {
  return run(source, text, { start: at, end: at, step: 1 as Millis }, false, options);
}

/** The same query at every step from start to end, both in. At most 11,000 steps. */
export function queryRange(
  source: SeriesSource,
  text: string,
  range: QueryRange,
  options: QueryOptions = {},
): QueryOutcome {
  return run(source, text, range, true, options);
}

function run(
  source: SeriesSource,
  text: string,
  range: QueryRange,
  isRange: boolean,
  options: QueryOptions,
): QueryOutcome {
  if (text.length > textMax) return badData(`a query may have ${textMax} characters, this one has ${text.length}`);
  const parsed = (options.parse ?? parsePromql)(text);
  if (parsed.is === "refused") return badData(`parse error: ${describeRefusal(parsed.refusal, text)}`);
  const problem = isRange ? rangeProblem(range, parsed.value) : undefined;
  if (problem !== undefined) return badData(problem);

  const evaluation = openEvaluation(source, text, range, isRange, options);
  try {
    const result = isRange ? asMatrix(evaluation, parsed.value) : asInstant(evaluation, parsed.value);
    const { warnings, infos } = evaluation.frame;
    return { is: "answered", result, warnings: [...warnings].sort(), infos: [...infos].sort() };
  } catch (thrown) {
    if (thrown instanceof QueryRefused) return { is: "refused", refusal: thrown.refusal };
    throw thrown;
  }
}

const badData = (message: string): QueryOutcome => ({ is: "refused", refusal: { kind: "bad_data", message } });

function rangeProblem(range: QueryRange, expression: PromqlExpression): string | undefined {
  if (!(range.step > 0))
    return "zero or negative query resolution step widths are not accepted. Try a positive integer";
  if (range.end < range.start) return "end timestamp must not be before start time";
  if ((range.end - range.start) / range.step > pointsMax)
    return `exceeded maximum resolution of ${pointsMax} points per timeseries. Try decreasing the query resolution (?step=XX)`;
  const type = valueTypeOf(expression);
  if (type === "scalar" || type === "vector") return undefined;
  const found = type === "matrix" ? "range vector" : type;
  return `invalid expression type "${found}" for range query, must be Scalar or instant Vector`;
}

function openEvaluation(
  source: SeriesSource,
  text: string,
  range: QueryRange,
  isRange: boolean,
  options: QueryOptions,
): Evaluation {
  const count = Math.floor((range.end - range.start) / range.step) + 1;
  return {
    steps: Float64Array.from({ length: count }, (_, index) => range.start + index * range.step),
    frame: {
      source,
      text,
      start: range.start,
      end: range.end,
      isRange,
      lookbackMs: options.lookback ?? 300_000,
      subqueryStepMs: options.subqueryStep ?? 60_000,
      budget: new Budget({
        samplesMax: options.samplesMax ?? defaultSamplesMax,
        timeoutMs: options.timeout ?? 120_000,
        clock: options.clock,
      }),
      warnings: new Set(),
      infos: new Set(),
    },
  };
}

function asInstant(evaluation: Evaluation, expression: PromqlExpression): QueryResult {
  const at = evaluation.steps[0] as number;
  const windowed = asRangeVector(expression);
  if (windowed !== undefined) {
    const windows = selectWindows(evaluation, windowed, (inner) =>
      windowed.is === "subquery" ? evaluateRows(inner, windowed.inner) : [],
    );
    return { type: "matrix", series: byLabels(rawSamples(windows)) };
  }
  const value = evaluate(evaluation, expression);
  if (value.is === "string") return { type: "string", at, value: value.value };
  if (value.is === "scalar") return { type: "scalar", at, value: value.values[0] as number };
  const samples = value.rows
    .filter(hasSamples)
    .map((row) => ({ labels: row.labels, at, value: row.values[0] as number }));
  return { type: "vector", samples };
}

function asMatrix(evaluation: Evaluation, expression: PromqlExpression): QueryResult {
  const rows = rowsOf(evaluate(evaluation, expression));
  const series = rows.filter(hasSamples).map((row) => {
    const indices = [...row.present.keys()].filter((step) => row.present[step] === 1);
    return {
      labels: row.labels,
      times: indices.map((step) => evaluation.steps[step] as number),
      values: indices.map((step) => row.values[step] as number),
    };
  });
  return { type: "matrix", series: byLabels(series) };
}

function rowsOf(value: Value): readonly Row[] {
  if (value.is === "vector") return value.rows;
  if (value.is === "string") return [];
  return [{ labels: [], values: value.values, present: new Uint8Array(value.values.length).fill(1) }];
}

const byLabels = (series: readonly MatrixSeries[]): readonly MatrixSeries[] =>
  [...series].sort((one, other) => compareLabels(one.labels, other.labels));

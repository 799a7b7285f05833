import {
  type Call,
  type FunctionName,
  type PromqlExpression,
  type RangeFunction,
  type RangeSelector,
  type Subquery,
  type VectorSelector,
  withoutParentheses,
} from "@sluice/languages";
import { dropMetricName, fromPairs, type Labels, metricNameLabel } from "../labels.ts";
import { type Evaluation, warn } from "./evaluation.ts";
import { histogramQuantile, noteQuantile } from "./histogram-quantile.ts";
import { labelJoin, labelReplace } from "./label-functions.ts";
import { onWindow } from "./range-functions.ts";
import { dropNames, emptyRow, hasSamples, mapRow, type Row, type Value } from "./row.ts";
import { onDate, onSample } from "./sample-functions.ts";
import { noteGauge, overWindows, selectInstant, selectWindows } from "./selectors.ts";

/** Expressions know calls and calls know expressions: the way back is handed in. */
export type Evaluate = (evaluation: Evaluation, expression: PromqlExpression) => Value;

interface CallContext {
  readonly evaluation: Evaluation;
  readonly call: Call;
  readonly evaluate: Evaluate;
}

const vector = (rows: readonly Row[]): Value => ({ is: "vector", rows });
const hasKey = <Table extends object>(table: Table, name: PropertyKey): name is keyof Table =>
  Object.hasOwn(table, name);

export function evaluateCall(evaluation: Evaluation, call: Call, evaluate: Evaluate): Value {
  const context = { evaluation, call, evaluate };
  const { name } = call;
  evaluation.frame.budget.work(evaluation.steps.length);
  if (hasKey(onWindow, name)) return vector(evaluateWindowed(context, name));
  if (hasKey(onSample, name)) return vector(eachValue(rowsOf(context, 0), onSample[name]));
  if (hasKey(onDate, name))
    return vector(eachValue(call.parameters.length === 0 ? nowRows(context) : rowsOf(context, 0), onDate[name]));
  return special[name](context);
}

type SpecialFunction = Exclude<FunctionName, keyof typeof onWindow | keyof typeof onSample | keyof typeof onDate>;

const special: { readonly [Name in SpecialFunction]: (context: CallContext) => Value } = {
  absent: (context) =>
    vector(
      whereNone(
        context,
        rowsOf(context, 0).map((row) => row.present),
      ),
    ),
  absent_over_time: (context) =>
    vector(
      whereNone(
        context,
        overAll(context, "present_over_time", 0).map((row) => row.present),
      ),
    ),
  clamp: (context) => {
    const [least, most] = [scalarsOf(context, 1), scalarsOf(context, 2)];
    return vector(
      eachValue(rowsOf(context, 0), (value, step) => {
        const [low, high] = [least[step] as number, most[step] as number];
        return high < low ? undefined : Math.max(low, Math.min(high, value));
      }),
    );
  },
  clamp_max: (context) => {
    const most = scalarsOf(context, 1);
    return vector(eachValue(rowsOf(context, 0), (value, step) => Math.min(most[step] as number, value)));
  },
  clamp_min: (context) => {
    const least = scalarsOf(context, 1);
    return vector(eachValue(rowsOf(context, 0), (value, step) => Math.max(least[step] as number, value)));
  },
  histogram_quantile: (context) =>
    vector(histogramQuantile(context.evaluation, context.call, scalarsOf(context, 0), rowsOf(context, 1))),
  label_join: (context) => {
    const sources = context.call.parameters.slice(3).map((_, at) => textOf(context, at + 3));
    return vector(
      labelJoin(rowsOf(context, 0), { target: textOf(context, 1), separator: textOf(context, 2), sources }),
    );
  },
  label_replace: (context) =>
    vector(
      labelReplace(rowsOf(context, 0), {
        target: textOf(context, 1),
        replacement: textOf(context, 2),
        source: textOf(context, 3),
        pattern: textOf(context, 4),
      }),
    ),
  pi: ({ evaluation }) => ({ is: "scalar", values: new Float64Array(evaluation.steps.length).fill(Math.PI) }),
  round: (context) => {
    const nearest = context.call.parameters.length > 1 ? scalarsOf(context, 1) : undefined;
    return vector(
      eachValue(rowsOf(context, 0), (value, step) => {
        // By the inverse, since 1/0.1 is exact and 0.1 is not.
        const inverse = 1 / (nearest?.[step] ?? 1);
        return Math.floor(value * inverse + 0.5) / inverse;
      }),
    );
  },
  scalar: (context) => {
    const rows = rowsOf(context, 0);
    const values = context.evaluation.steps.map((_, step) => {
      const present = rows.filter((row) => row.present[step] === 1);
      return present.length === 1 ? (present[0]?.values[step] as number) : Number.NaN;
    });
    return { is: "scalar", values };
  },
  sort: (context) => vector(sorted(context, 1)),
  sort_desc: (context) => vector(sorted(context, -1)),
  time: ({ evaluation }) => ({ is: "scalar", values: evaluation.steps.map((step) => step / 1000) }),
  timestamp: (context) => {
    const operand = context.call.parameters[0];
    const selector = operand === undefined ? undefined : withoutParentheses(operand);
    if (selector?.is === "selector") return vector(dropNames(selectInstant(context.evaluation, selector, "time")));
    return vector(eachValue(rowsOf(context, 0), (_, step) => (context.evaluation.steps[step] as number) / 1000));
  },
  vector: (context) => {
    const values = scalarsOf(context, 0);
    return vector([{ labels: [], values, present: new Uint8Array(values.length).fill(1) }]);
  },
};

function evaluateParameter({ evaluation, call, evaluate }: CallContext, at: number): Value {
  const parameter = call.parameters[at];
  if (parameter === undefined) throw new RangeError(`the parser let ${call.name}() lack parameter ${at}`);
  return evaluate(evaluation, parameter);
}

function rowsOf(context: CallContext, at: number): readonly Row[] {
  const value = evaluateParameter(context, at);
  return value.is === "vector" ? value.rows : [];
}

function scalarsOf(context: CallContext, at: number): Float64Array {
  const value = evaluateParameter(context, at);
  return value.is === "scalar" ? value.values : new Float64Array(0);
}

function textOf(context: CallContext, at: number): string {
  const value = evaluateParameter(context, at);
  return value.is === "string" ? value.value : "";
}

/** Every function that makes new values drops the metric's name. */
function eachValue(rows: readonly Row[], change: (value: number, step: number) => number | undefined): readonly Row[] {
  return dropNames(rows.map((row) => mapRow(row, change)).filter(hasSamples));
}

function nowRows({ evaluation }: CallContext): readonly Row[] {
  const values = evaluation.steps.map((step) => step / 1000);
  return [{ labels: [], values, present: new Uint8Array(values.length).fill(1) }];
}

function evaluateWindowed(context: CallContext, name: RangeFunction): readonly Row[] {
  if (name === "quantile_over_time") {
    const quantiles = scalarsOf(context, 0);
    for (const quantile of quantiles) noteQuantile(context.evaluation, quantile, context.call.parameters[0]);
    return overAll(context, name, 1, quantiles);
  }
  return overAll(context, name, 0, name === "predict_linear" ? scalarsOf(context, 1) : undefined);
}

function overAll(context: CallContext, name: RangeFunction, at: number, parameters?: Float64Array): readonly Row[] {
  const expression = rangeVector(context.call, at);
  const windows = selectWindows(context.evaluation, expression, (inner) => {
    const value = expression.is === "subquery" ? context.evaluate(inner, expression.inner) : undefined;
    return value?.is === "vector" ? value.rows : [];
  });
  const rows = overWindows(context.evaluation, name, windows, parameters);
  if (rows.length > 0) noteGauge(context.evaluation, name, expression);
  return rows;
}

function rangeVector(call: Call, at: number): RangeSelector | Subquery {
  const parameter = call.parameters[at];
  const inner = parameter === undefined ? undefined : withoutParentheses(parameter);
  if (inner?.is === "range" || inner?.is === "subquery") return inner;
  throw new RangeError(`the parser promised ${call.name}() a range vector`);
}

/** One at the steps at which nothing is there, under the labels that the selector asks for by equality. */
function whereNone(context: CallContext, present: readonly Uint8Array[]): readonly Row[] {
  const parameter = context.call.parameters[0];
  const inner = parameter === undefined ? undefined : withoutParentheses(parameter);
  const selector = inner?.is === "range" ? inner.selector : inner;
  const row = emptyRow(selector?.is === "selector" ? askedLabels(selector) : [], context.evaluation.steps.length);
  for (let step = 0; step < row.values.length; step++) {
    if (present.some((steps) => steps[step] === 1)) continue;
    row.values[step] = 1;
    row.present[step] = 1;
  }
  return hasSamples(row) ? [row] : [];
}

function askedLabels(selector: VectorSelector): Labels {
  const isUnique = (label: string) => selector.matchers.filter((matcher) => matcher.label === label).length === 1;
  // A label that is asked for twice has no one value.
  const unique = selector.matchers.filter((matcher) => isUnique(matcher.label));
  const equal = unique.filter((matcher) => matcher.operator === "=" && matcher.label !== metricNameLabel);
  return dropMetricName(fromPairs(equal.map((matcher) => [matcher.label, matcher.value])));
}

/** NaN last, both ways. In a range query the order is by labels, whatever was asked. */
function sorted(context: CallContext, direction: 1 | -1): readonly Row[] {
  const rows = [...rowsOf(context, 0)];
  if (context.evaluation.frame.isRange) {
    const message = "sort is ineffective for range queries since results are always ordered by labels";
    warn(context.evaluation, message, context.call.span);
    return rows;
  }
  const firstValue = (row: Row): number => row.values[0] as number;
  return rows.sort((one, other) => {
    const [first, second] = [firstValue(one), firstValue(other)];
    if (Number.isNaN(first) || Number.isNaN(second)) return Number(Number.isNaN(first)) - Number(Number.isNaN(second));
    return direction * (first - second) || 0;
  });
}

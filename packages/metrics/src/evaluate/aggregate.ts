import { unreachable } from "@sluice/kernel";
import type { Aggregation, Aggregator, Grouping } from "@sluice/languages";
import { formatValue } from "../format-value.ts";
import { dropLabels, keepLabels, type Labels, labelsKey, metricNameLabel, withLabel } from "../labels.ts";
import type { Evaluation } from "./evaluation.ts";
import { noteQuantile } from "./histogram-quantile.ts";
import { KahanSum, Mean, quantileOf, Variance } from "./kahan.ts";
import { QueryRefused } from "./outcome.ts";
import { emptyRow, hasSamples, mergeRows, type Row, type Value } from "./row.ts";

interface Group {
  readonly labels: Labels;
  readonly rows: Row[];
}

/** What folds the values of one group at one step. */
interface Fold {
  add(value: number): void;
  readonly value: number;
}

type SimpleAggregator = Exclude<Aggregator, "topk" | "bottomk" | "quantile" | "count_values">;

const folds: { readonly [Name in SimpleAggregator]: () => Fold } = {
  sum: () => {
    const sum = new KahanSum();
    return {
      add: (value) => sum.add(value),
      get value() {
        return sum.total;
      },
    };
  },
  avg: () => new Mean(),
  min: () => best((one, other) => other < one),
  max: () => best((one, other) => other > one),
  count: () => counted((count) => count),
  group: () => counted(() => 1),
  stdvar: () => new Variance(),
  stddev: () => {
    const variance = new Variance();
    return {
      add: (value) => variance.add(value),
      get value() {
        return Math.sqrt(variance.value);
      },
    };
  },
};

/** NaN loses against every number. */
function best(isBetter: (one: number, other: number) => boolean): Fold {
  let kept: number | undefined;
  return {
    add(value) {
      if (kept === undefined || isBetter(kept, value) || Number.isNaN(kept)) kept = value;
    },
    get value() {
      return kept ?? Number.NaN;
    },
  };
}

function counted(result: (count: number) => number): Fold {
  let count = 0;
  return {
    add() {
      count++;
    },
    get value() {
      return result(count);
    },
  };
}

export function aggregate(
  evaluation: Evaluation,
  aggregation: Aggregation,
  rows: readonly Row[],
  parameter: Value | undefined,
): readonly Row[] {
  const { aggregator } = aggregation;
  evaluation.frame.budget.work(rows.length * evaluation.steps.length);
  switch (aggregator) {
    case "topk":
    case "bottomk":
      return selectRows(evaluation, aggregation, rows, scalarValues(parameter));
    case "quantile":
      return quantiles(evaluation, aggregation, rows, scalarValues(parameter));
    case "count_values":
      return countValues(evaluation, aggregation, rows, parameter?.is === "string" ? parameter.value : "");
    case "sum":
    case "avg":
    case "min":
    case "max":
    case "count":
    case "group":
    case "stddev":
    case "stdvar": {
      const makeFold = folds[aggregator];
      return groupRows(rows, aggregation.grouping).map((group) => foldGroup(group, evaluation.steps.length, makeFold));
    }
    default:
      return unreachable(aggregator);
  }
}

const scalarValues = (value: Value | undefined): Float64Array =>
  value?.is === "scalar" ? value.values : new Float64Array(0);

function groupRows(rows: readonly Row[], grouping: Grouping): Group[] {
  const names = new Set(grouping.labels);
  if (grouping.keep === "by" && names.size === 0) return rows.length === 0 ? [] : [{ labels: [], rows: [...rows] }];
  if (grouping.keep === "without") names.add(metricNameLabel);
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const labels = grouping.keep === "by" ? keepLabels(row.labels, names) : dropLabels(row.labels, names);
    const key = labelsKey(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, rows: [row] });
    else group.rows.push(row);
  }
  return [...groups.values()];
}

function foldGroup(group: Group, steps: number, makeFold: () => Fold): Row {
  const out = emptyRow(group.labels, steps);
  for (let step = 0; step < steps; step++) {
    let fold: Fold | undefined;
    for (const row of group.rows) {
      if (row.present[step] !== 1) continue;
      fold ??= makeFold();
      fold.add(row.values[step] as number);
    }
    if (fold === undefined) continue;
    out.values[step] = fold.value;
    out.present[step] = 1;
  }
  return out;
}

function quantiles(
  evaluation: Evaluation,
  aggregation: Aggregation,
  rows: readonly Row[],
  parameters: Float64Array,
): readonly Row[] {
  for (const quantile of parameters) noteQuantile(evaluation, quantile, aggregation.parameter);
  return groupRows(rows, aggregation.grouping).map((group) => {
    const out = emptyRow(group.labels, parameters.length);
    for (const [step, quantile] of parameters.entries()) {
      const present = group.rows.filter((row) => row.present[step] === 1);
      if (present.length === 0) continue;
      const values = present.map((row) => row.values[step] as number);
      out.values[step] = quantileOf(quantile, values);
      out.present[step] = 1;
    }
    return out;
  });
}

/** topk and bottomk: the series keep their labels, and stand in order of their value. */
function selectRows(
  evaluation: Evaluation,
  aggregation: Aggregation,
  rows: readonly Row[],
  counts: Float64Array,
): readonly Row[] {
  const { isRange } = evaluation.frame;
  const direction = aggregation.aggregator === "topk" ? -1 : 1;
  for (const count of counts) {
    if (Number.isNaN(count)) throw new QueryRefused("execution", "Parameter value is NaN");
    if (count >= 2 ** 63 || count < -(2 ** 63))
      throw new QueryRefused("execution", `Scalar value ${formatValue(count)} overflows int64`);
  }
  const order = (one: number, other: number): number => {
    if (Number.isNaN(one) || Number.isNaN(other)) return Number(Number.isNaN(one)) - Number(Number.isNaN(other));
    return direction * (one - other) || 0;
  };
  return groupRows(rows, aggregation.grouping).flatMap((group) => {
    const selected = new Map<Row, Row>();
    for (const [step, count] of counts.entries()) {
      const present = group.rows.filter((row) => row.present[step] === 1);
      present.sort((one, other) => order(one.values[step] as number, other.values[step] as number));
      for (const row of present.slice(0, Math.max(0, Math.trunc(count)))) {
        const out = selected.get(row) ?? emptyRow(row.labels, counts.length);
        selected.set(row, out);
        out.values[step] = row.values[step] as number;
        out.present[step] = 1;
      }
    }
    // A range query's series are sorted by their labels in the end, whatever order they had at a step.
    return isRange ? group.rows.flatMap((row) => selected.get(row) ?? []) : [...selected.values()];
  });
}

function countValues(
  evaluation: Evaluation,
  aggregation: Aggregation,
  rows: readonly Row[],
  label: string,
): readonly Row[] {
  if (label === "") throw new QueryRefused("execution", `invalid label name ""`);
  const steps = evaluation.steps.length;
  // Where `by` names the label itself, the value takes its place.
  const grouping = { ...aggregation.grouping, labels: aggregation.grouping.labels.filter((each) => each !== label) };
  const isWithout = grouping.keep === "without";
  const counted = groupRows(rows, isWithout ? aggregation.grouping : grouping).flatMap((group) => {
    const byValue = new Map<string, Row>();
    for (const row of group.rows) {
      for (let step = 0; step < steps; step++) {
        if (row.present[step] !== 1) continue;
        const text = formatValue(row.values[step] as number);
        const out = byValue.get(text) ?? emptyRow(withLabel(group.labels, label, text), steps);
        byValue.set(text, out);
        out.values[step] = (out.values[step] as number) + 1;
        out.present[step] = 1;
      }
    }
    return [...byValue.values()];
  });
  return sumEqual(counted.filter(hasSamples), steps);
}

/** Groups that differed only in the label that was overwritten count together. */
function sumEqual(rows: readonly Row[], steps: number): readonly Row[] {
  const byKey = new Map<string, Row[]>();
  for (const row of rows) {
    const key = labelsKey(row.labels);
    byKey.set(key, [...(byKey.get(key) ?? []), row]);
  }
  return mergeRows(
    [...byKey.values()].map((same) => foldGroup({ labels: same[0]?.labels ?? [], rows: same }, steps, folds.sum)),
  );
}

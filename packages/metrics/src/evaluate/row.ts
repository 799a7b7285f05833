import { dropMetricName, type Labels, labelsKey, labelValue, metricNameLabel } from "../labels.ts";
import { QueryRefused } from "./outcome.ts";

/** One series of an instant vector, at every step of the query. */
export interface Row {
  readonly labels: Labels;
  readonly values: Float64Array;
  /** 1 where there is a value: NaN is a value, too. */
  readonly present: Uint8Array;
}

export type Value =
  | { readonly is: "scalar"; readonly values: Float64Array }
  | { readonly is: "vector"; readonly rows: readonly Row[] }
  | { readonly is: "string"; readonly value: string };

export const emptyRow = (labels: Labels, steps: number): Row => ({
  labels,
  values: new Float64Array(steps),
  present: new Uint8Array(steps),
});

export const hasSamples = (row: Row): boolean => row.present.includes(1);

/** Applies `change` to each value; undefined takes the sample out. The labels stay. */
export function mapRow(row: Row, change: (value: number, step: number) => number | undefined): Row {
  const out = emptyRow(row.labels, row.values.length);
  for (let step = 0; step < row.values.length; step++) {
    if (row.present[step] !== 1) continue;
    const value = change(row.values[step] as number, step);
    if (value === undefined) continue;
    out.values[step] = value;
    out.present[step] = 1;
  }
  return out;
}

/**
 * Takes the metric's name away. Series that become equal are joined where they don't overlap, else it is an error,
 * as in Prometheus without its experimental delayed name removal.
 */
export function dropNames(rows: readonly Row[]): readonly Row[] {
  const first = rows[0] === undefined ? "" : labelValue(rows[0].labels, metricNameLabel);
  const nameless = rows.map((row) => ({ ...row, labels: dropMetricName(row.labels) }));
  // With one name among them, series that differed still differ.
  return rows.every((row) => labelValue(row.labels, metricNameLabel) === first) ? nameless : mergeRows(nameless);
}

export function mergeRows(rows: readonly Row[]): readonly Row[] {
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const key = labelsKey(row.labels);
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? row : join(known, row));
  }
  return [...byKey.values()];
}

function join(one: Row, other: Row): Row {
  const joined = { labels: one.labels, values: one.values.slice(), present: one.present.slice() };
  for (let step = 0; step < joined.values.length; step++) {
    if (other.present[step] !== 1) continue;
    if (joined.present[step] === 1)
      throw new QueryRefused("execution", "vector cannot contain metrics with the same labelset");
    joined.values[step] = other.values[step] as number;
    joined.present[step] = 1;
  }
  return joined;
}

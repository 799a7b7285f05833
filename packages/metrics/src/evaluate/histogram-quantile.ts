import type { Call, PromqlExpression } from "@sluice/languages";
import { dropLabels, labelsKey, labelValue, metricNameLabel } from "../labels.ts";
import { type Evaluation, inform, warn } from "./evaluation.ts";
import { emptyRow, hasSamples, type Row } from "./row.ts";

interface Bucket {
  readonly bound: number;
  count: number;
}

const bucketLabels = new Set(["le", metricNameLabel]);

/** Over the classic histograms among `rows`: one result for each set of labels without `le`. */
export function histogramQuantile(
  evaluation: Evaluation,
  call: Call,
  quantiles: Float64Array,
  rows: readonly Row[],
): readonly Row[] {
  const histograms = groupBuckets(evaluation, call, rows);
  const results: Row[] = [];
  for (const { row, buckets } of histograms.values()) {
    for (let step = 0; step < quantiles.length; step++) {
      const quantile = quantiles[step] as number;
      noteQuantile(evaluation, quantile, call.parameters[0]);
      const present = buckets
        .filter((bucket) => bucket.row.present[step] === 1)
        .map((bucket) => ({ bound: bucket.bound, count: bucket.row.values[step] as number }));
      if (present.length === 0) continue;
      row.present[step] = 1;
      row.values[step] = bucketQuantile(quantile, present, () =>
        inform(evaluation, "input to histogram_quantile needed to be fixed for monotonicity", call.span),
      );
      evaluation.frame.budget.work(present.length);
    }
    if (hasSamples(row)) results.push(row);
  }
  return results;
}

function groupBuckets(
  evaluation: Evaluation,
  call: Call,
  rows: readonly Row[],
): Map<string, { row: Row; buckets: { bound: number; row: Row }[] }> {
  const histograms = new Map<string, { row: Row; buckets: { bound: number; row: Row }[] }>();
  for (const row of rows) {
    const bound = parseBound(labelValue(row.labels, "le"));
    if (bound === undefined) {
      const text = labelValue(row.labels, "le");
      warn(evaluation, `bucket label "le" is missing or has a malformed value of "${text}"`, call.span);
      continue;
    }
    const labels = dropLabels(row.labels, bucketLabels);
    const key = labelsKey(labels);
    const histogram = histograms.get(key) ?? { row: emptyRow(labels, row.values.length), buckets: [] };
    histogram.buckets.push({ bound, row });
    histograms.set(key, histogram);
  }
  return histograms;
}

function parseBound(text: string): number | undefined {
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

export function noteQuantile(evaluation: Evaluation, quantile: number, parameter: PromqlExpression | undefined): void {
  if (quantile >= 0 && quantile <= 1) return;
  const shown = Number.isFinite(quantile) || Number.isNaN(quantile) ? String(quantile) : quantile > 0 ? "+Inf" : "-Inf";
  if (parameter !== undefined)
    warn(evaluation, `quantile value should be between 0 and 1, got ${shown}`, parameter.span);
}

/** https://github.com/prometheus/prometheus/blob/main/promql/quantile.go (BucketQuantile) */
function bucketQuantile(quantile: number, unsorted: readonly Bucket[], onFixed: () => void): number {
  if (Number.isNaN(quantile)) return Number.NaN;
  if (quantile < 0) return Number.NEGATIVE_INFINITY;
  if (quantile > 1) return Number.POSITIVE_INFINITY;
  const buckets = coalesce([...unsorted].sort((one, other) => one.bound - other.bound || 0));
  const highest = buckets.at(-1);
  if (highest?.bound !== Number.POSITIVE_INFINITY || buckets.length < 2) return Number.NaN;
  if (forceMonotonic(buckets)) onFixed();
  const observations = highest.count;
  if (observations === 0 || Number.isNaN(observations)) return Number.NaN;

  let rank = quantile * observations;
  const found = buckets.findIndex((bucket, index) => bucket.count >= rank || index === buckets.length - 1);
  const bucket = buckets[found] as Bucket;
  const below = buckets[found - 1];
  // Nothing is known above the highest finite bound.
  if (bucket === highest) return below?.bound ?? Number.NaN;
  if (below === undefined && bucket.bound <= 0) return bucket.bound;
  const start = below?.bound ?? 0;
  const count = bucket.count - (below?.count ?? 0);
  rank -= below?.count ?? 0;
  return start + (bucket.bound - start) * (rank / count);
}

function coalesce(sorted: readonly Bucket[]): Bucket[] {
  const buckets: Bucket[] = [];
  for (const { bound, count } of sorted) {
    const last = buckets.at(-1);
    if (last?.bound === bound) last.count += count;
    else buckets.push({ bound, count });
  }
  return buckets;
}

/** Buckets are scraped one after the other and summed in floats: counts may seem to fall by a little. */
function forceMonotonic(buckets: Bucket[]): boolean {
  let isFixed = false;
  let before = buckets[0]?.count ?? 0;
  for (const bucket of buckets.slice(1)) {
    if (bucket.count < before || isAlmostEqual(before, bucket.count)) {
      if (bucket.count < before && !isAlmostEqual(before, bucket.count)) isFixed = true;
      bucket.count = before;
    } else before = bucket.count;
  }
  return isFixed;
}

function isAlmostEqual(one: number, other: number): boolean {
  if (one === other) return true;
  const sum = Math.abs(one) + Math.abs(other);
  const difference = Math.abs(one - other);
  const smallestNormal = 2.2250738585072014e-308;
  if (one === 0 || other === 0 || sum < smallestNormal) return difference < 1e-12 * smallestNormal;
  return difference / Math.min(sum, Number.MAX_VALUE) < 1e-12;
}

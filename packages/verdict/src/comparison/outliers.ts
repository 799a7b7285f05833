/** Without what lies beyond `factor` interquartile ranges of the quartiles. Source: kayenta-judge's OutlierDetector. */
export function withoutOutliers(values: readonly number[], factor: number): readonly number[] {
  if (values.length === 0) return values;
  const sorted = values.toSorted((a, b) => a - b);
  const lower = quantile(sorted, 0.25);
  const upper = quantile(sorted, 0.75);
  const reach = factor * (upper - lower);
  return values.filter((value) => value >= lower - reach && value <= upper + reach);
}

/** R's type 7: linear between the neighbours. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below] ?? 0;
  const high = sorted[below + 1] ?? low;
  return low + (place - below) * (high - low);
}

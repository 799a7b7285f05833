/** How far `experiment` lies above `control`: the shift between them, with bounds at a level of confidence. */
export interface Shift {
  readonly low: number;
  readonly high: number;
  /** Hodges-Lehmann: the median of all differences. */
  readonly estimate: number;
}

/** Of the standard normal distribution: above it lies 1 % of the mass, so two such bounds hold 98 %. */
const quantileOf98 = 2.3263478740408408;
const halvings = 80;

/**
 * The two-sided rank test with continuity correction, turned around: the shifts that it wouldn't refuse.
 * The same bounds as R's wilcox.test(experiment, control, exact = FALSE, conf.int = TRUE, conf.level = 0.98), which
 * Kayenta's judge follows. Where every difference is the same, the statistic has no spread and is taken as 0.
 */
export function shiftOf(experiment: readonly number[], control: readonly number[]): Shift {
  const smallest = Math.min(...experiment) - Math.max(...control);
  const largest = Math.max(...experiment) - Math.min(...control);
  // Beyond both the versions lie wholly apart, without ties.
  const reach = Math.abs(smallest) + Math.abs(largest) + 1;
  const [least, most] = [smallest - reach, largest + reach];
  // The statistic falls as the shift grows: where it crosses the quantile is found by halving.
  const crossing = (quantile: number, isCorrected: boolean): number => {
    const above = (shift: number): number => statistic(experiment, control, shift, isCorrected) - quantile;
    // Too few values to refuse even the extreme. R and Kayenta answer the extreme, and call three values a proof.
    if (above(least) < 0) return Number.NEGATIVE_INFINITY;
    if (above(most) > 0) return Number.POSITIVE_INFINITY;
    let [from, to] = [least, most];
    for (let halving = 0; halving < halvings; halving++) {
      const middle = (from + to) / 2;
      if (above(middle) > 0) from = middle;
      else to = middle;
    }
    return (from + to) / 2;
  };
  return { low: crossing(quantileOf98, true), high: crossing(-quantileOf98, true), estimate: crossing(0, false) };
}

/** Standard deviations that the rank sum of `experiment - shift` lies above what chance expects. */
function statistic(
  experiment: readonly number[],
  control: readonly number[],
  shift: number,
  isCorrected: boolean,
): number {
  const size = experiment.length;
  const other = control.length;
  const all = size + other;
  const values = [
    ...experiment.map((value) => ({ value: value - shift, isExperiment: true })),
    ...control.map((value) => ({ value, isExperiment: false })),
  ].sort((a, b) => a.value - b.value);
  let rankSum = 0;
  let ties = 0;
  for (let start = 0; start < all; ) {
    let end = start;
    while (end < all && values[end]?.value === values[start]?.value) end++;
    const shared = (start + 1 + end) / 2;
    for (let index = start; index < end; index++) if (values[index]?.isExperiment) rankSum += shared;
    const tied = end - start;
    ties += tied ** 3 - tied;
    start = end;
  }
  const excess = rankSum - (size * (size + 1)) / 2 - (size * other) / 2;
  const correction = isCorrected ? Math.sign(excess) * 0.5 : 0;
  const spread = Math.sqrt(((size * other) / 12) * (all + 1 - ties / (all * (all - 1))));
  return spread === 0 ? 0 : (excess - correction) / spread;
}

/** How likely a value of `experiment` is above one of `control`; ties count half. 0.5 where they are alike. */
export function superiority(experiment: readonly number[], control: readonly number[]): number {
  let above = 0;
  for (const one of experiment) {
    for (const other of control) above += one > other ? 1 : one === other ? 0.5 : 0;
  }
  return above / (experiment.length * control.length);
}

import type { RangeFunction } from "@sluice/languages";
import { KahanSum, Mean, quantileOf, Variance } from "./kahan.ts";

/** The samples of one series in (start, end]: those from `low` up to, but without, `high`. At least one. */
export interface Window {
  times: Float64Array;
  values: Float64Array;
  low: number;
  high: number;
  /** Epoch milliseconds. */
  start: number;
  end: number;
  /** The step's own time, which `@` and offset don't move. */
  at: number;
  /** The scalar parameter, where the function has one. */
  parameter: number;
}

/** Undefined: no sample at this step. Values and times are indexed within the window, which makes the casts safe. */
type OnWindow = (window: Window) => number | undefined;

export const onWindow: { readonly [Name in RangeFunction]: OnWindow } = {
  avg_over_time: (window) => {
    const mean = new Mean();
    eachValue(window, (value) => mean.add(value));
    return mean.value;
  },
  changes: (window) =>
    countPairs(window, (before, now) => now !== before && !(Number.isNaN(now) && Number.isNaN(before))),
  count_over_time: ({ low, high }) => high - low,
  delta: (window) => extrapolated(window, false, false),
  deriv: (window) => {
    if (window.high - window.low < 2) return undefined;
    // Times count from the first sample: small numbers keep precision.
    return linearRegression(window, timeAt(window, window.low)).slope;
  },
  idelta: (window) => lastTwo(window, (before, now) => now - before),
  increase: (window) => extrapolated(window, true, false),
  irate: (window) => lastTwo(window, (before, now, seconds) => (now < before ? now : now - before) / seconds),
  last_over_time: (window) => valueAt(window, window.high - 1),
  max_over_time: (window) => extreme(window, (best, value) => value > best),
  min_over_time: (window) => extreme(window, (best, value) => value < best),
  predict_linear: (window) => {
    if (window.high - window.low < 2) return undefined;
    const { slope, intercept } = linearRegression(window, window.at);
    return slope * window.parameter + intercept;
  },
  present_over_time: () => 1,
  quantile_over_time: (window) =>
    quantileOf(window.parameter, Array.from(window.values.subarray(window.low, window.high))),
  rate: (window) => extrapolated(window, true, true),
  resets: (window) => countPairs(window, (before, now) => now < before),
  stddev_over_time: (window) => Math.sqrt(variance(window)),
  stdvar_over_time: variance,
  sum_over_time: (window) => {
    const sum = new KahanSum();
    eachValue(window, (value) => sum.add(value));
    return sum.total;
  },
};

const valueAt = (window: Window, index: number): number => window.values[index] as number;
const timeAt = (window: Window, index: number): number => window.times[index] as number;

function eachValue(window: Window, visit: (value: number) => void): void {
  for (let index = window.low; index < window.high; index++) visit(valueAt(window, index));
}

function variance(window: Window): number {
  const variance = new Variance();
  eachValue(window, (value) => variance.add(value));
  return variance.value;
}

function countPairs(window: Window, isCounted: (before: number, now: number) => boolean): number {
  let count = 0;
  for (let index = window.low + 1; index < window.high; index++)
    if (isCounted(valueAt(window, index - 1), valueAt(window, index))) count++;
  return count;
}

/** NaN loses against every number. */
function extreme(window: Window, isBetter: (best: number, value: number) => boolean): number {
  let best = valueAt(window, window.low);
  for (let index = window.low + 1; index < window.high; index++) {
    const value = valueAt(window, index);
    if (isBetter(best, value) || Number.isNaN(best)) best = value;
  }
  return best;
}

function lastTwo(
  window: Window,
  combine: (before: number, now: number, seconds: number) => number,
): number | undefined {
  const last = window.high - 1;
  if (last - 1 < window.low) return undefined;
  const seconds = (timeAt(window, last) - timeAt(window, last - 1)) / 1000;
  return combine(valueAt(window, last - 1), valueAt(window, last), seconds);
}

/**
 * What a counter gained or a gauge changed, stretched to the whole window where the samples nearly reach its ends.
 * https://github.com/prometheus/prometheus/blob/main/promql/functions.go (extrapolatedRate)
 */
function extrapolated(window: Window, isCounter: boolean, perSecond: boolean): number | undefined {
  const { low, high } = window;
  const count = high - low;
  if (count < 2) return undefined;
  const first = valueAt(window, low);
  let result = valueAt(window, high - 1) - first;
  if (isCounter) {
    let before = first;
    for (let index = low + 1; index < high; index++) {
      const now = valueAt(window, index);
      if (now < before) result += before;
      before = now;
    }
  }
  const firstTime = timeAt(window, low);
  const lastTime = timeAt(window, high - 1);
  const sampled = (lastTime - firstTime) / 1000;
  const average = sampled / (count - 1);
  const threshold = average * 1.1;
  let toStart = (firstTime - window.start) / 1000;
  let toEnd = (window.end - lastTime) / 1000;
  if (toStart >= threshold) toStart = average / 2;
  if (isCounter) {
    // A counter can't have been below zero: don't reach further back than where it would have been zero.
    let toZero = toStart;
    if (result > 0 && first >= 0) toZero = sampled * (first / result);
    if (toZero < toStart) toStart = toZero;
  }
  if (toEnd >= threshold) toEnd = average / 2;
  const factor = (sampled + toStart + toEnd) / sampled;
  return perSecond ? (result * factor) / ((window.end - window.start) / 1000) : result * factor;
}

/** Least squares over seconds since `origin` (epoch milliseconds). */
function linearRegression(window: Window, origin: number): { slope: number; intercept: number } {
  const first = valueAt(window, window.low);
  const x = new KahanSum();
  const y = new KahanSum();
  const xy = new KahanSum();
  const xx = new KahanSum();
  let isConstant = true;
  for (let index = window.low; index < window.high; index++) {
    const value = valueAt(window, index);
    if (value !== first) isConstant = false;
    const seconds = (timeAt(window, index) - origin) / 1000;
    x.add(seconds);
    y.add(value);
    xy.add(seconds * value);
    xx.add(seconds * seconds);
  }
  if (isConstant)
    return Number.isFinite(first) ? { slope: 0, intercept: first } : { slope: Number.NaN, intercept: Number.NaN };
  const count = window.high - window.low;
  const covariance = xy.total - (x.total * y.total) / count;
  const variation = xx.total - (x.total * x.total) / count;
  const slope = covariance / variation;
  return { slope, intercept: y.total / count - (slope * x.total) / count };
}

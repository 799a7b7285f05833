import type { FunctionName, ValueType } from "./syntax.ts";

export interface Signature {
  readonly parameters: readonly ValueType[];
  /** How many of the last parameters may be left out. */
  readonly optional: number;
  /** The last parameter may be repeated. */
  readonly repeated: boolean;
  readonly returns: ValueType;
}

const takes = (parameters: readonly ValueType[], returns: ValueType, optional = 0, repeated = false): Signature => ({
  parameters,
  optional,
  repeated,
  returns,
});

const eachSample = takes(["vector"], "vector");
const eachWindow = takes(["matrix"], "vector");
const ofDate = takes(["vector"], "vector", 1);

/** https://prometheus.io/docs/prometheus/latest/querying/functions/ */
export const signatures: { readonly [Name in FunctionName]: Signature } = {
  abs: eachSample,
  absent: eachSample,
  absent_over_time: eachWindow,
  acos: eachSample,
  acosh: eachSample,
  asin: eachSample,
  asinh: eachSample,
  atan: eachSample,
  atanh: eachSample,
  avg_over_time: eachWindow,
  ceil: eachSample,
  changes: eachWindow,
  clamp: takes(["vector", "scalar", "scalar"], "vector"),
  clamp_max: takes(["vector", "scalar"], "vector"),
  clamp_min: takes(["vector", "scalar"], "vector"),
  cos: eachSample,
  cosh: eachSample,
  count_over_time: eachWindow,
  day_of_month: ofDate,
  day_of_week: ofDate,
  day_of_year: ofDate,
  days_in_month: ofDate,
  deg: eachSample,
  delta: eachWindow,
  deriv: eachWindow,
  exp: eachSample,
  floor: eachSample,
  histogram_quantile: takes(["scalar", "vector"], "vector"),
  hour: ofDate,
  idelta: eachWindow,
  increase: eachWindow,
  irate: eachWindow,
  label_join: takes(["vector", "string", "string", "string"], "vector", 1, true),
  label_replace: takes(["vector", "string", "string", "string", "string"], "vector"),
  last_over_time: eachWindow,
  ln: eachSample,
  log10: eachSample,
  log2: eachSample,
  max_over_time: eachWindow,
  min_over_time: eachWindow,
  minute: ofDate,
  month: ofDate,
  pi: takes([], "scalar"),
  predict_linear: takes(["matrix", "scalar"], "vector"),
  present_over_time: eachWindow,
  quantile_over_time: takes(["scalar", "matrix"], "vector"),
  rad: eachSample,
  rate: eachWindow,
  resets: eachWindow,
  round: takes(["vector", "scalar"], "vector", 1),
  scalar: takes(["vector"], "scalar"),
  sgn: eachSample,
  sin: eachSample,
  sinh: eachSample,
  sort: eachSample,
  sort_desc: eachSample,
  sqrt: eachSample,
  stddev_over_time: eachWindow,
  stdvar_over_time: eachWindow,
  sum_over_time: eachWindow,
  tan: eachSample,
  tanh: eachSample,
  time: takes([], "scalar"),
  timestamp: eachSample,
  vector: takes(["scalar"], "vector"),
  year: ofDate,
};

/** Prometheus knows these, we don't: experimental ones, and those for native histograms. */
export const unsupportedFunctions: ReadonlySet<string> = new Set([
  "double_exponential_smoothing",
  "end",
  "first_over_time",
  "histogram_avg",
  "histogram_count",
  "histogram_fraction",
  "histogram_quantiles",
  "histogram_stddev",
  "histogram_stdvar",
  "histogram_sum",
  "holt_winters",
  "info",
  "mad_over_time",
  "range",
  "sort_by_label",
  "sort_by_label_desc",
  "start",
  "start_timestamp",
  "step",
  "ts_of_first_over_time",
  "ts_of_last_over_time",
  "ts_of_max_over_time",
  "ts_of_min_over_time",
]);

export const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(signatures, name);

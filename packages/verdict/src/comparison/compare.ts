import { shiftOf, superiority } from "./mann-whitney.ts";
import { withoutOutliers } from "./outliers.ts";

/** One metric of two versions, each measured over the same time. */
export interface ComparedMetric {
  readonly name: string;
  readonly group: string;
  readonly control: readonly number[];
  readonly experiment: readonly number[];
  /** Which way is bad. */
  readonly direction: "increase" | "decrease" | "either";
  /** What NaN means: nothing, or 0. */
  readonly nanStrategy: "remove" | "replace";
  readonly outliers: { readonly strategy: "keep" | "remove"; readonly factor: number };
  readonly effectSize: {
    readonly measure: "meanRatio" | "cles";
    /** A change smaller than this is none. */
    readonly allowedIncrease: number;
    readonly allowedDecrease: number;
  };
  /** Its failure is everybody's. */
  readonly isCritical: boolean;
  /** No data is a failure, not just unknown. */
  readonly mustHaveData: boolean;
}

export type MetricClass = "Pass" | "High" | "Low" | "Nodata" | "NodataFailMetric";

export interface ComparedResult {
  readonly name: string;
  readonly group: string;
  readonly isCritical: boolean;
  readonly classification: MetricClass;
  readonly reason: string;
  readonly controlMean: number | undefined;
  readonly experimentMean: number | undefined;
}

/** A shift within a quarter of itself around 0 is none. */
const tolerance = 0.25;

/** Source: kayenta-judge's MannWhitneyClassifier and NetflixACAJudge. */
export function compareMetric(metric: ComparedMetric): ComparedResult {
  const control = prepared(metric.control, metric);
  const experiment = prepared(metric.experiment, metric);
  const { name, group, isCritical } = metric;
  const known = {
    name,
    group,
    isCritical,
    controlMean: meanOf(control),
    experimentMean: meanOf(experiment),
  };
  const { classification, reason } = classify(metric, control, experiment);
  return { ...known, classification, reason };
}

type Classified = { readonly classification: MetricClass; readonly reason: string };

function classify(metric: ComparedMetric, control: readonly number[], experiment: readonly number[]): Classified {
  if (control.length === 0 || experiment.length === 0) {
    const side = control.length > 0 ? "experiment" : experiment.length > 0 ? "control" : "both sides";
    const classification = metric.mustHaveData ? "NodataFailMetric" : "Nodata";
    return { classification, reason: `no data of ${side === "both sides" ? side : `the ${side}`}` };
  }
  if (new Set([...control, ...experiment]).size === 1)
    return { classification: "Pass", reason: "every value is the same" };

  const shift = shiftOf(experiment, control);
  const bound = tolerance * Math.abs(shift.estimate);
  const { measure, allowedIncrease, allowedDecrease } = metric.effectSize;
  const effect = measure === "cles" ? superiority(experiment, control) : ratioOf(meanOf(experiment), meanOf(control));
  const words = `shifted by ${short(shift.estimate)} (98 %: ${short(shift.low)} to ${short(shift.high)}), ${measure} ${short(effect)}`;
  if (metric.direction !== "decrease" && shift.low > bound && effect >= allowedIncrease) {
    return { classification: "High", reason: `higher than the control: ${words}` };
  }
  if (metric.direction !== "increase" && shift.high < -bound && effect <= allowedDecrease) {
    return { classification: "Low", reason: `lower than the control: ${words}` };
  }
  return { classification: "Pass", reason: words };
}

function prepared(values: readonly number[], { nanStrategy, outliers }: ComparedMetric): readonly number[] {
  const numbers =
    nanStrategy === "replace"
      ? values.map((value) => (Number.isNaN(value) ? 0 : value))
      : values.filter(Number.isFinite);
  const finite = numbers.filter(Number.isFinite);
  return outliers.strategy === "remove" ? withoutOutliers(finite, outliers.factor) : finite;
}

const meanOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

function ratioOf(experiment: number | undefined, control: number | undefined): number {
  if (experiment === undefined || control === undefined || experiment === control) return 1;
  return control === 0 ? Math.sign(experiment) * Number.POSITIVE_INFINITY : experiment / control;
}

const short = (value: number): string => String(Number(value.toPrecision(3)));

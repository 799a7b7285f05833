import type { Metric } from "@sluice/api";
import type { VectorSelector } from "@sluice/languages";
import { versionMarker } from "./analysis-arguments.ts";
import { type AnalysisUse, measurementTimes } from "./analysis-uses.ts";
import { type Limit, limitOf, type QueryShape } from "./query-shape.ts";

/** Labels that tell one version from another. */
const versionLabel =
  /(^|_)(version|revision|pod_template_hash|subset|canary|track|workload|replicaset|pod|instance|image|deployment|release)($|_)/;
/** Labels that name a Service, whose value may be that of the canary alone. */
const serviceLabel = /(^|_)(service|service_name|host|job|app|upstream|cluster|backend|route|name)($|_)/;

/** Whether a query counts stable and canary together. */
export function isPooled({ selectors, groupedBy }: QueryShape, { canary }: AnalysisUse): boolean {
  if (selectors.length === 0 || groupedBy.some((label) => versionLabel.test(label))) return false;
  return selectors.some((selector) => !tellsVersionsApart(selector, canary.canaryService));
}

function tellsVersionsApart({ matchers }: VectorSelector, canaryService: string | undefined): boolean {
  return matchers.some(({ label, value, operator }) => {
    if (value.includes(versionMarker)) return true;
    if (label === "__name__" || operator === "!=" || operator === "!~") return false;
    if (versionLabel.test(label) && value !== "") return true;
    if (!serviceLabel.test(label)) return false;
    return canaryService !== undefined && canaryService !== ""
      ? value.includes(canaryService)
      : value.includes("canary");
  });
}

/** How bad a canary may be and pass, because its requests are counted among the stable version's. */
export interface Blindness {
  /** The canary's share when the measurements begin, 0 to 1. */
  readonly weight: number;
  /** The share of the canary's requests that may fail once the window holds nothing else; may be above 1. */
  readonly steady: number;
  /** The same for the measurements as they are taken, whose windows reach back to smaller weights. */
  readonly measured: number;
  readonly measurements: number;
  readonly window: number;
  readonly of: "failing" | "slow";
}

export function blindnessOf(metric: Metric, shape: QueryShape, use: AnalysisUse): Blindness | undefined {
  const limit = acceptedBy(metric);
  if (limit === undefined) return undefined;
  const budget = budgetOf(shape, limit);
  if (budget === undefined || !(budget > 0 && budget < 1)) return undefined;
  const times = measurementTimes(metric).map((time) => use.begins + time);
  const weight = use.timeline.weightAt(times[0] ?? use.begins);
  if (weight <= 0 || weight >= 1) return undefined;
  const largest = Math.max(...times.map((time) => use.timeline.meanWeight(time, shape.window)));
  return {
    weight,
    steady: budget / weight,
    measured: largest === 0 ? Number.POSITIVE_INFINITY : budget / largest,
    measurements: times.length,
    window: shape.window,
    of: shape.measure.is === "quantile" ? "slow" : "failing",
  };
}

/** The limit that a passing result keeps. */
function acceptedBy({ successCondition, failureCondition }: Metric): Limit | undefined {
  if (typeof successCondition === "string") return limitOf(successCondition);
  if (typeof failureCondition !== "string") return undefined;
  const failing = limitOf(failureCondition);
  if (failing === undefined) return undefined;
  return { is: failing.is === "at least" ? "at most" : "at least", value: failing.value };
}

/** The share of all requests that may fail, or be slow. */
function budgetOf({ measure }: QueryShape, limit: Limit): number | undefined {
  switch (measure.is) {
    case "quantile":
      return limit.is === "at most" ? 1 - measure.quantile : undefined;
    case "share": {
      const share = limit.value / measure.scale;
      return limit.is === "at least" ? 1 - share : share;
    }
    case "other":
      return undefined;
  }
}

export function describeBlindness({ weight, steady, measured, measurements, window, of }: Blindness): string {
  const percent = (share: number) => `${Math.floor(share * 100 + 1e-9)} %`;
  const canary = (share: number) => {
    const all = share >= 1;
    if (of === "slow")
      return all
        ? "a canary whose every request is too slow"
        : `a canary with ${percent(share)} of its requests too slow`;
    return all ? "a canary failing every request" : `a canary failing ${percent(share)} of its requests`;
  };
  const passes = measurements === 1 ? "passes the measurement" : `passes all ${measurements} measurements`;
  const start = `at ${trimmed(weight * 100)} % weight ${canary(steady)} ${passes} in steady state`;
  if (window === 0 || measured <= steady + 1e-9 || steady >= 1) return start;
  return `${start}, and ${measured >= 1 ? "one failing every request" : percent(measured)} over the ${describeWindow(window)} window, which reaches back to smaller weights`;
}

const trimmed = (value: number): string => String(Math.round(value * 100) / 100);

const describeWindow = (millis: number): string =>
  millis % 3_600_000 === 0
    ? `${millis / 3_600_000}h`
    : millis % 60_000 === 0
      ? `${millis / 60_000}m`
      : `${millis / 1000}s`;

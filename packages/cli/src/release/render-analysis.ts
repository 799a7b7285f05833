import type { AnalysisRun, Measurement, Metric, MetricResult } from "@sluice/api";
import { measuredNumber, thresholdsOf, withArguments } from "@sluice/api/release";
import { ageOf } from "../terminal/age.ts";
import { markedState, measurementMark } from "../terminal/marks.ts";
import { padEnd, paint } from "../terminal/style.ts";
import type { Branch } from "../terminal/tree.ts";

/** By the label `rollout-type`: where in a release a run belongs. */
export const places: Readonly<Record<string, string>> = {
  Background: "beside the steps",
  Step: "as a step",
  PrePromotion: "before the switch",
  PostPromotion: "after the switch",
};

const marksShown = 10;
const conditionShown = 60;

/** A run with what each of its metrics measured last, against what it should be. */
export function analysisBranch(run: AnalysisRun, now: number, title?: string): Branch {
  const { metadata, spec, status } = run;
  const place = places[metadata.labels?.["rollout-type"] ?? ""];
  const isBad = status?.phase === "Failed" || status?.phase === "Error";
  const names = Math.max(...spec.metrics.map(({ name }) => name.length));
  return {
    parts: [
      `${paint("bold", "analysis")} ${title ?? place ?? ""}`.trimEnd(),
      markedState(status?.phase || "Pending"),
      paint("dim", ageOf(status?.startedAt ?? metadata.creationTimestamp, now)),
      paint("dim", metadata.name),
      status?.message === undefined || status.phase === "Successful"
        ? ""
        : paint(isBad ? "red" : "yellow", status.message),
    ],
    below: spec.metrics.map((metric) => metricBranch(run, metric, names)),
  };
}

/** What a metric measured last, against what it should be. */
export function metricBranch({ spec, status }: AnalysisRun, metric: Metric, columns: number): Branch {
  const result = status?.metricResults?.find(({ name }) => name === metric.name);
  const measurements = result?.measurements ?? [];
  const last = measurements.at(-1);
  const marks = measurements
    .slice(-marksShown)
    .map(({ phase }) => measurementMark(phase))
    .join("");
  const isBad = last?.phase === "Failed" || last?.phase === "Error";
  const value = metric.provider.job === undefined ? measuredText(last?.value) : jobText(last);
  return {
    parts: [
      padEnd(metric.name, columns),
      padEnd(marks, Math.min(marksShown, 4)),
      last === undefined ? paint("dim", "not measured yet") : paint(isBad ? "red" : "bold", value),
      paint("dim", wantedText(metric, spec.args)),
      result?.dryRun === true ? paint("yellow", "dry run: decides nothing") : "",
      countsText(metric, result),
      paint("yellow", result?.message ?? last?.message ?? ""),
    ],
  };
}

const jobText = (last: Measurement | undefined): string => `job ${last?.metadata?.["job-name"] ?? ""}`.trimEnd();

/** What a metric should be; `wants >= 0.98`, `fails at < 0.95`. */
function wantedText(metric: Metric, args: AnalysisRun["spec"]["args"]): string {
  const thresholds = thresholdsOf(metric, args);
  const { successCondition, failureCondition } = metric;
  const side = (of: "successCondition" | "failureCondition", condition: string | undefined) => {
    const texts = thresholds.filter((threshold) => threshold.of === of).map(({ text }) => text);
    if (texts.length > 0) return texts.join(of === "successCondition" ? " and " : " or ");
    const whole = condition && withArguments(condition, args);
    return whole !== undefined && whole.length > conditionShown ? `${whole.slice(0, conditionShown - 1)}…` : whole;
  };
  const [wants, fails] = [side("successCondition", successCondition), side("failureCondition", failureCondition)];
  return [wants && `wants ${wants}`, fails && `fails at ${fails}`].filter(Boolean).join(", ");
}

/** What it may still take: `1 failed of 3 allowed`. */
function countsText({ failureLimit = 0, inconclusiveLimit = 0 }: Metric, result: MetricResult | undefined): string {
  const { failed = 0, inconclusive = 0, error = 0 } = result ?? {};
  const counts = [
    failed > 0 ? `${failed} failed, ${limitText(failureLimit)}` : "",
    inconclusive > 0 ? `${inconclusive} undecided, ${limitText(inconclusiveLimit)}` : "",
    error > 0 ? `${error} ${error === 1 ? "error" : "errors"}` : "",
  ];
  return counts.filter(Boolean).join("; ");
}

const limitText = (limit: number | string): string => (Number(limit) < 0 ? "any allowed" : `${limit} allowed`);

/** Three digits of a number say enough: `[0.9254659914475899]` is `0.925`. */
export function measuredText(value: string | undefined): string {
  if (value === undefined || value === "" || value === "[]") return "no data";
  const number = value.includes(",") ? undefined : measuredNumber(value);
  return number === undefined ? value.replace(/^\[|\]$/g, "") : String(Number(number.toPrecision(3)));
}

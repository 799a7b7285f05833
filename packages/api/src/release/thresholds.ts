import type { Argument, Metric } from "../kinds/argo/analysis.ts";

/** A number that a metric's condition compares what it measures with. */
export interface Threshold {
  readonly value: number;
  /** On which side of it a measurement is good. */
  readonly good: "above" | "below";
  /** As it was written: `>= 0.95`. A failureCondition's says when it is bad. */
  readonly text: string;
  readonly of: "successCondition" | "failureCondition";
}

const measured = String.raw`(?:(?:asFloat|asInt|float|int)\(\s*result(?:\[0\])?\s*\)|result(?:\[0\])?)`;
const number = String.raw`-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?`;
const comparison = new RegExp(`^${measured}\\s*(<=|>=|<|>)\\s*(${number})$`);
const turned = new RegExp(`^(${number})\\s*(<=|>=|<|>)\\s*${measured}$`);
const mirrored: Readonly<Record<string, string>> = { "<": ">", ">": "<", "<=": ">=", ">=": "<=" };

/** They say when there is nothing to compare. */
const guard = /^(?:(?:!|not\s)\s*)?(?:isNaN|isInf|isNil)\([^()]*\)$|^len\(result\)\s*(?:[<>]=?|[!=]=)\s*\d+$/;

/**
 * The thresholds of a metric whose conditions have a simple shape: `result[0] >= 0.95`, `asFloat(result) < 2`,
 * `result > 0.9 && result < 1.1`, each also behind a guard such as `isNaN(result[0]) ||`. Of others none.
 */
export function thresholdsOf(
  { successCondition, failureCondition }: Pick<Metric, "successCondition" | "failureCondition">,
  args: readonly Argument[] = [],
): readonly Threshold[] {
  return [
    ...read(withArguments(successCondition, args), "successCondition"),
    ...read(withArguments(failureCondition, args), "failureCondition"),
  ];
}

/** With the values of a run where they stand in the condition: `{{args.most}}`. */
export const withArguments = (condition = "", args: readonly Argument[] = []): string =>
  condition.replaceAll(
    /\{\{\s*args\.([\w-]+)\s*\}\}/g,
    (written, name) => args.find((arg) => arg.name === name)?.value ?? written,
  );

function read(condition: string, of: Threshold["of"]): readonly Threshold[] {
  const terms = condition.split(/&&|\|\||\band\b|\bor\b/).map((term) => term.trim());
  const compared = terms.filter((term) => !guard.test(term));
  // Joined the other way, neither number alone decides.
  const isLoose = of === "successCondition" ? /\|\||\bor\b/ : /&&|\band\b/;
  if (compared.length > 1 && isLoose.test(condition)) return [];
  const thresholds = compared.map((term) => thresholdIn(term, of));
  return thresholds.every((threshold) => threshold !== undefined) ? thresholds : [];
}

function thresholdIn(term: string, of: Threshold["of"]): Threshold | undefined {
  const [, operator, value] = comparison.exec(term) ?? [];
  if (operator !== undefined) return threshold(operator, value, of);
  const [, first, other = ""] = turned.exec(term) ?? [];
  return first === undefined ? undefined : threshold(mirrored[other] ?? other, first, of);
}

function threshold(operator: string, value: string | undefined, of: Threshold["of"]): Threshold {
  const isUp = operator.startsWith(">") === (of === "successCondition");
  return { value: Number(value), good: isUp ? "above" : "below", text: `${operator} ${value}`, of };
}

/** The number that a measurement's value is: `0.5`, or the first of `[0.5, 0.7]`; undefined of anything else. */
export function measuredNumber(value: string | undefined): number | undefined {
  const [first = ""] = (value ?? "").replace(/^\[|\]$/g, "").split(/[ ,]+/);
  const found = Number(first);
  return first === "" || !Number.isFinite(found) ? undefined : found;
}

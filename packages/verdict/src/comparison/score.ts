import { type ComparedMetric, type ComparedResult, compareMetric } from "./compare.ts";

export interface Comparison {
  /** 0 to 100. */
  readonly score: number;
  readonly classification: "Pass" | "Marginal" | "Fail" | "Nodata";
  readonly reason: string;
  readonly groups: readonly { readonly name: string; readonly score: number }[];
  readonly metrics: readonly ComparedResult[];
}

export interface ComparisonOptions {
  /** From here on it passes. */
  readonly pass: number;
  /** From here on it isn't clear; below, it fails. */
  readonly marginal: number;
  /** Percent by group; groups that aren't named share what is left. */
  readonly weights: Readonly<Record<string, number>>;
}

/** Judges a canary by several metrics. Source: kayenta-judge's WeightedSumScorer and ThresholdScoreClassifier. */
export function compareVersions(
  metrics: readonly ComparedMetric[],
  { pass, marginal, weights }: ComparisonOptions,
): Comparison {
  const results = metrics.map(compareMetric);
  const groups = [...new Set(results.map(({ group }) => group))].map((name) => ({
    name,
    score: groupScore(results.filter(({ group }) => group === name)),
  }));
  const empty = results.filter(hasNoData);
  if (empty.length === results.length) {
    return {
      score: 0,
      classification: "Nodata",
      reason: "no metric has data of both versions",
      groups,
      metrics: results,
    };
  }
  const critical = results.find(({ isCritical, classification }) => isCritical && classification !== "Pass");
  if (critical !== undefined) {
    const reason = `critical metric ${critical.name} is ${critical.classification}: ${critical.reason}`;
    return { score: 0, classification: "Fail", reason, groups, metrics: results };
  }
  if (empty.length * 2 >= results.length) {
    const reason = `half of the metrics or more have no data: ${empty.map(({ name }) => name).join(", ")}`;
    return { score: 0, classification: "Fail", reason, groups, metrics: results };
  }
  const given = groups.reduce((sum, { name }) => sum + (weights[name] ?? 0), 0);
  const unnamed = groups.filter(({ name }) => weights[name] === undefined).length;
  const share = unnamed === 0 ? 0 : (100 - given) / unnamed;
  const sum = groups.reduce((total, { name, score }) => total + (score * (weights[name] ?? share)) / 100, 0);
  const score = Math.round(sum * 100) / 100;
  const classification = score >= pass ? "Pass" : score >= marginal ? "Marginal" : "Fail";
  const bad = results.filter(({ classification }) => classification !== "Pass");
  const reason =
    bad.length === 0 ? "no metric differs" : bad.map(({ name, reason }) => `${name}: ${reason}`).join("; ");
  return { score, classification, reason, groups, metrics: results };
}

const hasNoData = ({ classification }: ComparedResult): boolean =>
  classification === "Nodata" || classification === "NodataFailMetric";

/** What passes of what was seen. A group that saw nothing holds nobody back. */
function groupScore(results: readonly ComparedResult[]): number {
  const counted = results.filter(({ classification }) => classification !== "Nodata");
  if (counted.length === 0) return 100;
  return (counted.filter(({ classification }) => classification === "Pass").length / counted.length) * 100;
}

import type { Violation } from "@sluice/kernel";
import { goDurationMillis } from "../../schema/formats.ts";
import { show } from "../../schema/show.ts";
import { doubled, doubles, invalid, missing } from "../rules.ts";

type Fields = Readonly<Record<string, unknown>>;

const known = ["address", "lookback", "step", "pass", "marginal", "groups", "metrics"];
const knownOfMetric = [
  "name",
  "group",
  "control",
  "experiment",
  "direction",
  "nanStrategy",
  "outliers",
  "outlierFactor",
  "effectSize",
  "critical",
  "mustHaveData",
];
const knownOfEffect = ["measure", "allowedIncrease", "allowedDecrease"];
const choices: Readonly<Record<string, readonly string[]>> = {
  direction: ["increase", "decrease", "either"],
  nanStrategy: ["remove", "replace"],
  outliers: ["keep", "remove"],
  measure: ["meanRatio", "cles"],
};

/** A plugin's configuration has no schema of the CRD: this one's shape is checked here, field by field. */
export function checkCanaryComparison(config: unknown, path: string): readonly Violation[] {
  if (!isObject(config)) return [invalid({ path, found: show(config), expected: "an object with metrics" })];
  const { metrics, groups } = config;
  const violations: Violation[] = [...unknown(config, known, path)];
  for (const field of ["lookback", "step"]) {
    const value = config[field];
    if (value === undefined || isArgument(value)) continue;
    const millis = typeof value === "string" ? goDurationMillis(value) : undefined;
    if (millis === undefined || millis <= 0) {
      violations.push(invalid({ path: `${path}.${field}`, found: show(value), expected: "a duration such as 5m" }));
    }
  }
  for (const field of ["pass", "marginal"]) violations.push(...checkNumber(config, field, path, 100));
  if (groups !== undefined) violations.push(...checkGroups(groups, `${path}.groups`));
  if (!Array.isArray(metrics) || metrics.length === 0) {
    return [...violations, missing(`${path}.metrics`, "at least one metric with control and experiment")];
  }
  const names = metrics.map((metric) => (isObject(metric) ? String(metric.name) : undefined));
  return [
    ...violations,
    ...doubles(names).map(({ index, name }) => doubled(`${path}.metrics[${index}].name`, name, "metrics")),
    ...metrics.flatMap((metric, index) => checkMetric(metric, `${path}.metrics[${index}]`)),
  ];
}

function checkMetric(metric: unknown, path: string): readonly Violation[] {
  if (!isObject(metric)) return [invalid({ path, found: show(metric), expected: "an object" })];
  const violations: Violation[] = [...unknown(metric, knownOfMetric, path)];
  for (const field of ["name", "control", "experiment"]) {
    if (typeof metric[field] === "string" && metric[field] !== "") continue;
    violations.push(missing(`${path}.${field}`, field === "name" ? "a name" : `PromQL of the ${field}`));
  }
  for (const field of ["direction", "nanStrategy", "outliers"]) violations.push(...checkChoice(metric, field, path));
  violations.push(...checkNumber(metric, "outlierFactor", path));
  const { effectSize } = metric;
  if (effectSize === undefined) return violations;
  const at = `${path}.effectSize`;
  if (!isObject(effectSize))
    return [...violations, invalid({ path: at, found: show(effectSize), expected: "an object" })];
  return [
    ...violations,
    ...unknown(effectSize, knownOfEffect, at),
    ...checkChoice(effectSize, "measure", at),
    ...checkNumber(effectSize, "allowedIncrease", at),
    ...checkNumber(effectSize, "allowedDecrease", at),
  ];
}

function checkGroups(groups: unknown, path: string): readonly Violation[] {
  if (!isObject(groups)) return [invalid({ path, found: show(groups), expected: "a percentage by group" })];
  const weights = Object.values(groups);
  const sum = weights.reduce<number>((total, weight) => total + Number(weight), 0);
  if (sum <= 100 && weights.every((weight) => typeof weight === "number" && weight >= 0)) return [];
  return [invalid({ path, found: show(groups), expected: "percentages of at most 100 together" })];
}

function checkNumber(
  fields: Fields,
  field: string,
  path: string,
  most = Number.POSITIVE_INFINITY,
): readonly Violation[] {
  const value = fields[field];
  if (value === undefined || (typeof value === "number" && value >= 0 && value <= most)) return [];
  const expected = most === 100 ? "a number from 0 to 100" : "a number, 0 or more";
  return [invalid({ path: `${path}.${field}`, found: show(value), expected })];
}

function checkChoice(fields: Fields, field: string, path: string): readonly Violation[] {
  const value = fields[field];
  const values = choices[field] ?? [];
  if (value === undefined || values.includes(String(value))) return [];
  return [invalid({ path: `${path}.${field}`, found: show(value), expected: values.join(", ") })];
}

const unknown = (fields: Fields, names: readonly string[], path: string): readonly Violation[] =>
  Object.keys(fields)
    .filter((name) => !names.includes(name))
    .map((name) =>
      invalid({ path: `${path}.${name}`, found: "an unknown field", expected: `one of ${names.join(", ")}` }),
    );

const isArgument = (value: unknown): boolean => typeof value === "string" && value.includes("{{");

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

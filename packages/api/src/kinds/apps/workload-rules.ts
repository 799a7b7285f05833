import type { Violation } from "@sluice/kernel";
import { checkLabels } from "../../schema/metadata.ts";
import { labelValueText, qualifiedName } from "../../schema/names.ts";
import { show } from "../../schema/show.ts";
import { matchesSelector } from "../../selectors/label-selector.ts";
import type { PodTemplateSpec } from "../core/pod.ts";
import type { IntOrString, Labels } from "../quantities.ts";
import { invalid, missing } from "../rules.ts";
import type { LabelSelector } from "../selector.ts";

export function checkSelector(selector: LabelSelector, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  checkLabels(selector.matchLabels, `${path}.matchLabels`, violations);
  for (const [index, { key, operator, values }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    const wrongKey = qualifiedName(key);
    if (wrongKey !== undefined) violations.push(invalid({ path: `${at}.key`, found: show(key), expected: wrongKey }));
    const needsValues = operator === "In" || operator === "NotIn";
    if (needsValues && (values === undefined || values.length === 0)) {
      violations.push(missing(`${at}.values`, `at least one value for ${operator}`));
    } else if (!needsValues && values !== undefined && values.length > 0) {
      violations.push(invalid({ path: `${at}.values`, found: show(values), expected: `no values for ${operator}` }));
    }
    for (const [valueIndex, value] of (values ?? []).entries()) {
      const expected = labelValueText(value);
      if (expected !== undefined) {
        violations.push(invalid({ path: `${at}.values[${valueIndex}]`, found: show(value), expected }));
      }
    }
  }
  return violations;
}

/** A workload's selector says something, and picks the pods of its own template. */
export function checkWorkloadSelector(
  selector: LabelSelector,
  template: PodTemplateSpec | undefined,
): readonly Violation[] {
  const violations = [...checkSelector(selector, "spec.selector")];
  if (isEmpty(selector)) {
    violations.push(
      invalid({
        path: "spec.selector",
        found: "an empty selector, which picks every pod",
        expected: "at least one label",
        repair: "name labels of spec.template.metadata.labels",
      }),
    );
  } else if (
    template !== undefined &&
    violations.length === 0 &&
    !matchesSelector(selector, template.metadata?.labels)
  ) {
    violations.push(
      invalid({
        path: "spec.template.metadata.labels",
        found: showLabels(template.metadata?.labels),
        expected: `labels that spec.selector picks: ${showLabels(selector.matchLabels)}`,
      }),
    );
  }
  return violations;
}

const isEmpty = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length === 0 && (matchExpressions ?? []).length === 0;

const showLabels = (labels: Labels | undefined): string => {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? "no labels" : pairs.slice(0, 5).join(",");
};

/** 25% or 3 as a number of pods or a percentage; NaN where it is neither. */
export const amountOf = (value: IntOrString): number =>
  typeof value === "number" ? value : Number(/^(\d+)%?$/.exec(value)?.[1] ?? Number.NaN);

const isPercent = (value: IntOrString): boolean => typeof value === "string" && value.endsWith("%");

/** Surge and unavailable: not negative, unavailable at most 100%, not both 0. */
export function checkRollingUpdate(
  path: string,
  maxSurge: IntOrString | undefined,
  maxUnavailable: IntOrString | undefined,
): readonly Violation[] {
  const violations: Violation[] = [];
  for (const [name, value] of [
    ["maxSurge", maxSurge],
    ["maxUnavailable", maxUnavailable],
  ] as const) {
    if (typeof value === "number" && value < 0) {
      violations.push(invalid({ path: `${path}.${name}`, found: String(value), expected: "0 or more" }));
    }
  }
  if (maxUnavailable !== undefined && isPercent(maxUnavailable) && amountOf(maxUnavailable) > 100) {
    violations.push(invalid({ path: `${path}.maxUnavailable`, found: show(maxUnavailable), expected: "at most 100%" }));
  }
  if (
    maxSurge !== undefined &&
    maxUnavailable !== undefined &&
    amountOf(maxSurge) === 0 &&
    amountOf(maxUnavailable) === 0
  ) {
    violations.push(
      invalid({
        path: `${path}.maxUnavailable`,
        found: "0, as maxSurge",
        expected: "one of them above 0: otherwise no pod could ever be replaced",
      }),
    );
  }
  return violations;
}

export function checkDeadline(
  progressDeadlineSeconds: number | undefined,
  minReadySeconds: number | undefined,
): readonly Violation[] {
  if (progressDeadlineSeconds === undefined || progressDeadlineSeconds > (minReadySeconds ?? 0)) return [];
  return [
    invalid({
      path: "spec.progressDeadlineSeconds",
      found: String(progressDeadlineSeconds),
      expected: `more than minReadySeconds, ${minReadySeconds ?? 0}`,
    }),
  ];
}

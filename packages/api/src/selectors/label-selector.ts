import { unreachable } from "@sluice/kernel";
import { ApiFault } from "../contract/api-fault.ts";
import type { LabelSelector } from "../kinds/selector.ts";
import { labelValueText, qualifiedName } from "../schema/names.ts";

export interface LabelRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";
  readonly values: readonly string[];
}

/** The requirements of a selector, or what is wrong with its text. */
export type ParsedLabelSelector = { readonly requirements: readonly LabelRequirement[] } | { readonly problem: string };

type LabelsOf = Readonly<Record<string, string>> | undefined;

/** `app=shop,tier in (web,api),!canary,size>3`. Grammar of apimachinery's labels.Parse. */
export function parseLabelSelector(text: string): ParsedLabelSelector {
  const tokens = tokenize(text);
  const requirements: LabelRequirement[] = [];
  let position = 0;
  const next = () => tokens[position++];
  const problem = (what: string): ParsedLabelSelector => ({
    problem: `unable to parse label selector "${text}": ${what}`,
  });
  if (tokens.length === 0) return { requirements };
  for (;;) {
    const negated = tokens[position] === "!";
    if (negated) position++;
    const key = next();
    if (key === undefined || isSymbol(key)) return problem(`found ${key ?? "its end"}, expected a label key`);
    const wrongKey = qualifiedName(key);
    if (wrongKey !== undefined) return problem(`${JSON.stringify(key)} is not ${wrongKey}`);
    const operator = tokens[position];
    if (negated) {
      requirements.push({ key, operator: "DoesNotExist", values: [] });
    } else if (operator === undefined || operator === ",") {
      requirements.push({ key, operator: "Exists", values: [] });
    } else {
      position++;
      const lower = operator.toLowerCase();
      if (operator === "=" || operator === "==" || operator === "!=" || operator === ">" || operator === "<") {
        const value = tokens[position] === undefined || tokens[position] === "," ? "" : (next() ?? "");
        if (isSymbol(value) && value !== "") return problem(`found ${value}, expected a value`);
        if ((operator === ">" || operator === "<") && !/^-?\d+$/.test(value)) {
          return problem(`found ${JSON.stringify(value)}, expected an integer after ${operator}`);
        }
        const wrongValue = labelValueText(value);
        if (wrongValue !== undefined) return problem(`${JSON.stringify(value)} is not ${wrongValue}`);
        const kind = operator === "!=" ? "NotIn" : operator === ">" ? "Gt" : operator === "<" ? "Lt" : "In";
        requirements.push({ key, operator: kind, values: [value] });
      } else if (lower === "in" || lower === "notin") {
        if (next() !== "(") return problem(`expected ( after ${operator}`);
        const values: string[] = [];
        let expectsValue = true;
        for (;;) {
          const token = next();
          if (token === undefined) return problem("expected ) before its end");
          if (token === ")") {
            if (expectsValue) values.push("");
            break;
          }
          if (token === ",") {
            if (expectsValue) values.push("");
            expectsValue = true;
            continue;
          }
          if (isSymbol(token)) return problem(`found ${token}, expected a value`);
          const wrongValue = labelValueText(token);
          if (wrongValue !== undefined) return problem(`${JSON.stringify(token)} is not ${wrongValue}`);
          values.push(token);
          expectsValue = false;
        }
        requirements.push({ key, operator: lower === "in" ? "In" : "NotIn", values });
      } else {
        return problem(`found ${JSON.stringify(operator)}, expected =, ==, !=, in, notin, > or <`);
      }
    }
    const separator = next();
    if (separator === undefined) return { requirements };
    if (separator !== ",") return problem(`found ${JSON.stringify(separator)}, expected a comma`);
  }
}

const isSymbol = (token: string): boolean => /^[(),!=<>]/.test(token);

const tokenize = (text: string): readonly string[] => text.match(/==|!=|[=!<>(),]|[^\s=!<>(),]+/g) ?? [];

export function matchesRequirements(requirements: readonly LabelRequirement[], labels: LabelsOf): boolean {
  for (const requirement of requirements) if (!holds(requirement, labels)) return false;
  return true;
}

function holds({ key, operator, values }: LabelRequirement, labels: LabelsOf): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && /^-?\d+$/.test(value) && Number(value) < Number(values[0]);
    default:
      return unreachable(operator);
  }
}

/** The same requirements, however they were written. */
export function requirementsOf(selector: LabelSelector): readonly LabelRequirement[] {
  return [
    ...Object.entries(selector.matchLabels ?? {}).map(
      ([key, value]): LabelRequirement => ({ key, operator: "In", values: [value] }),
    ),
    ...(selector.matchExpressions ?? []).map(
      ({ key, operator, values }): LabelRequirement => ({ key, operator, values: values ?? [] }),
    ),
  ];
}

const parsedTexts = new Map<string, ParsedLabelSelector>();
const parsedSelectors = new WeakMap<LabelSelector, readonly LabelRequirement[]>();

/**
 * An absent selector matches nothing, an empty one everything, as in Kubernetes.
 * Throws an ApiFault (BadRequest) where the text of a selector is malformed.
 */
export function matchesSelector(selector: LabelSelector | string | undefined, labels: LabelsOf): boolean {
  if (selector === undefined) return false;
  if (typeof selector !== "string") {
    let requirements = parsedSelectors.get(selector);
    if (requirements === undefined) {
      requirements = requirementsOf(selector);
      parsedSelectors.set(selector, requirements);
    }
    return matchesRequirements(requirements, labels);
  }
  let parsed = parsedTexts.get(selector);
  if (parsed === undefined) {
    parsed = parseLabelSelector(selector);
    if (parsedTexts.size > 1000) parsedTexts.clear();
    parsedTexts.set(selector, parsed);
  }
  if ("problem" in parsed) throw new ApiFault("BadRequest", parsed.problem);
  return matchesRequirements(parsed.requirements, labels);
}

/** A selector's text, as kubectl and the scale subresource print it: keys sorted. */
export function formatLabelSelector(selector: LabelSelector): string {
  return [...requirementsOf(selector)]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ key, operator, values }) => {
      switch (operator) {
        case "In":
          return values.length === 1 && selector.matchLabels?.[key] === values[0]
            ? `${key}=${values[0]}`
            : `${key} in (${[...values].sort().join(",")})`;
        case "NotIn":
          return `${key} notin (${[...values].sort().join(",")})`;
        case "Exists":
          return key;
        case "DoesNotExist":
          return `!${key}`;
        case "Gt":
          return `${key}>${values[0]}`;
        case "Lt":
          return `${key}<${values[0]}`;
        default:
          return unreachable(operator);
      }
    })
    .join(",");
}

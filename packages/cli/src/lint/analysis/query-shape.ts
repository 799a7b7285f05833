import {
  compileMatcher,
  type LabelMatcher,
  type PromqlExpression,
  parseCondition,
  parsePromql,
  type Span,
  type VectorSelector,
  withoutParentheses,
} from "@sluice/languages";

/** What lint understands of a PromQL query. */
export interface QueryShape {
  readonly selectors: readonly VectorSelector[];
  /** The longest range of a `[5m]`, in milliseconds. */
  readonly window: number;
  readonly groupedBy: readonly string[];
  readonly measure: /** One count divided by another, times `scale`; `flipped` where it is taken from 1. */
    | {
        readonly is: "share";
        readonly part: readonly VectorSelector[];
        readonly whole: readonly VectorSelector[];
        readonly scale: number;
        readonly flipped: boolean;
        /** Where the part stands, if it is one sum that is no series, rather than 0, where nothing matches. */
        readonly empty?: Span;
      }
    | { readonly is: "quantile"; readonly quantile: number }
    | { readonly is: "other" };
}

export type ReadQuery =
  | { readonly is: "read"; readonly shape: QueryShape }
  | { readonly is: "refused"; readonly position: number; readonly found: string; readonly expected: string };

export function readQuery(query: string): ReadQuery {
  const outcome = parsePromql(query);
  if (outcome.is === "refused") return { is: "refused", ...outcome.refusal };
  const selectors: VectorSelector[] = [];
  const groupedBy: string[] = [];
  let window = 0;
  walk(outcome.value, (node) => {
    if (node.is === "selector") selectors.push(node);
    if (node.is === "range") window = Math.max(window, node.range);
    if (node.is === "aggregation" && node.grouping.keep === "by") groupedBy.push(...node.grouping.labels);
  });
  return { is: "read", shape: { selectors, window, groupedBy, measure: measureOf(outcome.value) } };
}

function walk(node: PromqlExpression, see: (node: PromqlExpression) => void): void {
  see(node);
  switch (node.is) {
    case "range":
      walk(node.selector, see);
      break;
    case "subquery":
    case "parenthesis":
      walk(node.inner, see);
      break;
    case "call":
      for (const parameter of node.parameters) walk(parameter, see);
      break;
    case "aggregation":
      if (node.parameter !== undefined) walk(node.parameter, see);
      walk(node.operand, see);
      break;
    case "binary":
      walk(node.left, see);
      walk(node.right, see);
      break;
    case "unary":
      walk(node.operand, see);
      break;
    default:
      break;
  }
}

function selectorsIn(node: PromqlExpression): readonly VectorSelector[] {
  const found: VectorSelector[] = [];
  walk(node, (inner) => {
    if (inner.is === "selector") found.push(inner);
  });
  return found;
}

function measureOf(expression: PromqlExpression): QueryShape["measure"] {
  const node = withoutParentheses(expression);
  if (node.is === "call" && node.name === "histogram_quantile") {
    const quantile = node.parameters[0] === undefined ? undefined : numberOf(node.parameters[0]);
    return quantile === undefined ? { is: "other" } : { is: "quantile", quantile };
  }
  if (node.is === "call" && (node.name === "scalar" || node.name === "vector") && node.parameters[0] !== undefined) {
    return neverEmpty(measureOf(node.parameters[0]));
  }
  if (node.is !== "binary") return { is: "other" };
  const left = numberOf(node.left);
  const right = numberOf(node.right);
  if (node.operator === "/" && left === undefined && right === undefined) {
    const empty = emptyPart(node.left);
    return {
      is: "share",
      part: selectorsIn(node.left),
      whole: selectorsIn(node.right),
      scale: 1,
      flipped: false,
      ...(empty === undefined ? {} : { empty }),
    };
  }
  const factor = right ?? left;
  const inner = factor === undefined ? undefined : measureOf(right === undefined ? node.right : node.left);
  if (factor === undefined || inner === undefined) {
    // `a / b or vector(0)` measures what its left side does.
    return node.operator === "or" ? neverEmpty(measureOf(node.left)) : { is: "other" };
  }
  if (node.operator === "*" || (node.operator === "/" && right !== undefined)) {
    const scale = node.operator === "*" ? factor : 1 / factor;
    return inner.is === "share" ? { ...inner, scale: inner.scale * scale } : inner;
  }
  if (node.operator === "-" && left !== undefined && inner.is === "share" && left === inner.scale) {
    return { ...inner, flipped: !inner.flipped };
  }
  return node.operator === "or" ? neverEmpty(measureOf(node.left)) : { is: "other" };
}

function neverEmpty(measure: QueryShape["measure"]): QueryShape["measure"] {
  if (measure.is !== "share") return measure;
  const { empty: _, ...share } = measure;
  return share;
}

function emptyPart(part: PromqlExpression): Span | undefined {
  const node = withoutParentheses(part);
  const isOne = node.is === "aggregation" && node.grouping.keep === "by" && node.grouping.labels.length === 0;
  return isOne ? part.span : undefined;
}

function numberOf(expression: PromqlExpression): number | undefined {
  const node = withoutParentheses(expression);
  return node.is === "number" ? node.value : undefined;
}

export interface Limit {
  /** The result must be at least, or at most, this. */
  readonly is: "at least" | "at most";
  readonly value: number;
}

/** `result[0] >= 0.95` as a limit that a good result keeps; undefined where a condition says anything else. */
export function limitOf(condition: string): Limit | undefined {
  const outcome = parseCondition(condition);
  if (outcome.is === "fault") return undefined;
  const { expression } = outcome;
  if (expression.is !== "binary") return undefined;
  const { operator, left, right } = expression;
  const flipped = literalOf(left) !== undefined;
  const value = flipped ? literalOf(left) : literalOf(right);
  if (value === undefined || !isResult(flipped ? right : left)) return undefined;
  const atLeast = operator === ">=" || operator === ">";
  const atMost = operator === "<=" || operator === "<";
  if (!atLeast && !atMost) return undefined;
  return { is: atLeast !== flipped ? "at least" : "at most", value };
}

type ConditionNode = Extract<ReturnType<typeof parseCondition>, { is: "parsed" }>["expression"];

const literalOf = (node: ConditionNode): number | undefined =>
  node.is === "literal" && (typeof node.value === "number" || typeof node.value === "bigint")
    ? Number(node.value)
    : undefined;

const isResult = (node: ConditionNode): boolean =>
  (node.is === "name" && node.name === "result") ||
  (node.is === "index" && isResult(node.of)) ||
  (node.is === "call" && node.inputs.length >= 1 && node.inputs[0] !== undefined && isResult(node.inputs[0]));

export function accepts(matcher: LabelMatcher, value: string): boolean {
  const outcome = compileMatcher(matcher);
  return outcome.is === "parsed" && outcome.value(value);
}

import { checkExpression } from "./check.ts";
import { evaluateExpression } from "./evaluate.ts";
import { type ParsedCondition, parseCondition } from "./parse.ts";
import { ConditionError, type ConditionFault } from "./syntax.ts";
import { any, describeType, typeOf } from "./types.ts";
import { asValue, typeName } from "./values.ts";

export { type ParsedCondition, parseCondition } from "./parse.ts";
export type { BinaryOperator, ConditionFault, Expression, Position, UnaryOperator } from "./syntax.ts";

export type ConditionOutcome =
  | { readonly is: "decided"; readonly answer: boolean }
  | ({ readonly is: "error" } & ConditionFault);

/** Each measurement asks what those before it asked. */
const known = new Map<string, ParsedCondition>();
const knownMax = 1000;

function parsedOnce(text: string): ParsedCondition {
  const parsed = known.get(text) ?? parseCondition(text);
  if (known.size >= knownMax) known.clear();
  known.set(text, parsed);
  return parsed;
}

const start = { offset: 0, line: 1, column: 1 } as const;

/**
 * Whether a provider's `result` meets a condition of an analysis metric.
 * Types are checked first, as the original's compiler does; a condition that isn't a bool is an error.
 * `result` is JSON-like: a number is a float64. Source: argo-rollouts utils/evaluate/evaluate.go.
 */
export function evaluateCondition(text: string, result: unknown): ConditionOutcome {
  const parsed = parsedOnce(text);
  if (parsed.is === "fault") return { is: "error", message: parsed.message, at: parsed.at };
  const value = asValue(result);
  try {
    checkExpression(parsed.expression, typeOf(value));
    const answer = evaluateExpression(parsed.expression, value);
    if (typeof answer === "boolean") return { is: "decided", answer };
    return { is: "error", message: `expected bool, but got ${typeName(answer)}`, at: start };
  } catch (thrown) {
    if (thrown instanceof ConditionError) return { is: "error", message: thrown.message, at: thrown.at };
    throw thrown;
  }
}

/** What is wrong with a condition whatever the result will be: for validation and lint. */
export function checkCondition(text: string): ConditionFault | undefined {
  const parsed = parseCondition(text);
  if (parsed.is === "fault") return { message: parsed.message, at: parsed.at };
  try {
    const type = checkExpression(parsed.expression, any);
    if (type.is === "bool" || type.is === "any") return undefined;
    return { message: `expected bool, but got ${describeType(type)}`, at: start };
  } catch (thrown) {
    if (thrown instanceof ConditionError) return { message: thrown.message, at: thrown.at };
    throw thrown;
  }
}

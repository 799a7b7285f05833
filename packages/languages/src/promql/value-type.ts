import { unreachable } from "@sluice/kernel";
import { signatures } from "./functions.ts";
import type { Expression, ValueType } from "./syntax.ts";

/** What an expression yields: known before anything is read. */
export function valueTypeOf(expression: Expression): ValueType {
  switch (expression.is) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "selector":
    case "aggregation":
      return "vector";
    case "range":
    case "subquery":
      return "matrix";
    case "call":
      return signatures[expression.name].returns;
    case "binary":
      return valueTypeOf(expression.left) === "scalar" && valueTypeOf(expression.right) === "scalar"
        ? "scalar"
        : "vector";
    case "unary":
      return valueTypeOf(expression.operand);
    case "parenthesis":
      return valueTypeOf(expression.inner);
    default:
      return unreachable(expression);
  }
}

/** The names that people know the types by. */
export const typeNames: { readonly [Type in ValueType]: string } = {
  scalar: "a scalar",
  string: "a string",
  vector: "an instant vector",
  matrix: "a range vector",
};

export function withoutParentheses(expression: Expression): Exclude<Expression, { is: "parenthesis" }> {
  return expression.is === "parenthesis" ? withoutParentheses(expression.inner) : expression;
}

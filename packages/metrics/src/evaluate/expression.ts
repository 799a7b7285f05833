import { unreachable } from "@sluice/kernel";
import {
  type Aggregation,
  type PromqlExpression,
  type RangeSelector,
  type Subquery,
  withoutParentheses,
} from "@sluice/languages";
import { aggregate } from "./aggregate.ts";
import { evaluateBinary } from "./binary.ts";
import { evaluateCall } from "./call.ts";
import type { Evaluation } from "./evaluation.ts";
import { dropNames, mapRow, type Row, type Value } from "./row.ts";
import { selectInstant } from "./selectors.ts";

/** A range vector has no value of its own here: functions and the door take its windows apart. */
export function evaluate(evaluation: Evaluation, expression: PromqlExpression): Value {
  const { steps } = evaluation;
  switch (expression.is) {
    case "number":
      return { is: "scalar", values: new Float64Array(steps.length).fill(expression.value) };
    case "string":
      return { is: "string", value: expression.value };
    case "selector":
      return { is: "vector", rows: selectInstant(evaluation, expression) };
    case "parenthesis":
      return evaluate(evaluation, expression.inner);
    case "unary":
      return expression.operator === "+"
        ? evaluate(evaluation, expression.operand)
        : negate(evaluate(evaluation, expression.operand));
    case "binary":
      return evaluateBinary(
        evaluation,
        expression,
        evaluate(evaluation, expression.left),
        evaluate(evaluation, expression.right),
      );
    case "aggregation":
      return evaluateAggregation(evaluation, expression);
    case "call":
      return evaluateCall(evaluation, expression, evaluate);
    case "range":
    case "subquery":
      throw new RangeError("the parser lets range vectors stand in functions only");
    default:
      return unreachable(expression);
  }
}

export function evaluateRows(evaluation: Evaluation, expression: PromqlExpression): readonly Row[] {
  const value = evaluate(evaluation, expression);
  if (value.is !== "vector") throw new RangeError(`the parser promised a vector, found ${value.is}`);
  return value.rows;
}

export function asRangeVector(expression: PromqlExpression): RangeSelector | Subquery | undefined {
  const inner = withoutParentheses(expression);
  return inner.is === "range" || inner.is === "subquery" ? inner : undefined;
}

function negate(value: Value): Value {
  if (value.is === "scalar") return { is: "scalar", values: value.values.map((each) => -each) };
  if (value.is === "vector")
    return { is: "vector", rows: dropNames(value.rows.map((row) => mapRow(row, (each) => -each))) };
  return value;
}

function evaluateAggregation(evaluation: Evaluation, aggregation: Aggregation): Value {
  const parameter = aggregation.parameter === undefined ? undefined : evaluate(evaluation, aggregation.parameter);
  const rows = evaluateRows(evaluation, aggregation.operand);
  return { is: "vector", rows: aggregate(evaluation, aggregation, rows, parameter) };
}

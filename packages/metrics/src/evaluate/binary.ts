import {
  type ArithmeticOperator,
  type BinaryOperation,
  type ComparisonOperator,
  isSetOperator,
} from "@sluice/languages";
import type { Evaluation } from "./evaluation.ts";
import { applyOperator, dropsName } from "./operators.ts";
import { dropNames, hasSamples, mapRow, type Row, type Value } from "./row.ts";
import { combineSets } from "./set-operation.ts";
import { matchVectors } from "./vector-matching.ts";

export function evaluateBinary(evaluation: Evaluation, operation: BinaryOperation, left: Value, right: Value): Value {
  const { operator } = operation;
  evaluation.frame.budget.work(evaluation.steps.length);
  if (left.is === "vector" && right.is === "vector") {
    const rows = isSetOperator(operator)
      ? combineSets(operator, operation.matching, left.rows, right.rows)
      : matchVectors(evaluation, { ...operation, operator }, left.rows, right.rows);
    evaluation.frame.budget.takeSamples(rows.length * evaluation.steps.length);
    return { is: "vector", rows };
  }
  if (isSetOperator(operator)) throw new RangeError("the parser lets set operators have vectors only");
  if (left.is === "scalar" && right.is === "scalar") {
    const values = left.values.map((value, step) =>
      Number(applyOperator(operator, value, right.values[step] as number)),
    );
    return { is: "scalar", values };
  }
  if (left.is === "vector" && right.is === "scalar")
    return { is: "vector", rows: beside(operation, operator, left.rows, right.values, false) };
  if (left.is === "scalar" && right.is === "vector")
    return { is: "vector", rows: beside(operation, operator, right.rows, left.values, true) };
  throw new RangeError("the parser lets no string be an operand");
}

function beside(
  operation: BinaryOperation,
  operator: ArithmeticOperator | ComparisonOperator,
  rows: readonly Row[],
  scalars: Float64Array,
  isScalarLeft: boolean,
): readonly Row[] {
  const results = rows.map((row) =>
    mapRow(row, (value, step) => {
      const scalar = scalars[step] as number;
      const outcome = isScalarLeft ? applyOperator(operator, scalar, value) : applyOperator(operator, value, scalar);
      if (typeof outcome === "number") return outcome;
      if (operation.returnsBool) return Number(outcome);
      return outcome ? value : undefined;
    }),
  );
  const kept = results.filter(hasSamples);
  return dropsName(operator, operation.returnsBool) ? dropNames(kept) : kept;
}

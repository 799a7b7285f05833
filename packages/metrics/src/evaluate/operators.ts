import { unreachable } from "@sluice/kernel";
import {
  type ArithmeticOperator,
  type ComparisonOperator,
  isComparison,
  type PromqlBinaryOperator,
} from "@sluice/languages";

/** Arithmetic's result; a comparison's truth as a boolean. */
export function applyOperator(
  operator: ArithmeticOperator | ComparisonOperator,
  left: number,
  right: number,
): number | boolean {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "^":
      return power(left, right);
    case "atan2":
      return Math.atan2(left, right);
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case "<":
      return left < right;
    case ">":
      return left > right;
    case "<=":
      return left <= right;
    case ">=":
      return left >= right;
    default:
      return unreachable(operator);
  }
}

/** IEEE's pow, as Go has it: 1 to any power is 1, and so is -1 to an infinite one. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY)) return 1;
  return base ** exponent;
}

/** A filter passes series on as they are; everything else makes new ones. */
export const dropsName = (operator: PromqlBinaryOperator, returnsBool: boolean): boolean =>
  returnsBool || !isComparison(operator);

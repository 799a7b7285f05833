import type { Signature } from "./functions.ts";
import type {
  BinaryOperation,
  BinaryOperator,
  ComparisonOperator,
  Expression,
  FunctionName,
  SetOperator,
  ValueType,
} from "./syntax.ts";
import { describeToken, SyntaxRefused } from "./token-reader.ts";
import type { Token } from "./tokens.ts";
import { typeNames, valueTypeOf } from "./value-type.ts";

export const isComparison = (operator: BinaryOperator): operator is ComparisonOperator =>
  ["==", "!=", "<", ">", "<=", ">="].includes(operator);

export const isSetOperator = (operator: BinaryOperator): operator is SetOperator =>
  operator === "and" || operator === "or" || operator === "unless";

export function requireType(expression: Expression, wanted: ValueType, where: string): void {
  const type = valueTypeOf(expression);
  if (type !== wanted)
    throw new SyntaxRefused({
      position: expression.span.from,
      found: typeNames[type],
      expected: `${typeNames[wanted]} ${where}`,
    });
}

export function checkCall(
  name: FunctionName,
  signature: Signature,
  parameters: readonly Expression[],
  token: Token,
): void {
  const most = signature.parameters.length;
  const least = most - signature.optional;
  if (parameters.length < least || (parameters.length > most && !signature.repeated)) {
    const count = signature.repeated ? `at least ${least}` : least === most ? `${most}` : `${least} to ${most}`;
    refuse(token, `${count} parameter${count === "1" ? "" : "s"} for ${name}(), not ${parameters.length}`);
  }
  for (const [index, parameter] of parameters.entries()) {
    const wanted = signature.parameters[Math.min(index, most - 1)];
    if (wanted !== undefined) requireType(parameter, wanted, `as parameter ${index + 1} of ${name}()`);
  }
}

export function checkBinary(operation: BinaryOperation, hasMatching: boolean, token: Token): void {
  const { operator, left, right, returnsBool } = operation;
  const types = [left, right].map((side) => {
    const type = valueTypeOf(side);
    if (type !== "scalar" && type !== "vector")
      throw new SyntaxRefused({
        position: side.span.from,
        found: typeNames[type],
        expected: `a scalar or an instant vector beside ${operator}`,
      });
    return type;
  });
  const scalars = types.filter((type) => type === "scalar").length;
  if (returnsBool && !isComparison(operator)) refuse(token, `bool only with a comparison, not with ${operator}`);
  if (isComparison(operator) && !returnsBool && scalars === 2)
    refuse(token, `${operator} bool: comparing two scalars yields 0 or 1`);
  if (isSetOperator(operator) && scalars > 0) refuse(token, `instant vectors on both sides of ${operator}`);
  if (hasMatching && scalars > 0)
    refuse(token, `no on() or ignoring() unless both sides of ${operator} are instant vectors`);
}

function refuse(token: Token, expected: string): never {
  throw new SyntaxRefused({ position: token.from, found: describeToken(token), expected });
}

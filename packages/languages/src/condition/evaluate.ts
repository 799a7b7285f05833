import { unreachable } from "@sluice/kernel";
import { RE2JS } from "re2js";
import { functions } from "./functions.ts";
import { type BinaryOperator, ConditionError, type Expression } from "./syntax.ts";
import { equal, isArray, isMap, isNumber, typeName, type Value, wrapped } from "./values.ts";

interface Scope {
  readonly result: Value;
  readonly item?: { readonly value: Value; readonly index: number };
  readonly budget: { left: number };
}

/** Enough for any sane condition over 100,000 values; a runaway ends in a tenth of a second. */
const steps = 1_000_000;

/** Throws ConditionError with the original's message. */
export function evaluateExpression(node: Expression, result: Value): Value {
  return run(node, { result, budget: { left: steps } });
}

function spend(scope: Scope, count: number, node: Expression): void {
  scope.budget.left -= count;
  if (scope.budget.left < 0) throw new ConditionError("memory budget exceeded", node.at);
}

function run(node: Expression, scope: Scope): Value {
  spend(scope, 1, node);
  switch (node.is) {
    case "literal":
      return node.value;
    case "name":
      return scope.result;
    case "pointer":
      if (node.name === "index") return BigInt(scope.item?.index ?? 0);
      return scope.item?.value ?? null;
    case "array":
      return node.items.map((item) => run(item, scope));
    case "map":
      return Object.fromEntries(
        node.entries.map(({ key, value }) => [String(run(key, scope)), run(value, scope)] as const),
      );
    case "unary": {
      const operand = run(node.operand, scope);
      if (node.operator === "not") return !asBool(operand, node);
      if (!isNumber(operand))
        throw new ConditionError(`invalid operation: ${node.operator} ${typeName(operand)}`, node.at);
      if (node.operator === "+") return operand;
      return typeof operand === "bigint" ? wrapped(-operand) : -operand;
    }
    case "binary":
      return runBinary(node, scope);
    case "choice": {
      const condition = run(node.condition, scope);
      if (node.met === node.condition) {
        return condition === true || (condition !== false && condition !== null) ? condition : run(node.unmet, scope);
      }
      return run(asBool(condition, node) ? node.met : node.unmet, scope);
    }
    case "index": {
      const of = run(node.of, scope);
      if (of === null && (node.isOptional || isSkipped(node.of))) return null;
      return fetched(of, run(node.index, scope), node);
    }
    case "slice":
      return sliced(node, scope);
    case "call":
      return called(node, scope);
    case "closure":
      return run(node.body, scope);
    default:
      return unreachable(node);
  }
}

/** `a?.b.c` is nil as a whole where `a` is nil. */
const isSkipped = (node: Expression): boolean => node.is === "index" && (node.isOptional || isSkipped(node.of));

function asBool(value: Value, node: Expression): boolean {
  if (typeof value === "boolean") return value;
  throw new ConditionError(
    `interface conversion: interface {} is ${value === null ? "nil" : typeName(value)}, not bool`,
    node.at,
  );
}

function runBinary(node: Expression & { readonly is: "binary" }, scope: Scope): Value {
  const left = run(node.left, scope);
  switch (node.operator) {
    case "or":
      return asBool(left, node) || asBool(run(node.right, scope), node);
    case "and":
      return asBool(left, node) && asBool(run(node.right, scope), node);
    case "??":
      return left ?? run(node.right, scope);
    case "..": {
      const right = run(node.right, scope);
      if (typeof left !== "bigint" || typeof right !== "bigint") throw mismatch("..", left, right, node);
      const length = right < left ? 0 : Number(right - left) + 1;
      spend(scope, length, node);
      return Array.from({ length }, (_, index) => left + BigInt(index));
    }
    default:
      return computed(node.operator, left, run(node.right, scope), node, scope);
  }
}

const mismatch = (operator: string, left: Value, right: Value, node: Expression): ConditionError =>
  new ConditionError(`invalid operation: ${typeName(left)} ${operator} ${typeName(right)}`, node.at);

function computed(
  operator: Exclude<BinaryOperator, "or" | "and" | "??" | "..">,
  left: Value,
  right: Value,
  node: Expression,
  scope: Scope,
): Value {
  switch (operator) {
    case "==":
      return equal(left, right);
    case "!=":
      return !equal(left, right);
    case "in":
      if (isArray(right)) {
        spend(scope, right.length, node);
        return right.some((item) => equal(item, left));
      }
      if (isMap(right)) return typeof left === "string" && Object.hasOwn(right, left);
      if (right === null) return false;
      throw new ConditionError(`operator "in" not defined on ${typeName(right)}`, node.at);
    case "contains":
    case "startsWith":
    case "endsWith":
    case "matches":
      if (typeof left !== "string" || typeof right !== "string") throw mismatch(operator, left, right, node);
      if (operator === "contains") return left.includes(right);
      if (operator === "startsWith") return left.startsWith(right);
      return operator === "endsWith" ? left.endsWith(right) : matched(left, right, node);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return ordered(operator, left, right, node);
    case "+":
      if (typeof left === "string" && typeof right === "string") {
        spend(scope, left.length + right.length, node);
        return left + right;
      }
      return arithmetic(operator, left, right, node);
    default:
      return arithmetic(operator, left, right, node);
  }
}

function ordered(operator: "<" | ">" | "<=" | ">=", left: Value, right: Value, node: Expression): boolean {
  const areNumbers = isNumber(left) && isNumber(right);
  if (!areNumbers && !(typeof left === "string" && typeof right === "string")) {
    throw mismatch(operator, left, right, node);
  }
  const [a, b] = areNumbers ? [Number(left), Number(right)] : [left, right];
  switch (operator) {
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    case ">=":
      return a >= b;
  }
}

function arithmetic(operator: "+" | "-" | "*" | "/" | "%" | "**", left: Value, right: Value, node: Expression): Value {
  if (!isNumber(left) || !isNumber(right)) throw mismatch(operator, left, right, node);
  const areWhole = typeof left === "bigint" && typeof right === "bigint";
  switch (operator) {
    case "+":
      return areWhole ? wrapped(left + right) : Number(left) + Number(right);
    case "-":
      return areWhole ? wrapped(left - right) : Number(left) - Number(right);
    case "*":
      return areWhole ? wrapped(left * right) : Number(left) * Number(right);
    case "/":
      return Number(left) / Number(right);
    case "**":
      return Number(left) ** Number(right);
    case "%":
      if (!areWhole) throw mismatch(operator, left, right, node);
      if (right === 0n) throw new ConditionError("runtime error: integer divide by zero", node.at);
      return left % right;
  }
}

function matched(text: string, pattern: string, node: Expression): boolean {
  try {
    return RE2JS.compile(pattern).matcher(text).find();
  } catch (thrown) {
    throw new ConditionError(`error parsing regexp: ${thrown instanceof Error ? thrown.message : pattern}`, node.at);
  }
}

function fetched(of: Value, index: Value, node: Expression): Value {
  if (isArray(of) || typeof of === "string") {
    if (typeof index !== "bigint" && !(typeof index === "number" && Number.isInteger(index))) {
      throw new ConditionError(`cannot fetch ${typeName(index)} from ${typeName(of)}`, node.at);
    }
    const { length } = of;
    const wanted = Number(index);
    const found = wanted < 0 ? length + wanted : wanted;
    if (found < 0 || found >= length) {
      throw new ConditionError(`index out of range: ${found} (array length is ${length})`, node.at);
    }
    return of[found] ?? null;
  }
  if (isMap(of)) {
    if (typeof index !== "string")
      throw new ConditionError(`cannot fetch ${typeName(index)} from ${typeName(of)}`, node.at);
    return Object.hasOwn(of, index) ? (of[index] ?? null) : null;
  }
  throw new ConditionError(`cannot fetch ${String(index)} from ${typeName(of)}`, node.at);
}

function sliced(node: Expression & { readonly is: "slice" }, scope: Scope): Value {
  const of = run(node.of, scope);
  if (!isArray(of) && typeof of !== "string") throw new ConditionError(`cannot slice ${typeName(of)}`, node.at);
  const bound = (expression: Expression | undefined, otherwise: number): number => {
    if (expression === undefined) return otherwise;
    const value = run(expression, scope);
    if (!isNumber(value)) throw new ConditionError(`non-integer slice index ${typeName(value)}`, expression.at);
    const whole = Number(value) < 0 ? of.length + Number(value) : Number(value);
    return Math.min(Math.max(whole, 0), of.length);
  };
  const from = bound(node.from, 0);
  const to = bound(node.to, of.length);
  spend(scope, Math.max(0, to - from), node);
  return of.slice(from, Math.max(from, to));
}

function called(node: Expression & { readonly is: "call" }, scope: Scope): Value {
  const known = functions.get(node.name);
  if (known === undefined) throw new ConditionError(`unknown name ${node.name}`, node.at);
  const closure = node.inputs.find((input) => input.is === "closure");
  const inputs = node.inputs.filter((input) => input !== closure).map((input) => run(input, scope));
  const [first = null] = inputs;
  if (isArray(first)) spend(scope, first.length, node);
  return known.run(inputs, {
    result: scope.result,
    hasClosure: closure !== undefined,
    each: (value, index) => (closure === undefined ? value : run(closure, { ...scope, item: { value, index } })),
    fail(message) {
      throw new ConditionError(message, node.at);
    },
  });
}

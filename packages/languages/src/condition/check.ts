import { unreachable } from "@sluice/kernel";
import { functions } from "./functions.ts";
import { ConditionError, type Expression } from "./syntax.ts";
import {
  any,
  arrayOf,
  bool,
  common,
  comparable,
  describeType,
  float,
  int,
  isAny,
  isBool,
  isList,
  isNumeric,
  isText,
  map,
  string,
  type Type,
} from "./types.ts";

interface Scope {
  readonly result: Type;
  /** What `#` stands for; undefined outside closures. */
  readonly item: Type | undefined;
}

/**
 * The type of a whole condition; throws ConditionError where types can't fit, as the original's compiler does,
 * also in branches that would never run.
 */
export function checkExpression(node: Expression, result: Type): Type {
  return infer(node, { result, item: undefined });
}

function infer(node: Expression, scope: Scope): Type {
  switch (node.is) {
    case "literal": {
      const { value } = node;
      if (value === null) return { is: "nil" };
      if (typeof value === "boolean") return bool;
      if (typeof value === "bigint") return int;
      return typeof value === "number" ? float : string;
    }
    case "name":
      if (node.name === "result") return scope.result;
      throw new ConditionError(`unknown name ${node.name}`, node.at);
    case "pointer":
      if (node.name === "index") return int;
      if (scope.item === undefined) throw new ConditionError("cannot use pointer accessor outside closure", node.at);
      if (node.name === "acc") throw new ConditionError("#acc is only there in reduce, which isn't supported", node.at);
      return scope.item;
    case "array": {
      const types = node.items.map((item) => infer(item, scope));
      return arrayOf(types.length === 0 ? any : types.reduce(common));
    }
    case "map":
      for (const { key, value } of node.entries) {
        infer(key, scope);
        infer(value, scope);
      }
      return map;
    case "unary":
      return inferUnary(node, scope);
    case "binary":
      return inferBinary(node, scope);
    case "choice": {
      const condition = infer(node.condition, scope);
      const then = infer(node.met, scope);
      const otherwise = infer(node.unmet, scope);
      const isShort = node.met === node.condition;
      if (!isShort && !isBool(condition)) {
        throw new ConditionError(`non-bool expression (type ${describeType(condition)}) used as condition`, node.at);
      }
      return common(then, otherwise);
    }
    case "index":
      return inferIndex(node, scope);
    case "slice": {
      const of = infer(node.of, scope);
      if (!isList(of) && !isText(of)) throw new ConditionError(`cannot slice ${describeType(of)}`, node.at);
      for (const bound of [node.from, node.to]) {
        if (bound === undefined) continue;
        const type = infer(bound, scope);
        if (type.is !== "int" && !isAny(type)) {
          throw new ConditionError(`non-integer slice index ${describeType(type)}`, bound.at);
        }
      }
      return of;
    }
    case "call":
      return inferCall(node, scope);
    case "closure":
      return infer(node.body, scope);
    default:
      return unreachable(node);
  }
}

function inferUnary(node: Expression & { readonly is: "unary" }, scope: Scope): Type {
  const operand = infer(node.operand, scope);
  const fits = node.operator === "not" ? isBool(operand) : isNumeric(operand);
  if (fits) return node.operator === "not" ? bool : operand;
  const operator = node.operator === "not" ? "not" : node.operator;
  throw new ConditionError(`invalid operation: ${operator} (mismatched type ${describeType(operand)})`, node.at);
}

function inferBinary(node: Expression & { readonly is: "binary" }, scope: Scope): Type {
  const left = infer(node.left, scope);
  const right = infer(node.right, scope);
  const both = (fits: (type: Type) => boolean): boolean => fits(left) && fits(right);
  const type = typeOfBinary(node.operator, left, right, both);
  if (type !== undefined) return type;
  throw new ConditionError(
    `invalid operation: ${node.operator} (mismatched types ${describeType(left)} and ${describeType(right)})`,
    node.at,
  );
}

function typeOfBinary(
  operator: (Expression & { readonly is: "binary" })["operator"],
  left: Type,
  right: Type,
  both: (fits: (type: Type) => boolean) => boolean,
): Type | undefined {
  switch (operator) {
    case "==":
    case "!=":
      return comparable(left, right) ? bool : undefined;
    case "or":
    case "and":
      return both(isBool) ? bool : undefined;
    case "<":
    case ">":
    case "<=":
    case ">=":
      return both(isNumeric) || both(isText) ? bool : undefined;
    case "-":
    case "*":
      return both(isNumeric) ? numeric(left, right) : undefined;
    case "+":
      if (both(isNumeric)) return numeric(left, right);
      return both(isText) ? string : undefined;
    case "/":
    case "**":
      return both(isNumeric) ? float : undefined;
    case "%":
      return both((type) => type.is === "int" || isAny(type)) ? int : undefined;
    case "..":
      return both((type) => type.is === "int" || isAny(type)) ? arrayOf(int) : undefined;
    case "in":
      if (isAny(right) || right.is === "nil") return bool;
      if (right.is === "array") return comparable(left, right.of) ? bool : undefined;
      return right.is === "map" && (isText(left) || left.is === "nil") ? bool : undefined;
    case "contains":
    case "startsWith":
    case "endsWith":
    case "matches":
      return both(isText) ? bool : undefined;
    case "??":
      if (left.is === "nil") return right;
      return right.is === "nil" ? left : common(left, right);
    default:
      return unreachable(operator);
  }
}

function numeric(left: Type, right: Type): Type {
  if (isAny(left) || isAny(right)) return any;
  return left.is === "float" || right.is === "float" ? float : int;
}

function inferIndex(node: Expression & { readonly is: "index" }, scope: Scope): Type {
  const of = infer(node.of, scope);
  const index = infer(node.index, scope);
  switch (of.is) {
    case "any":
      return any;
    case "map":
      if (isText(index)) return any;
      throw new ConditionError(`cannot use ${describeType(index)} to get an element from ${describeType(of)}`, node.at);
    case "array":
      if (index.is === "int" || isAny(index)) return of.of;
      throw new ConditionError(
        `array elements can only be selected using an integer (got ${describeType(index)})`,
        node.at,
      );
    case "nil":
      // An absent result says so when it runs, where the message can tell more.
      return any;
    default:
      throw new ConditionError(`type ${describeType(of)} has no field or element`, node.at);
  }
}

function inferCall(node: Expression & { readonly is: "call" }, scope: Scope): Type {
  const known = functions.get(node.name);
  if (known === undefined) throw new ConditionError(`unknown name ${node.name}`, node.at);
  const [first, ...rest] = node.inputs;
  const types: Type[] = [];
  if (first !== undefined) types.push(infer(first, scope));
  const list = types[0];
  const item: Type = list?.is === "array" ? list.of : any;
  for (const input of rest) types.push(infer(input, input.is === "closure" ? { ...scope, item } : scope));
  if (node.inputs.length < known.least) throw new ConditionError(`not enough arguments to call ${node.name}`, node.at);
  if (node.inputs.length > known.most) throw new ConditionError(`too many arguments to call ${node.name}`, node.at);
  const fault = known.check(types, node.name);
  if (typeof fault === "string") throw new ConditionError(fault, node.at);
  return fault;
}

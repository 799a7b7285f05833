import {
  any,
  arrayOf,
  bool,
  describeType,
  float,
  int,
  isAny,
  isBool,
  isList,
  isNumeric,
  isText,
  string,
  type Type,
} from "./types.ts";
import { isArray, isMap, isNumber, typeName, type Value } from "./values.ts";

/** What a running call may use beside its inputs. */
interface CallContext {
  /** The provider's result: `isNil` and `default` test it, whatever they are given. */
  readonly result: Value;
  /** The closure on one item. */
  each(item: Value, index: number): Value;
  readonly hasClosure: boolean;
  fail(message: string): never;
}

export interface ConditionFunction {
  readonly least: number;
  readonly most: number;
  /** The type that a call has, or what is wrong with it. */
  check(inputs: readonly Type[], name: string): Type | string;
  run(inputs: readonly Value[], context: CallContext): Value;
}

const badInput = (name: string, type: Type): string => `invalid argument for ${name} (type ${describeType(type)})`;

/** Signature of a function whose first input must fit. */
function taking(fits: (type: Type) => boolean, gives: (inputs: readonly Type[]) => Type): ConditionFunction["check"] {
  return (inputs, name) => {
    const [first = any] = inputs;
    return fits(first) ? gives(inputs) : badInput(name, first);
  };
}

function overItems(
  gives: (inputs: readonly Type[]) => Type,
  run: (items: readonly Value[], context: CallContext, test: (item: Value, index: number) => boolean) => Value,
  closure: "predicate" | "any" = "predicate",
  least = 2,
): ConditionFunction {
  return {
    least,
    most: 2,
    check(inputs, name) {
      const [list = any, body] = inputs;
      if (!isList(list)) return `builtin ${name} takes only array (got ${describeType(list)})`;
      if (closure === "predicate" && body !== undefined && !isBool(body)) {
        return `predicate should return boolean (got ${describeType(body)})`;
      }
      return gives(inputs);
    },
    run([list = null], context) {
      if (!isArray(list)) return context.fail(`cannot iterate over ${typeName(list)}`);
      const test = (item: Value, index: number): boolean => {
        const answer = context.each(item, index);
        if (typeof answer === "boolean") return answer;
        return context.fail(`predicate should return boolean (got ${typeName(answer)})`);
      };
      return run(list, context, test);
    },
  };
}

function aggregate(run: (values: readonly number[], context: CallContext) => number): ConditionFunction {
  return {
    least: 1,
    most: 255,
    check: (inputs, name) => {
      const wrong = inputs.find((type) => !isNumeric(type) && !isList(type));
      return wrong === undefined ? any : badInput(name, wrong);
    },
    run(inputs, context) {
      const values = inputs.flatMap((input) => (isArray(input) ? input : [input]));
      const isWhole = values.length > 0 && values.every((value) => typeof value === "bigint");
      const numbers = values.map((value) =>
        isNumber(value) ? Number(value) : context.fail(`invalid argument (type ${typeName(value)})`),
      );
      const answer = run(numbers, context);
      return isWhole && Number.isInteger(answer) ? BigInt(answer) : answer;
    },
  };
}

const onFloat = (run: (value: number) => Value, gives: Type): ConditionFunction => ({
  least: 1,
  most: 1,
  check: taking(isNumeric, () => gives),
  run([value = null], context) {
    if (!isNumber(value)) return context.fail(`invalid argument (type ${typeName(value)})`);
    return run(Number(value));
  },
});

/** `isNaN` and `isInf` are Go functions of a float64: an int is refused. */
const onlyFloat = (run: (value: number) => Value): ConditionFunction => ({
  least: 1,
  most: 1,
  check: (inputs, name) => {
    const [first = any] = inputs;
    if (first.is === "float" || isAny(first)) return bool;
    return `cannot use ${describeType(first)} as argument (type float64) to call ${name}`;
  },
  run([value = null], context) {
    if (typeof value !== "number") return context.fail(`reflect: Call using ${typeName(value)} as type float64`);
    return run(value);
  },
});

const onText = (run: (text: string, context: CallContext) => Value, gives: Type = string): ConditionFunction => ({
  least: 1,
  most: 1,
  check: taking(isText, () => gives),
  run([text = null], context) {
    return typeof text === "string" ? run(text, context) : context.fail(`invalid argument (type ${typeName(text)})`);
  },
});

const onTexts = (run: (text: string, part: string) => Value, gives: Type): ConditionFunction => ({
  least: 2,
  most: 2,
  check: taking(isText, () => gives),
  run([text = null, part = null], context) {
    if (typeof text !== "string" || typeof part !== "string") {
      return context.fail(`invalid arguments (types ${typeName(text)} and ${typeName(part)})`);
    }
    return run(text, part);
  },
});

function toInt(value: Value, context: CallContext, name: string): bigint {
  switch (typeof value) {
    case "bigint":
      return value;
    case "number":
      if (!Number.isFinite(value)) return -(2n ** 63n);
      return BigInt.asIntN(64, BigInt(Math.trunc(value)));
    case "string":
      if (/^[+-]?\d+$/.test(value)) return BigInt(value);
      return context.fail(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    default:
      return context.fail(`${name}() not supported on ${typeName(value)} ${JSON.stringify(value)}`);
  }
}

function toFloat(value: Value, context: CallContext, name: string): number {
  switch (typeof value) {
    case "bigint":
      return Number(value);
    case "number":
      return value;
    case "string":
      return (
        parseFloat64(value) ?? context.fail(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`)
      );
    default:
      return context.fail(`${name}() not supported on ${typeName(value)} ${JSON.stringify(value)}`);
  }
}

/** Go's strconv.ParseFloat, decimal part. */
function parseFloat64(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  const infinite = /^([+-]?)inf(inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return undefined;
}

const converting = (
  gives: Type,
  run: (value: Value, context: CallContext, name: string) => Value,
  name: string,
): ConditionFunction => ({
  least: 1,
  most: 1,
  check: () => gives,
  run: ([value = null], context) => run(value, context, name),
});

const sizeOf: ConditionFunction = {
  least: 1,
  most: 1,
  check: (inputs) => {
    const [first = any] = inputs;
    if (["array", "map", "string", "any", "nil"].includes(first.is)) return int;
    return `invalid argument for len (type ${describeType(first)})`;
  },
  run([value = null], context) {
    if (isArray(value)) return BigInt(value.length);
    if (typeof value === "string") return BigInt([...value].length);
    if (isMap(value)) return BigInt(Object.keys(value).length);
    return context.fail(`invalid argument for len (type ${typeName(value)})`);
  },
};

/**
 * The original's own functions (isNaN, asInt, default, …: argo-rollouts utils/evaluate/evaluate.go) and expr-lang's
 * (https://expr-lang.org/docs/language-definition). One not listed here is refused as an unknown name.
 */
export const functions: ReadonlyMap<string, ConditionFunction> = new Map<string, ConditionFunction>([
  ["asInt", converting(int, toInt, "asInt")],
  ["asFloat", converting(float, toFloat, "asFloat")],
  ["isNaN", onlyFloat(Number.isNaN)],
  ["isInf", onlyFloat((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)],
  ["isNil", { least: 1, most: 1, check: () => bool, run: (_inputs, { result }) => result === null }],
  [
    "default",
    {
      least: 2,
      most: 2,
      check: () => any,
      run: ([, otherwise = null], { result }) => (result === null ? otherwise : result),
    },
  ],
  ["len", sizeOf],
  [
    "all",
    overItems(
      () => bool,
      (items, _context, test) => items.every(test),
    ),
  ],
  [
    "any",
    overItems(
      () => bool,
      (items, _context, test) => items.some(test),
    ),
  ],
  [
    "none",
    overItems(
      () => bool,
      (items, _context, test) => !items.some(test),
    ),
  ],
  [
    "one",
    overItems(
      () => bool,
      (items, _context, test) => items.filter(test).length === 1,
    ),
  ],
  [
    "filter",
    overItems(
      ([list = any]) => list,
      (items, _context, test) => items.filter(test),
    ),
  ],
  [
    "map",
    overItems(
      ([, body = any]) => arrayOf(body),
      (items, context) => items.map((item, index) => context.each(item, index)),
      "any",
    ),
  ],
  [
    "count",
    overItems(
      () => int,
      (items, { hasClosure }, test) =>
        BigInt(hasClosure ? items.filter(test).length : items.filter((item) => item === true).length),
      "predicate",
      1,
    ),
  ],
  [
    "find",
    overItems(
      () => any,
      (items, _context, test) => items.find(test) ?? null,
    ),
  ],
  [
    "findIndex",
    overItems(
      () => int,
      (items, _context, test) => BigInt(items.findIndex(test)),
    ),
  ],
  [
    "sum",
    overItems(
      () => any,
      (items, context) => {
        const values = context.hasClosure ? items.map((item, index) => context.each(item, index)) : items;
        let whole = 0n;
        let total = 0;
        let isWhole = true;
        for (const value of values) {
          if (!isNumber(value)) return context.fail(`invalid operation: int + ${typeName(value)}`);
          isWhole &&= typeof value === "bigint";
          if (typeof value === "bigint") whole += value;
          total += Number(value);
        }
        return isWhole ? whole : total;
      },
      "any",
      1,
    ),
  ],
  ["abs", onFloat(Math.abs, any)],
  ["ceil", onFloat(Math.ceil, float)],
  ["floor", onFloat(Math.floor, float)],
  ["round", onFloat((value) => Math.sign(value) * Math.round(Math.abs(value)), float)],
  ["int", converting(int, toInt, "int")],
  ["float", converting(float, toFloat, "float")],
  ["string", converting(string, (value) => (typeof value === "string" ? value : textOf(value)), "string")],
  ["type", converting(string, kindName, "type")],
  [
    "max",
    aggregate((values, context) =>
      values.length === 0 ? context.fail("not enough arguments to call max") : Math.max(...values),
    ),
  ],
  [
    "min",
    aggregate((values, context) =>
      values.length === 0 ? context.fail("not enough arguments to call min") : Math.min(...values),
    ),
  ],
  ["mean", aggregate((values) => (values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length))],
  ["median", aggregate(median)],
  ["first", onList((items) => items[0] ?? null)],
  ["last", onList((items) => items.at(-1) ?? null)],
  ["reverse", onList((items) => items.toReversed())],
  ["trim", onText((text) => text.trim())],
  ["upper", onText((text) => text.toUpperCase())],
  ["lower", onText((text) => text.toLowerCase())],
  ["hasPrefix", onTexts((text, part) => text.startsWith(part), bool)],
  ["hasSuffix", onTexts((text, part) => text.endsWith(part), bool)],
  ["indexOf", onTexts((text, part) => BigInt(text.indexOf(part)), int)],
  ["split", onTexts((text, part) => text.split(part), arrayOf(string))],
  ["keys", onMap((map) => Object.keys(map))],
  ["values", onMap((map) => Object.values(map))],
]);

function onList(run: (items: readonly Value[]) => Value): ConditionFunction {
  return {
    least: 1,
    most: 1,
    check: taking(isList, () => any),
    run([list = null], context) {
      return isArray(list) ? run(list) : context.fail(`cannot iterate over ${typeName(list)}`);
    },
  };
}

function onMap(run: (map: { readonly [key: string]: Value }) => Value): ConditionFunction {
  return {
    least: 1,
    most: 1,
    check: taking(
      (type) => type.is === "map" || isAny(type),
      () => arrayOf(any),
    ),
    run([map = null], context) {
      return isMap(map) ? run(map) : context.fail(`cannot get keys from ${typeName(map)}`);
    },
  };
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function kindName(value: Value): string {
  if (value === null) return "nil";
  if (isArray(value)) return "array";
  if (isMap(value)) return "map";
  return { boolean: "bool", bigint: "int", number: "float", string: "string" }[
    typeof value as "boolean" | "bigint" | "number" | "string"
  ];
}

/** Go's fmt.Sprint of a plain value. */
function textOf(value: Value): string {
  if (value === null) return "<nil>";
  if (isArray(value)) return `[${value.map(textOf).join(" ")}]`;
  if (isMap(value))
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${textOf(value[key] ?? null)}`)
      .join(" ")}]`;
  if (typeof value === "number") return goFloat(value);
  return String(value);
}

/** Go's shortest `%v` of a float64. */
function goFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e21)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return String(value);
}

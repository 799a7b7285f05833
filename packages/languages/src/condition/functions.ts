import { kindName, textOf, toFloat, toInt } from "./conversions.ts";
import {
  aggregate,
  type ConditionFunction,
  converting,
  onFloat,
  onList,
  onlyFloat,
  onMap,
  onText,
  onTexts,
  overItems,
} from "./signatures.ts";
import { any, arrayOf, bool, describeType, float, int, string } from "./types.ts";
import { isArray, isMap, isNumber, typeName } from "./values.ts";

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

function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

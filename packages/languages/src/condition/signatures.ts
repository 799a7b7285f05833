import {
  any,
  arrayOf,
  bool,
  describeType,
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
export interface CallContext {
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

export function overItems(
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

export function aggregate(run: (values: readonly number[], context: CallContext) => number): ConditionFunction {
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

export const onFloat = (run: (value: number) => Value, gives: Type): ConditionFunction => ({
  least: 1,
  most: 1,
  check: taking(isNumeric, () => gives),
  run([value = null], context) {
    if (!isNumber(value)) return context.fail(`invalid argument (type ${typeName(value)})`);
    return run(Number(value));
  },
});

/** `isNaN` and `isInf` are Go functions of a float64: an int is refused. */
export const onlyFloat = (run: (value: number) => Value): ConditionFunction => ({
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

export const onText = (
  run: (text: string, context: CallContext) => Value,
  gives: Type = string,
): ConditionFunction => ({
  least: 1,
  most: 1,
  check: taking(isText, () => gives),
  run([text = null], context) {
    return typeof text === "string" ? run(text, context) : context.fail(`invalid argument (type ${typeName(text)})`);
  },
});

export const onTexts = (run: (text: string, part: string) => Value, gives: Type): ConditionFunction => ({
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

export const converting = (
  gives: Type,
  run: (value: Value, context: CallContext, name: string) => Value,
  name: string,
): ConditionFunction => ({
  least: 1,
  most: 1,
  check: () => gives,
  run: ([value = null], context) => run(value, context, name),
});

export function onList(run: (items: readonly Value[]) => Value): ConditionFunction {
  return {
    least: 1,
    most: 1,
    check: taking(isList, () => any),
    run([list = null], context) {
      return isArray(list) ? run(list) : context.fail(`cannot iterate over ${typeName(list)}`);
    },
  };
}

export function onMap(run: (map: { readonly [key: string]: Value }) => Value): ConditionFunction {
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

/** What a condition works on. bigint is the language's int, number its float64; the rest is JSON. */
export type Value = null | boolean | bigint | number | string | readonly Value[] | { readonly [key: string]: Value };

/** A provider's result as a Value: every JSON number is a float64, as in Go. Anything else is nil. */
export function asValue(found: unknown): Value {
  if (found === undefined || found === null) return null;
  switch (typeof found) {
    case "boolean":
    case "number":
    case "string":
    case "bigint":
      return found;
    case "object": {
      if (Array.isArray(found)) return found.map(asValue);
      return Object.fromEntries(Object.entries(found as object).map(([key, value]) => [key, asValue(value)]));
    }
    default:
      return null;
  }
}

export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isMap = (value: Value): value is { readonly [key: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isNumber = (value: Value): value is number | bigint =>
  typeof value === "number" || typeof value === "bigint";

/** Go's `%T`, as it stands in the original's messages. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return "float64";
    case "string":
      return "string";
    default:
      if (value === null) return "<nil>";
      if (!isArray(value)) return "map[string]interface {}";
      return value.length > 0 && value.every((item) => typeof item === "number") ? "[]float64" : "[]interface {}";
  }
}

/** Numbers compare across int and float; everything else by value, like with like. */
export function equal(a: Value, b: Value): boolean {
  if (isNumber(a) && isNumber(b)) return Number(a) === Number(b);
  if (isArray(a) && isArray(b)) return a.length === b.length && a.every((item, index) => equal(item, b[index] ?? null));
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key] ?? null, b[key] ?? null))
    );
  }
  return a === b;
}

/** int64 wraps, as Go's does. */
export const wrapped = (value: bigint): bigint => BigInt.asIntN(64, value);

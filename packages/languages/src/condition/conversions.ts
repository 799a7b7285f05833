import type { CallContext } from "./signatures.ts";
import { isArray, isMap, typeName, type Value } from "./values.ts";

/** As the original's asInt and expr's int do; what is no number fails. */
export function toInt(value: Value, context: CallContext, name: string): bigint {
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

/** As the original's asFloat and expr's float do; what is no number fails. */
export function toFloat(value: Value, context: CallContext, name: string): number {
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

/** What expr's type() calls a value. */
export function kindName(value: Value): string {
  if (value === null) return "nil";
  if (isArray(value)) return "array";
  if (isMap(value)) return "map";
  return { boolean: "bool", bigint: "int", number: "float", string: "string" }[
    typeof value as "boolean" | "bigint" | "number" | "string"
  ];
}

/** Go's fmt.Sprint of a plain value. */
export function textOf(value: Value): string {
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

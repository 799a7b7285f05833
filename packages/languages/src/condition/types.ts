import { isArray, isMap, type Value } from "./values.ts";

/** What is known of an expression before it runs. `any` is checked when it runs. */
export type Type =
  | { readonly is: "any" | "nil" | "bool" | "int" | "float" | "string" | "map" }
  | { readonly is: "array"; readonly of: Type };

export const any: Type = { is: "any" };
export const bool: Type = { is: "bool" };
export const int: Type = { is: "int" };
export const float: Type = { is: "float" };
export const string: Type = { is: "string" };
export const map: Type = { is: "map" };
export const arrayOf = (of: Type): Type => ({ is: "array", of });

export function describeType(type: Type): string {
  switch (type.is) {
    case "any":
      return "interface {}";
    case "nil":
      return "nil";
    case "float":
      return "float64";
    case "map":
      return "map[string]interface {}";
    case "array":
      return `[]${describeType(type.of)}`;
    default:
      return type.is;
  }
}

/** What Go would know of a result: a metric provider's numbers are `[]float64`, what stands inside JSON is `any`. */
export function typeOf(value: Value): Type {
  if (value === null) return { is: "nil" };
  if (isArray(value)) return arrayOf(value.every((item) => typeof item === "number") ? float : any);
  if (isMap(value)) return map;
  switch (typeof value) {
    case "boolean":
      return bool;
    case "bigint":
      return int;
    case "number":
      return float;
    default:
      return string;
  }
}

export const isAny = (type: Type): boolean => type.is === "any";
export const isNumeric = (type: Type): boolean => type.is === "int" || type.is === "float" || type.is === "any";
export const isText = (type: Type): boolean => type.is === "string" || type.is === "any";
export const isBool = (type: Type): boolean => type.is === "bool" || type.is === "any";
export const isList = (type: Type): boolean => type.is === "array" || type.is === "any";

/** Whether values of both may be compared at all. */
export function comparable(a: Type, b: Type): boolean {
  if (isAny(a) || isAny(b) || a.is === "nil" || b.is === "nil") return true;
  if (isNumeric(a) && isNumeric(b)) return true;
  if (a.is === "array" && b.is === "array") return comparable(a.of, b.of);
  return a.is === b.is;
}

export const common = (a: Type, b: Type): Type => (describeType(a) === describeType(b) ? a : any);

import type { Schema } from "../contract/schema.ts";

const shownLength = 60;

/** A value as a message shows it: short, and never a secret. */
export function show(value: unknown, schema?: Schema): string {
  if (schema?.["x-sluice-sensitive"] === true) return nameOfType(value);
  if (typeof value === "string") {
    const cut = value.length > shownLength ? `${value.slice(0, shownLength)}…` : value;
    return JSON.stringify(cut);
  }
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    if (keys.length === 0) return "an empty object";
    const shown = keys.slice(0, 3).map((key) => (key.length > 30 ? `${key.slice(0, 30)}…` : key));
    return `an object with ${shown.join(", ")}${keys.length > 3 ? ", …" : ""}`;
  }
  return value === undefined ? "nothing" : String(value);
}

export function nameOfType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "a text";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    case "undefined":
      return "nothing";
    default:
      return "an object";
  }
}

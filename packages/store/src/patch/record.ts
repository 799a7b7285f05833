import { badRequest } from "../refusals.ts";

export type JsonRecord = Readonly<Record<string, unknown>>;

export const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Assigning `__proto__` would change the object's nature instead of its fields. */
export function checkKey(key: string): string {
  if (key === "__proto__") throw badRequest('the field name "__proto__" is not allowed');
  return key;
}

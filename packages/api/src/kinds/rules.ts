import { sameJson, type Violation } from "@sluice/kernel";
import type { NameRule } from "../schema/names.ts";
import { show } from "../schema/show.ts";

/** What the kinds' own rules say. Each gives at most one violation. */
type Found = { readonly path: string; readonly found: string; readonly expected: string; readonly repair?: string };

export const invalid = (violation: Found): Violation => ({ ...violation, reason: "FieldValueInvalid" });
export const missing = (path: string, expected: string, repair?: string): Violation => ({
  path,
  found: "nothing",
  expected,
  ...(repair === undefined ? {} : { repair }),
  reason: "FieldValueRequired",
});
export const forbidden = (violation: Found): Violation => ({ ...violation, reason: "FieldValueForbidden" });
export const doubled = (path: string, value: string, where: string): Violation => ({
  path,
  found: `${show(value)} again`,
  expected: `a name that ${where} have only once`,
  reason: "FieldValueDuplicate",
});
/** Part of the format, not honoured yet. */
export const notSupported = (path: string, found: string, what: string, use: string): Violation => ({
  path,
  found,
  expected: "this to be absent",
  repair: `not supported yet: ${what}, use ${use}`,
  reason: "FieldValueForbidden",
});

export function immutable(path: string, value: unknown, old: unknown): readonly Violation[] {
  if (sameJson(value, old)) return [];
  return [
    invalid({
      path,
      found: "a change",
      expected: "the stored value: this field can't be changed",
      repair: "delete the object and create it anew",
    }),
  ];
}

export function named(rule: NameRule, path: string, name: string | undefined): readonly Violation[] {
  if (name === undefined || name === "") return [missing(path, "a name")];
  const expected = rule(name);
  return expected === undefined ? [] : [invalid({ path, found: show(name), expected })];
}

/** Which of `keys` are set. */
export const setKeys = (value: object, keys: readonly string[]): readonly string[] =>
  keys.filter((key) => (value as Record<string, unknown>)[key] !== undefined);

export function exactlyOne(path: string, value: object, keys: readonly string[], what: string): readonly Violation[] {
  const found = setKeys(value, keys);
  if (found.length === 1) return [];
  return [
    invalid({
      path,
      found: found.length === 0 ? `no ${what}` : found.join(" and "),
      expected: `exactly one of ${keys.join(", ")}`,
    }),
  ];
}

/** The first place of each value that comes again. */
export function doubles(
  names: readonly (string | undefined)[],
): readonly { readonly index: number; readonly name: string }[] {
  const seen = new Set<string>();
  const found: { index: number; name: string }[] = [];
  for (const [index, name] of names.entries()) {
    if (name === undefined) continue;
    if (seen.has(name)) found.push({ index, name });
    seen.add(name);
  }
  return found;
}

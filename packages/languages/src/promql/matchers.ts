import { RE2JS } from "re2js";
import { type Parsed, parsed, refused } from "../parsed.ts";
import type { LabelMatcher } from "./syntax.ts";

/** Says of a label's value whether it matches; a missing label has the value "". */
export type ValueTest = (value: string) => boolean;

const compiledLimit = 500;
const compiled = new Map<string, Parsed<RE2JS>>();

/** RE2 syntax, anchored at both ends, dot matches newlines: as Prometheus compiles them. Linear time. */
export function compileRegex(source: string): Parsed<RE2JS> {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  if (compiled.size >= compiledLimit) compiled.clear();
  const fresh = compileUncached(source);
  compiled.set(source, fresh);
  return fresh;
}

function compileUncached(source: string): Parsed<RE2JS> {
  try {
    // Alone first: `a)|(b` must not become right by what is put around it.
    RE2JS.compile(source);
    return parsed(RE2JS.compile(`^(?s:${source})$`));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return refused(0, `"${source}"`, `a regular expression in RE2 syntax (${reason})`);
  }
}

/** The values of a plain alternation such as `GET|POST`: no engine is needed for those. */
export function literalAlternatives(source: string): readonly string[] | undefined {
  return /^[A-Za-z0-9_\-/: |]*$/.test(source) ? source.split("|") : undefined;
}

export function compileMatcher(matcher: LabelMatcher): Parsed<ValueTest> {
  const { operator, value } = matcher;
  if (operator === "=") return parsed((each) => each === value);
  if (operator === "!=") return parsed((each) => each !== value);
  const wanted = operator === "=~";
  const alternatives = literalAlternatives(value);
  if (alternatives !== undefined) {
    const set = new Set(alternatives);
    return parsed((each) => set.has(each) === wanted);
  }
  const regex = compileRegex(value);
  if (regex.is === "refused") return regex;
  return parsed((each) => regex.value.matches(each) === wanted);
}

/** Whether a series without the label would match. */
export function matchesEmpty(matcher: LabelMatcher): boolean {
  const test = compileMatcher(matcher);
  return test.is === "parsed" && test.value("");
}

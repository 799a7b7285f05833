/** Why a text was refused, and where. */
export interface Refusal {
  /** Offset into the text, in UTF-16 code units, from 0. */
  readonly position: number;
  readonly found: string;
  readonly expected: string;
}

export type Parsed<Value> =
  | { readonly is: "parsed"; readonly value: Value }
  | { readonly is: "refused"; readonly refusal: Refusal };

export const parsed = <Value>(value: Value): Parsed<Value> => ({ is: "parsed", value });

export const refused = (position: number, found: string, expected: string): Parsed<never> => ({
  is: "refused",
  refusal: { position, found, expected },
});

/** One line for people: `1:5: found "x", expected y`. */
export function describeRefusal(refusal: Refusal, text: string): string {
  const { line, column } = lineAndColumn(text, refusal.position);
  return `${line}:${column}: found ${refusal.found}, expected ${refusal.expected}`;
}

/** Both from 1. */
export function lineAndColumn(text: string, position: number): { line: number; column: number } {
  const before = text.slice(0, position);
  return { line: before.split("\n").length, column: position - before.lastIndexOf("\n") };
}

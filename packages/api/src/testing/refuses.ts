import { validate } from "../index.ts";
import { definitionOf, type SampleKind, sample } from "./samples.ts";

/** What is broken, where it is reported, and a word of the message. */
export type Refusal = readonly [
  kind: SampleKind,
  changes: Readonly<Record<string, unknown>>,
  path: string,
  words: string,
];

/** What is said of this path; of all, where nothing is said of it, for a person to see. */
export function saidOf(kind: SampleKind, changes: Readonly<Record<string, unknown>>, path: string): string {
  const found = validate(definitionOf(kind), sample(kind, changes));
  const own = found.filter((violation) => violation.path === path);
  return (
    own.map(({ path: _, ...rest }) => Object.values(rest).join("; ")).join("\n") || `only: ${JSON.stringify(found)}`
  );
}

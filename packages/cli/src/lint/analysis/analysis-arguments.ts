import type { AnalysisRunArgument, Argument, RolloutAnalysis } from "@sluice/api";
import type { FoundTemplate } from "./analysis-uses.ts";

/** Stands in a query where the hash of a version would: whoever asks by it tells the versions apart. */
export const versionMarker = "sluice-version-marker";

const reference = /\{\{\s*args\.([^\s}]+)\s*\}\}/g;

/** Names of the arguments that a text asks for. */
export const argumentsIn = (text: string): readonly string[] =>
  [...text.matchAll(reference)].flatMap(([, name]) => name ?? []);

/** A query as it would be asked; unknown values stay readable. */
export function filledIn(text: string, given: ReadonlyMap<string, string>): string {
  return text.replace(reference, (_, name: string) => given.get(name) ?? `args-${name}`);
}

/** The values that a Rollout's analysis gives to a template. */
export function argumentValues(
  { template }: FoundTemplate,
  analysis: RolloutAnalysis | undefined,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value } of list<Argument>(template.spec?.args)) {
    if (typeof value === "string") values.set(name, value);
  }
  for (const { name, value, valueFrom } of list<AnalysisRunArgument>(analysis?.args)) {
    if (typeof value === "string") values.set(name, value);
    else if (valueFrom?.podTemplateHashValue !== undefined) values.set(name, versionMarker);
  }
  return values;
}

/** What may have any shape as a list of objects. */
export const list = <T extends object>(value: unknown): readonly T[] =>
  Array.isArray(value) ? value.filter((item): item is T => typeof item === "object" && item !== null) : [];

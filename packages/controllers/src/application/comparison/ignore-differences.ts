import { type Resource, type ResourceIgnoreDifferences, splitApiVersion } from "@sluice/api";
import { parsePointer, readPointer, writePointer } from "./json-pointer.ts";

export type IgnoreRules = readonly ResourceIgnoreDifferences[];

/** Why rules can't be honoured, one text each. */
export function ignoreRefusals(rules: IgnoreRules): readonly string[] {
  return rules.flatMap((rule, index) => {
    const path = `spec.ignoreDifferences[${index}]`;
    const refusals: string[] = [];
    for (const field of ["jqPathExpressions", "managedFieldsManagers"] as const) {
      if ((rule[field]?.length ?? 0) > 0) refusals.push(`${path}.${field}: not supported yet, use jsonPointers`);
    }
    for (const pointer of rule.jsonPointers ?? []) {
      if (parsePointer(pointer) === undefined) {
        refusals.push(`${path}.jsonPointers: found ${pointer}, expected a JSON pointer such as /spec/replicas`);
      }
    }
    return refusals;
  });
}

/** The pointers that a resource's differences are ignored at. */
export function ignoredPointers(resource: Resource, rules: IgnoreRules): readonly (readonly string[])[] {
  const { group } = splitApiVersion(resource.apiVersion);
  return rules
    .filter(
      (rule) =>
        isMatch(rule.group ?? "", group) &&
        isMatch(rule.kind, resource.kind) &&
        (rule.name ?? "") in { "": 0, [resource.metadata.name]: 0 } &&
        (rule.namespace ?? "") in { "": 0, [resource.metadata.namespace ?? ""]: 0 },
    )
    .flatMap((rule) => (rule.jsonPointers ?? []).map(parsePointer).filter((pointer) => pointer !== undefined));
}

const isMatch = (pattern: string, text: string): boolean => pattern === "*" || pattern === text;

/** `desired` with the live values at the ignored places: neither a difference, nor overwritten. */
export function withLiveValues<R extends Resource>(
  desired: R,
  live: Resource | undefined,
  pointers: readonly (readonly string[])[],
): R {
  if (live === undefined) return desired;
  return pointers.reduce<unknown>(
    (object, pointer) => writePointer(object, pointer, readPointer(live, pointer)),
    desired,
  ) as R;
}

import type { Resource } from "@sluice/api";
import type { Violation } from "@sluice/kernel";

/** Something in a resource that the table can't express; the rest of it is routed all the same. */
export interface RouteProblem extends Violation {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export type Report = (path: string, found: string, expected: string, repair?: string) => void;

/** A place to put the problems of one resource. */
export const reportTo =
  (problems: RouteProblem[], resource: Resource): Report =>
  (path, found, expected, repair) => {
    problems.push({
      kind: resource.kind,
      namespace: resource.metadata.namespace ?? "",
      name: resource.metadata.name,
      path,
      found,
      expected,
      ...(repair === undefined ? {} : { repair }),
    });
  };

export function refuseUnknown(value: object, known: readonly string[], path: string, report: Report): void {
  for (const field of Object.keys(value)) {
    if (known.includes(field) || (value as Record<string, unknown>)[field] === undefined) continue;
    report(path === "" ? field : `${path}.${field}`, field, known.length > 0 ? known.join(", ") : "nothing here");
  }
}

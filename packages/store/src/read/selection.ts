import {
  type KindDefinition,
  matchesFields,
  matchesRequirements,
  parseFieldSelector,
  parseLabelSelector,
  type Resource,
} from "@sluice/api";
import { badRequest } from "../refusals.ts";

type Matches = (object: Resource) => boolean;

/** What a list or watch asks for, with the parts that an index can answer set apart. */
export interface Selection {
  /** Empty for a named object of a kind without namespaces. */
  readonly namespace?: string;
  /** A field selector named one object. */
  readonly name?: string;
  /** Absent: everything in the namespace. */
  readonly matches?: Matches;
}

export interface SelectionOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Faults: BadRequest where a selector can't be read or names a field that the kind doesn't offer. */
export function selectionOf(definition: KindDefinition, options: SelectionOptions): Selection {
  const labels = parseLabelSelector(options.labelSelector ?? "");
  if ("problem" in labels) throw badRequest(labels.problem);
  const fields = parseFieldSelector(options.fieldSelector ?? "");
  if ("problem" in fields) throw badRequest(fields.problem);
  for (const { path } of fields.requirements) {
    if (path === "metadata.name" || path === "metadata.namespace") continue;
    if (!definition.selectableFields?.includes(path)) throw badRequest(`field label not supported: ${path}`);
  }
  const equalTo = (wanted: string) =>
    fields.requirements.find(({ path, operator }) => path === wanted && operator === "=")?.value;
  const name = equalTo("metadata.name");
  const namespace = definition.namespaced
    ? options.namespace || equalTo("metadata.namespace")
    : name === undefined
      ? undefined
      : "";
  const selects = labels.requirements.length > 0 || fields.requirements.length > 0;
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(selects
      ? {
          matches: (object) =>
            matchesFields(fields.requirements, object) &&
            matchesRequirements(labels.requirements, object.metadata.labels),
        }
      : {}),
  };
}

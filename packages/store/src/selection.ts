import type { KindDefinition, Resource } from "@sluice/api";
import { badRequest } from "./refusals.ts";

export type Matches = (object: Resource) => boolean;

/** What a list or watch asks for, with the parts that an index can answer set apart. */
export interface Selection {
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
  const conditions: Matches[] = [];
  let namespace = definition.namespaced && options.namespace !== "" ? options.namespace : undefined;
  let name: string | undefined;
  if (options.labelSelector !== undefined && options.labelSelector.trim() !== "") {
    conditions.push(labelCondition(options.labelSelector));
  }
  for (const { field, equal, value } of fieldRequirements(options.fieldSelector ?? "")) {
    const known =
      field === "metadata.name" || field === "metadata.namespace" || definition.selectableFields?.includes(field);
    if (!known) throw badRequest(`field label not supported: ${field}`);
    conditions.push((object) => (fieldText(object, field) === value) === equal);
    if (equal && field === "metadata.name") name = value;
    if (equal && field === "metadata.namespace" && namespace === undefined) namespace = value;
  }
  if (!definition.namespaced && name !== undefined) namespace = "";
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(conditions.length === 0 ? {} : { matches: (object) => conditions.every((matches) => matches(object)) }),
  };
}

function fieldText(object: unknown, path: string): string {
  let value = object;
  for (const part of path.split(".")) {
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value === undefined || value === null ? "" : String(value);
}

function fieldRequirements(text: string) {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => {
      const match = /^([^!=]+)(!=|==?)(.*)$/.exec(part);
      if (match === null) throw badRequest(`invalid field selector: ${part}: expected FIELD=VALUE or FIELD!=VALUE`);
      const [, field = "", operator, value = ""] = match;
      return { field: field.trim(), equal: operator !== "!=", value: value.trim() };
    });
}

// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
function labelCondition(text: string): Matches {
  const requirements: ((labels: Readonly<Record<string, string>>) => boolean)[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const set = /^([\w./-]+)\s+(in|notin)\s*\(([^)]*)\)\s*(,|$)\s*/.exec(rest);
    const equality = set ?? /^([\w./-]+)\s*(!=|==|=)\s*([\w.-]*)\s*(,|$)\s*/.exec(rest);
    const existence = equality ?? /^(!?)\s*([\w./-]+)\s*(,|$)\s*/.exec(rest);
    if (set !== null) {
      const [, key = "", operator, list = ""] = set;
      const values = new Set(list.split(",").map((value) => value.trim()));
      requirements.push((labels) => has(labels, key, values) === (operator === "in"));
    } else if (equality !== null) {
      const [, key = "", operator, value = ""] = equality;
      requirements.push((labels) => has(labels, key, new Set([value])) === (operator !== "!="));
    } else if (existence !== null) {
      const [, not, key = ""] = existence;
      requirements.push((labels) => Object.hasOwn(labels, key) === (not === ""));
    } else {
      throw badRequest(`unable to parse requirement: "${rest}" in label selector "${text}"`);
    }
    rest = rest.slice((set ?? equality ?? existence)?.[0]?.length ?? 0);
  }
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return requirements.every((holds) => holds(labels));
  };
}

function has(labels: Readonly<Record<string, string>>, key: string, values: ReadonlySet<string>): boolean {
  return Object.hasOwn(labels, key) && values.has(labels[key] ?? "");
}

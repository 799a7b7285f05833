import type { Resource } from "@sluice/api";
import { emptySet, type FieldSet, isEmpty } from "./field-set.ts";

/** So many different sets are known at a time; then all are forgotten, and become known again as they come. */
const most = 8192;
const byText = new Map<string, FieldSet>();
const known = new WeakSet<FieldSet>();

/**
 * The same object for the same set, and for the same fields in it: of 10,000 objects of a kind almost all have the same
 * fields, and without this half of the heap would say so. Sets never change, so that nobody can tell the difference.
 */
export function shared(set: FieldSet): FieldSet {
  if (known.has(set)) return set;
  const parts: Record<string, FieldSet> = {};
  for (const key in set) parts[key] = sharedPart(set[key] as FieldSet);
  return sharedPart(parts);
}

function sharedPart(set: FieldSet): FieldSet {
  if (isEmpty(set)) return emptySet;
  if (known.has(set)) return set;
  const text = JSON.stringify(set);
  const same = byText.get(text);
  if (same !== undefined) return same;
  if (byText.size >= most) byText.clear();
  byText.set(text, set);
  known.add(set);
  return set;
}

/** What was read from a disk, its sets shared with everything else. */
export function withSharedSets(object: Resource): Resource {
  const { managedFields } = object.metadata;
  if (managedFields === undefined) return object;
  const entries = managedFields.map((entry) =>
    entry.fieldsV1 === undefined ? entry : { ...entry, fieldsV1: shared(entry.fieldsV1 as FieldSet) },
  );
  return { ...object, metadata: { ...object.metadata, managedFields: entries } };
}

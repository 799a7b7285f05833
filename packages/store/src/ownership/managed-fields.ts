import { ApiFault, type KindDefinition, type ManagedFieldsEntry, type Resource, type Schema } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { isRecord } from "../patch/record.ts";
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  isEmpty,
  memberPaths,
  union,
  without,
} from "./field-set.ts";
import { shared } from "./shared-sets.ts";
import { compareFields, fieldsOf, mergeTyped, removeFields, unionOf } from "./typed-fields.ts";

/** Who writes, and how. `time` is RFC 3339. */
export interface Writer {
  readonly manager: string;
  readonly apiVersion: string;
  readonly subresource?: string;
  readonly time: string;
}

type Entries = readonly ManagedFieldsEntry[];

/** Of the fields that `after` changed the writer becomes the owner; nobody owns what is gone. */
export function entriesAfterUpdate(
  definition: KindDefinition,
  before: Resource | undefined,
  after: Resource,
  entries: Entries,
  writer: Writer,
): Entries {
  const schema = objectSchema(definition);
  const { changed: allChanged, removed } = compareFields(schema, before ?? {}, after);
  const changed = withoutIdentity(allChanged);
  if (isEmpty(changed) && isEmpty(removed)) return entries;
  const lost = union(changed, removed);
  let found = false;
  const next = entries.map((entry) => {
    if (isOf(entry, writer, "Update")) {
      found = true;
      return entryOf(writer, "Update", union(difference(setOf(entry), removed), changed));
    }
    return withSet(entry, difference(setOf(entry), lost));
  });
  if (!found) next.push(entryOf(writer, "Update", changed));
  return sorted(withoutAncient(next));
}

export interface Applied {
  readonly object: Resource;
  readonly entries: Entries;
}

/**
 * Server-side apply of `configuration` over `live`, absent for a create. What the manager applied before and no
 * longer does is removed, unless another manager holds it.
 * Faults: Conflict, a violation for each field that another manager holds with another value, unless `force`.
 */
export function applyConfiguration(
  definition: KindDefinition,
  live: Resource | undefined,
  configuration: Resource,
  writer: Writer,
  force: boolean,
): Applied {
  const schema = objectSchema(definition);
  const wanted = withoutNulls(configuration) as Resource;
  const set = withoutIdentity(fieldsOf(schema, wanted));
  const entry = entryOf(writer, "Apply", set);
  if (live === undefined) return { object: wanted, entries: [entry] };
  const entries = adoptClientSideApply(live.metadata.managedFields ?? [], writer);
  const previous = entries.find((candidate) => isOf(candidate, writer, "Apply"));
  const others = entries.filter((candidate) => candidate !== previous);
  const merged = mergeTyped(schema, live, wanted);
  const kept = unionOf([set, ...others.map(setOf)]);
  const object = previous === undefined ? merged : removeFields(schema, merged, withoutIdentity(setOf(previous)), kept);
  const { changed, removed } = compareFields(schema, live, object);
  const taken = withoutIdentity(changed);
  if (!force) refuseConflicts(others, taken);
  const lost = union(taken, removed);
  const unchanged = previous !== undefined && isEmpty(lost) && sameJson(previous.fieldsV1, set);
  const left = others.map((other) => withSet(other, difference(setOf(other), lost)));
  return { object: object as Resource, entries: sorted([...left, unchanged ? previous : entry]) };
}

function refuseConflicts(others: Entries, taken: FieldSet): void {
  const conflicts = others.flatMap((other) =>
    memberPaths(intersection(setOf(other), taken)).map((path) => ({
      path,
      manager: `"${other.manager}"${other.subresource === undefined ? "" : ` with subresource "${other.subresource}"`} using ${other.apiVersion}`,
    })),
  );
  if (conflicts.length === 0) return;
  const managers = [...new Set(conflicts.map(({ manager }) => manager))];
  const count = conflicts.length === 1 ? "1 conflict" : `${conflicts.length} conflicts`;
  const texts = managers.map((manager) => {
    const paths = conflicts.filter((conflict) => conflict.manager === manager).map(({ path }) => path);
    return paths.length === 1
      ? `conflict with ${manager}: ${paths[0]}`
      : `conflicts with ${manager}:\n${paths.map((path) => `- ${path}`).join("\n")}`;
  });
  throw new ApiFault("Conflict", `Apply failed with ${count}: ${texts.join("\n")}`, {
    violations: conflicts.map(({ path, manager }) => ({
      path,
      found: `conflict with ${manager}`,
      expected: "a field that no other manager holds with another value",
      repair: "leave the field out, set the other manager's value, or apply with force",
      reason: "FieldManagerConflict",
    })),
  });
}

/**
 * What `kubectl apply` wrote before it became `kubectl apply --server-side` is this manager's from now on; else it
 * could never remove those fields. https://github.com/kubernetes/client-go/tree/master/util/csaupgrade
 */
function adoptClientSideApply(entries: Entries, writer: Writer): Entries {
  const clientSide = entries.find(
    ({ manager, operation }) => manager === "kubectl-client-side-apply" && operation === "Update",
  );
  if (clientSide === undefined || writer.manager !== "kubectl") return entries;
  const own = entries.find((entry) => isOf(entry, writer, "Apply"));
  const set = union(own === undefined ? emptySet : setOf(own), setOf(clientSide));
  return [...entries.filter((entry) => entry !== clientSide && entry !== own), entryOf(writer, "Apply", set)];
}

const setOf = ({ fieldsV1 }: ManagedFieldsEntry): FieldSet => fieldsV1 as FieldSet;

const withSet = (entry: ManagedFieldsEntry, fieldsV1: FieldSet): ManagedFieldsEntry =>
  sameJson(entry.fieldsV1, fieldsV1) ? entry : { ...entry, fieldsV1: shared(fieldsV1) };

const isOf = (entry: ManagedFieldsEntry, writer: Writer, operation: "Apply" | "Update"): boolean =>
  entry.manager === writer.manager && entry.operation === operation && entry.subresource === writer.subresource;

const entryOf = (writer: Writer, operation: "Apply" | "Update", fieldsV1: FieldSet): ManagedFieldsEntry => ({
  manager: writer.manager,
  operation,
  apiVersion: writer.apiVersion,
  time: writer.time,
  fieldsType: "FieldsV1",
  fieldsV1: shared(fieldsV1),
  ...(writer.subresource === undefined ? {} : { subresource: writer.subresource }),
});

function sorted(entries: Entries): Entries {
  const rank = ({ operation, time, manager, subresource }: ManagedFieldsEntry) =>
    `${operation} ${time ?? ""} ${manager} ${subresource ?? ""}`;
  return entries
    .filter(({ fieldsV1 }) => !isEmpty(fieldsV1 as FieldSet))
    .toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

const updatersMost = 10;

/** Only the latest writers are told apart, or an object that many touch would grow without end. */
function withoutAncient(entries: Entries): Entries {
  const updaters = entries.filter(({ operation }) => operation === "Update");
  if (updaters.length <= updatersMost) return entries;
  const time = (entry: ManagedFieldsEntry) => entry.time ?? "";
  const oldest = updaters.toSorted((a, b) => (time(a) < time(b) ? -1 : 1)).slice(0, updaters.length - updatersMost + 1);
  const [first] = oldest;
  if (first === undefined) return entries;
  const ancient = { ...first, manager: "ancient-changes", fieldsV1: unionOf(oldest.map(setOf)) };
  return [...entries.filter((entry) => !oldest.includes(entry)), ancient];
}

/** What identifies an object, and what only the store writes, is nobody's. */
function withoutIdentity(set: FieldSet): FieldSet {
  const { "f:apiVersion": _1, "f:kind": _2, "f:metadata": metadata, ...rest } = set;
  if (metadata === undefined) return rest;
  const kept = without(metadata, ...systemFields);
  return isEmpty(kept) ? rest : { ...rest, "f:metadata": kept };
}

const systemFields = [
  "name",
  "namespace",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "managedFields",
  "selfLink",
].map((name) => [`f:${name}`]);

const metadataSchema: Schema = {
  type: "object",
  properties: {
    name: { type: "string" },
    generateName: { type: "string" },
    namespace: { type: "string" },
    labels: { type: "object", additionalProperties: { type: "string" } },
    annotations: { type: "object", additionalProperties: { type: "string" } },
    finalizers: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    ownerReferences: {
      type: "array",
      items: { type: "object", "x-kubernetes-map-type": "atomic" },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["uid"],
    },
    managedFields: { type: "array" },
  },
};

const objectSchemas = new WeakMap<KindDefinition, Schema>();

function objectSchema(definition: KindDefinition): Schema {
  const known = objectSchemas.get(definition);
  if (known !== undefined) return known;
  const { schema } = definition;
  const complete = { ...schema, properties: { ...schema.properties, metadata: metadataSchema } };
  objectSchemas.set(definition, complete);
  return complete;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null && inner !== undefined)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}

/** Faults: BadRequest where a client sends managedFields that can't be read. */
export function checkEntries(entries: unknown): Entries {
  const isSet = (set: unknown): boolean => isRecord(set) && Object.values(set).every(isSet);
  const isEntry = (entry: unknown) =>
    isRecord(entry) && typeof entry.manager === "string" && (entry.fieldsV1 === undefined || isSet(entry.fieldsV1));
  if (Array.isArray(entries) && entries.every(isEntry)) return entries.filter((entry) => entry.fieldsV1 !== undefined);
  throw new ApiFault("Invalid", "metadata.managedFields can't be read: expected entries with manager and fieldsV1", {
    violations: [
      { path: "metadata.managedFields", found: "another shape", expected: "entries with manager and fieldsV1" },
    ],
  });
}

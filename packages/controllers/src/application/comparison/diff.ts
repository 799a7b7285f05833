import {
  applyDefaults,
  type KindDefinition,
  type ManagedFieldsEntry,
  quantityValue,
  type Resource,
  type Schema,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { applicationFieldManager } from "../names.ts";

/** One difference. `live` absent: it would be added; `desired` absent: it would go. Values of Secrets are masked. */
export interface FieldChange {
  /** e.g. `spec.template.spec.containers[name=web].image` */
  readonly path: string;
  readonly live?: unknown;
  readonly desired?: unknown;
}

/**
 * What applying `desired` would change in `live`: fields of git that differ, and fields that git once asked for
 * (managedFields of ours) and no longer does. What others added or defaulted is no difference.
 * Lists merge as the kind's schema says; an atomic one is replaced as a whole, so there everything counts but defaults.
 */
export function diffResource(
  desired: Resource,
  live: Resource | undefined,
  definition: KindDefinition | undefined,
): readonly FieldChange[] {
  if (live === undefined) return [{ path: "", desired: masked(desired, desired) }];
  const changes: FieldChange[] = [];
  const schema = definition?.schema ?? {};
  const full = definition === undefined ? desired : applyDefaults(definition, desired);
  for (const key of Object.keys(desired)) {
    if (key === "apiVersion" || key === "kind" || key === "status") continue;
    compare(pick(desired, key), pick(full, key), pick(live, key), schema.properties?.[key], key, changes);
  }
  const entry = live.metadata.managedFields?.find(
    ({ manager, operation, subresource }) =>
      manager === applicationFieldManager && operation === "Apply" && subresource === undefined,
  );
  if (entry !== undefined) findDropped(entry.fieldsV1, desired, live, schema, "", changes);
  return desired.kind === "Secret" && desired.apiVersion === "v1" ? changes.map(maskChange) : changes;
}

const pick = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;

/** `full` is `desired` with its defaults. */
function compare(
  desired: unknown,
  full: unknown,
  live: unknown,
  schema: Schema | undefined,
  path: string,
  changes: FieldChange[],
): void {
  if (desired === undefined || desired === null || desired === live) return;
  if (Array.isArray(desired)) {
    compareLists(desired, Array.isArray(full) ? full : desired, live, schema, path, changes);
    return;
  }
  if (typeof desired === "object") {
    if (live === undefined && isNothing(desired, schema, path)) return;
    if (typeof live !== "object" || live === null || Array.isArray(live)) {
      changes.push({ path, desired, ...(live === undefined ? {} : { live }) });
      return;
    }
    if (schema?.["x-kubernetes-map-type"] === "atomic") {
      compareExactly(full, live, schema, path, changes);
      return;
    }
    for (const key of Object.keys(desired)) {
      compare(
        pick(desired, key),
        pick(full, key),
        pick(live, key),
        childSchema(schema, key),
        joined(path, key),
        changes,
      );
    }
    return;
  }
  if (!sameScalar(desired, live, path)) changes.push({ path, desired, ...(live === undefined ? {} : { live }) });
}

/** An empty list or map is as good as none; an empty object may mean something: `emptyDir: {}`, `pause: {}`. */
function isNothing(value: unknown, schema: Schema | undefined, path: string): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object") return false;
  const isMetadata = /(^|\.)metadata$/.test(path);
  const isMap = isMetadata || schema?.additionalProperties !== undefined || /(^|\.)(labels|annotations)$/.test(path);
  return (
    isMap && Object.entries(value).every(([key, item]) => isNothing(item, childSchema(schema, key), joined(path, key)))
  );
}

function compareLists(
  desired: readonly unknown[],
  full: readonly unknown[],
  live: unknown,
  schema: Schema | undefined,
  path: string,
  changes: FieldChange[],
): void {
  if (!Array.isArray(live)) {
    if (desired.length > 0) changes.push({ path, desired, ...(live === undefined ? {} : { live }) });
    return;
  }
  const items = schema?.items;
  const keys = schema?.["x-kubernetes-list-type"] === "map" ? (schema["x-kubernetes-list-map-keys"] ?? []) : [];
  if (keys.length > 0) {
    for (const [index, item] of desired.entries()) {
      const found = live.find((other) => sameKeys(item, other, keys, items));
      const key = keys.map((name) => `${name}=${String(pick(item, name) ?? "")}`).join(",");
      if (found === undefined) changes.push({ path: `${path}[${key}]`, desired: item });
      else compare(item, full[index], found, items, `${path}[${key}]`, changes);
    }
    return;
  }
  if (schema?.["x-kubernetes-list-type"] === "set") {
    const missing = desired.filter((item) => !live.some((other) => sameJson(item, other)));
    if (missing.length > 0) changes.push({ path, desired, live });
    return;
  }
  compareExactly(full, live, schema, path, changes);
}

/** Inside an atomic list or map what git doesn't say is gone, once it is applied. */
function compareExactly(
  full: unknown,
  live: unknown,
  schema: Schema | undefined,
  path: string,
  changes: FieldChange[],
): void {
  if (full === live || (isNothing(full, schema, path) && isNothing(live, schema, path))) return;
  if (Array.isArray(full) && Array.isArray(live) && full.length === live.length) {
    for (const [index, item] of full.entries())
      compareExactly(item, live[index], schema?.items, `${path}[${index}]`, changes);
    return;
  }
  const areObjects = [full, live].every(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  );
  if (areObjects) {
    for (const key of new Set([...Object.keys(full as object), ...Object.keys(live as object)])) {
      compareExactly(pick(full, key), pick(live, key), childSchema(schema, key), joined(path, key), changes);
    }
    return;
  }
  if (typeof full !== "object" && typeof live !== "object" && full !== undefined && sameScalar(full, live, path))
    return;
  changes.push({ path, ...(full === undefined ? {} : { desired: full }), ...(live === undefined ? {} : { live }) });
}

/** A key that isn't written counts as its default: a container port's protocol. */
function sameKeys(item: unknown, other: unknown, keys: readonly string[], schema: Schema | undefined): boolean {
  return keys.every((key) => {
    const fallback = schema?.properties?.[key]?.default;
    return (pick(item, key) ?? fallback) === (pick(other, key) ?? fallback);
  });
}

/** `1000m` is `1`, and a port written as text is a port, where Kubernetes takes both. */
function sameScalar(desired: unknown, live: unknown, path: string): boolean {
  if (desired === live) return true;
  if (live === undefined || live === null) return desired === "";
  if (!/(^|\.)(resources|limits|requests|capacity|hard|sizeLimit)(\.|$)/.test(path)) return false;
  const isAmount = (value: unknown): value is string | number => typeof value === "string" || typeof value === "number";
  if (!isAmount(desired) || !isAmount(live)) return false;
  const [a, b] = [quantityValue(desired), quantityValue(live)];
  return a !== undefined && a === b;
}

function childSchema(schema: Schema | undefined, key: string): Schema | undefined {
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** Fields that we own live and no longer ask for. https://kubernetes.io/docs/reference/using-api/server-side-apply/ */
function findDropped(
  fields: ManagedFieldsEntry["fieldsV1"],
  desired: unknown,
  live: unknown,
  schema: Schema | undefined,
  path: string,
  changes: FieldChange[],
): void {
  for (const [name, below] of Object.entries(fields)) {
    const found = step(name, desired, live, schema, path);
    if (found === undefined || found.live === undefined) continue;
    if (found.desired === undefined || found.desired === null) changes.push({ path: found.path, live: found.live });
    else
      findDropped(
        below as ManagedFieldsEntry["fieldsV1"],
        found.desired,
        found.live,
        found.schema,
        found.path,
        changes,
      );
  }
}

function step(name: string, desired: unknown, live: unknown, schema: Schema | undefined, path: string) {
  const kind = name.slice(0, 2);
  const rest = name.slice(2);
  if (kind === "f:") {
    if (path === "" && (rest === "status" || rest === "apiVersion" || rest === "kind")) return undefined;
    const [wanted, known] = [fieldOf(desired, rest), fieldOf(live, rest)];
    return { desired: wanted, live: known, schema: childSchema(schema, rest), path: joined(path, rest) };
  }
  if (!Array.isArray(live) || !Array.isArray(desired)) return undefined;
  if (kind === "k:") {
    const keys = JSON.parse(rest) as Readonly<Record<string, unknown>>;
    const names = Object.keys(keys);
    const found = (list: readonly unknown[]) => list.find((item) => sameKeys(keys, item, names, schema?.items));
    const key = names.map((key) => `${key}=${String(keys[key])}`).join(",");
    return { desired: found(desired), live: found(live), schema: schema?.items, path: `${path}[${key}]` };
  }
  if (kind === "v:") {
    const value: unknown = JSON.parse(rest);
    const found = (list: readonly unknown[]) => list.find((item) => sameJson(item, value));
    return { desired: found(desired), live: found(live), schema: undefined, path: `${path}[${String(value)}]` };
  }
  return undefined;
}

const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key) ? pick(value, key) : undefined;

const joined = (path: string, key: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) return `${path}[${key}]`;
  return path === "" ? key : `${path}.${key}`;
};

const maskedText = "++++++++";

const maskChange = (change: FieldChange): FieldChange => {
  if (!/^(data|stringData)(\.|\[|$)/.test(change.path)) return change;
  return {
    path: change.path,
    ...(change.live === undefined ? {} : { live: mask(change.live) }),
    // Two masks that look alike would hide that something differs.
    ...(change.desired === undefined ? {} : { desired: mask(change.desired, change.live === undefined ? "" : "+") }),
  };
};

const mask = (value: unknown, more = ""): unknown =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(Object.keys(value).map((key) => [key, maskedText + more]))
    : maskedText + more;

function masked(resource: Resource, whole: Resource): Resource {
  if (whole.kind !== "Secret" || whole.apiVersion !== "v1") return resource;
  const { data, stringData } = resource as Resource & { readonly data?: object; readonly stringData?: object };
  return {
    ...resource,
    ...(data === undefined ? {} : { data: mask(data) }),
    ...(stringData === undefined ? {} : { stringData: mask(stringData) }),
  } as Resource;
}

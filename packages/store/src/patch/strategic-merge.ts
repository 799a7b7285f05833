import type { Schema } from "@sluice/api";
import { canonicalJson } from "@sluice/kernel";
import { badRequest } from "../refusals.ts";
import { mergedOrder } from "./merged-order.ts";
import { checkKey, isRecord, type JsonRecord } from "./record.ts";

const orderDirective = "$setElementOrder/";
const deleteDirective = "$deleteFromPrimitiveList/";

/**
 * Kubernetes' strategic merge patch: lists with a merge key in the schema merge by it, directives as in
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 * Neither input is changed. Faults: BadRequest for a directive that can't be read.
 */
export function strategicMerge(schema: Schema | undefined, target: unknown, patch: unknown, path = ""): unknown {
  if (!isRecord(patch)) return patch;
  return mergeRecords(schema, isRecord(target) ? target : {}, patch, path);
}

function mergeRecords(schema: Schema | undefined, target: JsonRecord, patch: JsonRecord, path: string): JsonRecord {
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === "delete") return {};
  const replacing = directive === "replace";
  if (directive !== undefined && !replacing && directive !== "merge") {
    throw badRequest(
      `unknown $patch directive at ${path || "the top"}: found ${JSON.stringify(directive)}, expected merge, replace or delete`,
    );
  }
  const merged: Record<string, unknown> = replacing ? {} : { ...target };
  if (retained !== undefined) {
    const keys = new Set(listOf(retained, `${path}.$retainKeys`));
    for (const key of Object.keys(merged)) if (!keys.has(key)) delete merged[key];
  }
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith(deleteDirective)) {
      const name = key.slice(deleteDirective.length);
      const gone = new Set(listOf(value, key).map(canonicalJson));
      const present = merged[name];
      if (Array.isArray(present)) merged[name] = present.filter((item) => !gone.has(canonicalJson(item)));
    }
  }
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith(deleteDirective) || key.startsWith(orderDirective)) continue;
    const at = path === "" ? key : `${path}.${key}`;
    const inner = fieldSchema(schema, key);
    if (value === null) delete merged[key];
    else if (isRecord(value)) {
      if (value.$patch === "delete") delete merged[key];
      else merged[checkKey(key)] = mergeRecords(inner, isRecord(merged[key]) ? merged[key] : {}, value, at);
    } else if (Array.isArray(value)) {
      const order = fields[`${orderDirective}${key}`];
      merged[checkKey(key)] = mergeLists(inner, merged[key], value, order, at);
    } else merged[checkKey(key)] = value;
  }
  for (const [key, order] of Object.entries(fields)) {
    const name = key.startsWith(orderDirective) ? key.slice(orderDirective.length) : undefined;
    if (name === undefined || fields[name] !== undefined || !Array.isArray(merged[name])) continue;
    merged[name] = mergeLists(fieldSchema(schema, name), merged[name], [], order, name);
  }
  return merged;
}

function mergeLists(
  schema: Schema | undefined,
  target: unknown,
  patch: readonly unknown[],
  order: unknown,
  path: string,
) {
  const present: readonly unknown[] = Array.isArray(target) ? target : [];
  const merges = schema?.["x-kubernetes-patch-strategy"]?.split(",").includes("merge") ?? false;
  if (!merges) return patch;
  const key = schema?.["x-kubernetes-patch-merge-key"];
  if (key === undefined) return mergeScalars(present, patch, order, path);
  const elements = patch.map((element) => {
    if (isRecord(element)) return element;
    throw badRequest(`${path}: found a ${typeof element}, expected an object with ${key}`);
  });
  const replaces = elements.some((element) => element.$patch === "replace");
  const byKey = new Map<string, unknown>();
  if (!replaces) {
    present.forEach((item, index) => {
      const id = identity(item, key);
      // Two with one key (a port for TCP and UDP): the patch means the first, the second stays.
      byKey.set(byKey.has(id) ? `${id} ${index}` : id, item);
    });
  }
  const wanted: string[] = [];
  for (const element of elements) {
    const { $patch: directive, ...fields } = element;
    if (directive === "replace" && Object.keys(fields).length === 0) continue;
    if (!Object.hasOwn(fields, key)) throw badRequest(`${path}: map does not contain declared merge key: ${key}`);
    const id = identity(fields, key);
    if (directive === "delete") byKey.delete(id);
    else {
      const old = byKey.get(id);
      byKey.set(id, mergeRecords(schema?.items, isRecord(old) ? old : {}, fields, `${path}[${id}]`));
      wanted.push(id);
    }
  }
  const keys = [...byKey.keys()];
  const explicit = order === undefined ? undefined : listOf(order, path).map((item) => identity(item, key));
  const sorted =
    explicit === undefined
      ? keys
      : mergedOrder(
          keys,
          explicit.filter((id) => byKey.has(id)),
        );
  return sorted.map((id) => byKey.get(id));
}

function mergeScalars(present: readonly unknown[], patch: readonly unknown[], order: unknown, path: string): unknown[] {
  const byText = new Map([...present, ...patch].map((item) => [canonicalJson(item), item]));
  if (order === undefined) return [...byText.values()];
  const wanted = listOf(order, path).map(canonicalJson);
  return mergedOrder(
    [...byText.keys()],
    wanted.filter((text) => byText.has(text)),
  ).map((text) => byText.get(text));
}

function fieldSchema(schema: Schema | undefined, key: string): Schema | undefined {
  const own = schema?.properties?.[key];
  if (own !== undefined) return own;
  return typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

const identity = (item: unknown, key: string): string => canonicalJson(isRecord(item) ? item[key] : undefined);

function listOf(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badRequest(`${path}: found a ${typeof value}, expected a list`);
}

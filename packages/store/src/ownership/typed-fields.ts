import type { Schema } from "@sluice/api";
import { canonicalJson, sameJson } from "@sluice/kernel";
import { mergedOrder } from "../patch/merged-order.ts";
import { isRecord, type JsonRecord } from "../patch/record.ts";
import { emptySet, type FieldSet, isEmpty, isMember, union } from "./field-set.ts";

// https://github.com/kubernetes-sigs/structured-merge-diff: which parts of a value are fields of their own.

type Shape =
  | { readonly is: "leaf" }
  | {
      readonly is: "record";
      readonly fields: (name: string) => Schema | undefined;
      readonly named: (name: string) => boolean;
    }
  | { readonly is: "items"; readonly schema: Schema | undefined; readonly element: (item: unknown) => string };

const leaf: Shape = { is: "leaf" };

function shapeOf(schema: Schema | undefined, value: unknown): Shape {
  if (isRecord(value)) {
    if (schema?.["x-kubernetes-map-type"] === "atomic") return leaf;
    const { properties, additionalProperties } = schema ?? {};
    const rest = typeof additionalProperties === "object" ? additionalProperties : undefined;
    return {
      is: "record",
      fields: (name) => (properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : rest),
      named: (name) => properties !== undefined && Object.hasOwn(properties, name),
    };
  }
  if (!Array.isArray(value)) return leaf;
  switch (schema?.["x-kubernetes-list-type"]) {
    case "set":
      return { is: "items", schema: schema.items, element: (item) => `v:${canonicalJson(item)}` };
    case "map": {
      const keys = schema["x-kubernetes-list-map-keys"] ?? [];
      return { is: "items", schema: schema.items, element: (item) => `k:${keyText(schema.items, keys, item)}` };
    }
    default:
      return leaf;
  }
}

/** An absent key counts as its default: a port without protocol is a TCP port. */
function keyText(schema: Schema | undefined, keys: readonly string[], item: unknown): string {
  const record = isRecord(item) ? item : {};
  const found: Record<string, unknown> = {};
  for (const key of keys) {
    const value = record[key] ?? schema?.properties?.[key]?.default;
    if (value !== undefined) found[key] = value;
  }
  return canonicalJson(found);
}

/** Every field that `value` sets. */
export function fieldsOf(schema: Schema | undefined, value: unknown): FieldSet {
  const shape = shapeOf(schema, value);
  if (shape.is === "leaf") return emptySet;
  const set: Record<string, FieldSet> = {};
  if (shape.is === "record") {
    for (const [name, inner] of Object.entries(value as JsonRecord)) {
      if (inner === undefined) continue;
      const node = fieldsOf(shape.fields(name), inner);
      // A map's entries count as members; a struct's fields only where nothing is below them.
      set[`f:${name}`] = shape.named(name) || isEmpty(node) ? node : { ".": emptySet, ...node };
    }
    return set;
  }
  for (const item of value as readonly unknown[]) {
    const node = fieldsOf(shape.schema, item);
    set[shape.element(item)] = isEmpty(node) ? node : { ".": emptySet, ...node };
  }
  return set;
}

export interface Comparison {
  /** Fields that are new, or have another value. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** What an update changed, field by field. */
export function compareFields(schema: Schema | undefined, before: unknown, after: unknown): Comparison {
  if (before === after) return { changed: emptySet, removed: emptySet };
  const old = shapeOf(schema, before);
  const now = shapeOf(schema, after);
  const changed: Record<string, FieldSet> = {};
  const removed: Record<string, FieldSet> = {};
  if (old.is === "leaf" || now.is === "leaf" || old.is !== now.is) return { changed, removed };
  const left = elementsOf(old, before);
  const right = elementsOf(now, after);
  for (const [element, { schema: inner, value }] of right) {
    const previous = left.get(element);
    if (previous === undefined) {
      const node = fieldsOf(inner, value);
      changed[element] =
        isEmpty(node) || (isRecord(value) && element.startsWith("f:") && !isMap(inner))
          ? node
          : { ".": emptySet, ...node };
      continue;
    }
    if (previous.value === value) continue;
    if (isLeafPair(inner, previous.value, value)) {
      if (!sameJson(previous.value, value)) changed[element] = emptySet;
      continue;
    }
    const below = compareFields(inner, previous.value, value);
    if (!isEmpty(below.changed)) changed[element] = below.changed;
    if (!isEmpty(below.removed)) removed[element] = below.removed;
  }
  for (const [element, { schema: inner, value }] of left) {
    if (right.has(element)) continue;
    const node = fieldsOf(inner, value);
    removed[element] = isEmpty(node) ? node : { ".": emptySet, ...node };
  }
  return { changed, removed };
}

const isMap = (schema: Schema | undefined): boolean => schema?.properties === undefined;

function isLeafPair(schema: Schema | undefined, before: unknown, after: unknown): boolean {
  return shapeOf(schema, before).is === "leaf" || shapeOf(schema, after).is !== shapeOf(schema, before).is;
}

function elementsOf(shape: Exclude<Shape, { is: "leaf" }>, value: unknown) {
  const elements = new Map<string, { schema: Schema | undefined; value: unknown }>();
  if (shape.is === "record") {
    for (const [name, inner] of Object.entries(value as JsonRecord)) {
      if (inner !== undefined) elements.set(`f:${name}`, { schema: shape.fields(name), value: inner });
    }
  } else {
    for (const item of value as readonly unknown[]) {
      elements.set(shape.element(item), { schema: shape.schema, value: item });
    }
  }
  return elements;
}

/** `applied` laid over `live`: records and keyed lists merge, atomic ones are replaced. */
export function mergeTyped(schema: Schema | undefined, live: unknown, applied: unknown): unknown {
  const old = shapeOf(schema, live);
  const now = shapeOf(schema, applied);
  if (old.is === "leaf" || now.is === "leaf" || old.is !== now.is) return applied;
  if (now.is === "record") {
    const merged: Record<string, unknown> = { ...(live as JsonRecord) };
    for (const [name, value] of Object.entries(applied as JsonRecord)) {
      if (value !== undefined) merged[name] = mergeTyped(now.fields(name), merged[name], value);
    }
    return merged;
  }
  const left = elementsOf(old, live);
  const right = elementsOf(now, applied);
  return mergedOrder([...left.keys()], [...right.keys()]).map((element) => {
    const wanted = right.get(element);
    const present = left.get(element);
    if (wanted === undefined) return present?.value;
    return present === undefined ? wanted.value : mergeTyped(now.schema, present.value, wanted.value);
  });
}

/** Takes out of `value` what `last` (its applier, before) holds and `kept` (everybody, now) doesn't. */
export function removeFields(schema: Schema | undefined, value: unknown, last: FieldSet, kept: FieldSet): unknown {
  const shape = shapeOf(schema, value);
  if (shape.is === "leaf") return value;
  const left: { element: string; value: unknown }[] = [];
  for (const [element, { schema: inner, value: content }] of elementsOf(shape, value)) {
    const dropped = last[element];
    const stays = kept[element];
    if (dropped === undefined) left.push({ element, value: content });
    else if (stays === undefined && isMember(dropped)) continue;
    else {
      const rest = removeFields(inner, content, dropped, stays ?? emptySet);
      if (stays !== undefined || !isHollow(rest)) left.push({ element, value: rest });
    }
  }
  if (shape.is === "items") return left.map((item) => item.value);
  return Object.fromEntries(left.map(({ element, value: content }) => [element.slice(2), content]));
}

function isHollow(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

/** The union of many. */
export const unionOf = (sets: readonly FieldSet[]): FieldSet => sets.reduce(union, emptySet);

import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../contract/kind-definition.ts";
import type { Resource } from "../contract/resource.ts";
import type { Schema } from "../contract/schema.ts";
import { checkValue } from "./check.ts";

/** The object with its kind's defaults written in; the same object where none was missing. Prune first. */
export function applyDefaults<R extends Resource>(definition: KindDefinition, object: R): R {
  const defaulted = defaultedValue(definition.schema, object) as R;
  if (definition.applyDefaults === undefined || !hasRightShape(definition.schema, defaulted)) return defaulted;
  return definition.applyDefaults(defaulted) as R;
}

/** A kind's own defaults and rules read fields by their types; `validate` reports an object of another shape. */
function hasRightShape(schema: Schema, value: unknown): boolean {
  const violations: Violation[] = [];
  checkValue(schema, value, undefined, violations);
  return violations.every(isAboutValues);
}

/** False where the violation says that the object's shape is wrong. */
export const isAboutValues = ({ reason }: Violation): boolean =>
  reason !== "FieldValueTypeInvalid" && reason !== "FieldValueRequired";

/** A value with the defaults of its schema. */
export const applyDefaultsTo = (schema: Schema, value: unknown): unknown => defaultedValue(schema, value);

type Fields = Readonly<Record<string, unknown>>;

/** Which schemas hold a default anywhere below; most subtrees don't and needn't be walked. */
const holdsDefault = new WeakMap<Schema, boolean>();

function hasDefaultBelow(schema: Schema): boolean {
  const known = holdsDefault.get(schema);
  if (known !== undefined) return known;
  holdsDefault.set(schema, false);
  const below = (child: Schema | boolean | undefined): boolean =>
    typeof child === "object" && (child.default !== undefined || hasDefaultBelow(child));
  const result =
    Object.values(schema.properties ?? {}).some(below) || below(schema.items) || below(schema.additionalProperties);
  holdsDefault.set(schema, result);
  return result;
}

function defaultedValue(schema: Schema, value: unknown): unknown {
  if (!hasDefaultBelow(schema)) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return value;
    let result: unknown[] | undefined;
    for (let index = 0; index < value.length; index++) {
      const item = defaultedValue(items, value[index]);
      if (item === value[index]) continue;
      result ??= [...value];
      result[index] = item;
    }
    return result ?? value;
  }
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Fields;
  let result: Record<string, unknown> | undefined;
  for (const name in schema.properties) {
    const field = schema.properties[name];
    if (field === undefined) continue;
    const found = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const start = found === undefined ? field.default : found;
    if (start === undefined) continue;
    const defaulted = defaultedValue(field, start);
    if (defaulted !== found) {
      result ??= { ...fields };
      result[name] = defaulted;
    }
  }
  if (typeof schema.additionalProperties === "object") {
    for (const name in fields) {
      if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) continue;
      const defaulted = defaultedValue(schema.additionalProperties, fields[name]);
      if (defaulted !== fields[name]) {
        result ??= { ...fields };
        result[name] = defaulted;
      }
    }
  }
  return result ?? value;
}

import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../contract/kind-definition.ts";
import type { Resource } from "../contract/resource.ts";
import type { Schema } from "../contract/schema.ts";
import { formatPath, type Path } from "./path.ts";
import { nameOfType, show } from "./show.ts";
import { didYouMean } from "./suggest.ts";

/**
 * The object without the fields that its kind doesn't have, and without nulls that mean "absent".
 * The same object where nothing had to go.
 */
export function prune<R extends Resource>(definition: KindDefinition, object: R): R {
  return pruned(definition.schema, object, true) as R;
}

type Fields = Readonly<Record<string, unknown>>;

/** `apiVersion`, `kind` and `metadata` are every object's, also where a CRD's schema doesn't write them. */
const ofEveryObject = new Set(["apiVersion", "kind", "metadata"]);

function pruned(schema: Schema, value: unknown, root: boolean): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return value;
    return mapKeepingIdentity(value, (item) => pruned(items, item, false));
  }
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Fields;
  const embedded = root || schema["x-kubernetes-embedded-resource"] === true;
  let result: Record<string, unknown> | undefined;
  for (const key in fields) {
    const found = fields[key];
    const field = fieldSchema(schema, key);
    if (field === undefined) {
      if (keepsUnknown(schema) || (embedded && ofEveryObject.has(key))) continue;
      result ??= { ...fields };
      delete result[key];
      continue;
    }
    if (found === null && field.nullable !== true && field["x-kubernetes-preserve-unknown-fields"] !== true) {
      // Kubernetes reads a null as "not given".
      if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) {
        result ??= { ...fields };
        delete result[key];
      }
      continue;
    }
    const kept = pruned(field, found, false);
    if (kept !== found) {
      result ??= { ...fields };
      result[key] = kept;
    }
  }
  return result ?? value;
}

function mapKeepingIdentity(values: readonly unknown[], map: (value: unknown) => unknown): readonly unknown[] {
  let result: unknown[] | undefined;
  for (let index = 0; index < values.length; index++) {
    const mapped = map(values[index]);
    if (mapped === values[index]) continue;
    result ??= [...values];
    result[index] = mapped;
  }
  return result ?? values;
}

/** The schema of one field: declared, or of the map's values; undefined where the field is unknown. */
export function fieldSchema(schema: Schema, key: string): Schema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  if (typeof additionalProperties === "object") return additionalProperties;
  return additionalProperties === true ? anyValue : undefined;
}

const anyValue: Schema = { "x-kubernetes-preserve-unknown-fields": true };

/** A schema that declares no fields at all takes any object, as in Kubernetes' own OpenAPI. */
export const keepsUnknown = (schema: Schema): boolean =>
  schema["x-kubernetes-preserve-unknown-fields"] === true ||
  (schema.properties === undefined && schema.additionalProperties === undefined && schema.type === undefined);

/** Every field that the kind doesn't have, with the field that was likely meant. */
export function unknownFields(definition: KindDefinition, object: Resource): readonly Violation[] {
  const violations: Violation[] = [];
  collectUnknown(definition.schema, object, undefined, true, violations);
  return violations;
}

function collectUnknown(
  schema: Schema,
  value: unknown,
  path: Path | undefined,
  root: boolean,
  violations: Violation[],
): void {
  if (Array.isArray(value)) {
    if (schema.items === undefined) return;
    for (let index = 0; index < value.length; index++) {
      collectUnknown(schema.items, value[index], { parent: path, key: index }, false, violations);
    }
    return;
  }
  // What should be no object at all is told as that, and not field by field.
  const isOther = schema.type !== undefined && schema.type !== "object";
  if (typeof value !== "object" || value === null || isOther) return;
  const embedded = root || schema["x-kubernetes-embedded-resource"] === true;
  for (const key in value) {
    const found = (value as Fields)[key];
    const field = fieldSchema(schema, key);
    if (field === undefined) {
      if (keepsUnknown(schema) || (embedded && ofEveryObject.has(key))) continue;
      violations.push(unknownField(schema, found, { parent: path, key }));
    } else if (typeof found === "object" && found !== null) {
      collectUnknown(field, found, { parent: path, key }, false, violations);
    }
  }
}

function unknownField(schema: Schema, found: unknown, path: Path): Violation {
  const names = Object.keys(schema.properties ?? {});
  const meant = didYouMean(String(path.key), names);
  return {
    path: formatPath(path),
    found: `an unknown field${found === undefined ? "" : ` holding ${nameOfType(found)}`}`,
    expected: names.length === 0 ? "no fields here" : `one of ${listed(names)}`,
    ...(meant === undefined ? {} : { repair: `did you mean ${show(meant)}?` }),
    reason: "FieldValueNotSupported",
  };
}

const listed = (names: readonly string[]): string =>
  names.length <= 12 ? names.join(", ") : `${names.slice(0, 12).join(", ")} and ${names.length - 12} more`;

import type { Schema } from "../contract/schema.ts";

/** Small constructors, so that a kind's schema reads like a table. Rules beyond the shape come last. */
type Rules = Omit<Schema, "type" | "description" | "properties" | "items" | "additionalProperties">;
type Fields = Readonly<Record<string, Schema>>;

export const text = (description: string, rules: Rules = {}): Schema => ({ type: "string", description, ...rules });
/** 32 bits, as nearly every number of the API. */
export const integer = (description: string, rules: Rules = {}): Schema => ({
  type: "integer",
  format: "int32",
  description,
  ...rules,
});
export const long = (description: string, rules: Rules = {}): Schema => ({
  type: "integer",
  format: "int64",
  description,
  ...rules,
});
/** Zero or more, 32 bits. */
export const count = (description: string, rules: Rules = {}): Schema => integer(description, { minimum: 0, ...rules });
/** A port that can be connected to. */
export const port = (description: string, rules: Rules = {}): Schema =>
  integer(description, { minimum: 1, maximum: 65_535, ...rules });
export const flag = (description: string, rules: Rules = {}): Schema => ({ type: "boolean", description, ...rules });
export const choice = (description: string, values: readonly string[], rules: Rules = {}): Schema => ({
  type: "string",
  description,
  enum: values,
  ...rules,
});
/** RFC 3339. */
export const time = (description: string): Schema => ({ type: "string", format: "date-time", description });
/** A Go duration such as `1m30s`. */
export const goDuration = (description: string, rules: Rules = {}): Schema => ({
  type: "string",
  format: "go-duration",
  description,
  ...rules,
});
/** The same, or an argument that holds one: `{{args.interval}}`. */
export const argumentDuration = (description: string): Schema =>
  goDuration(description, { format: "go-duration-or-argument" });
/** `500m`, `64Mi`, 2. */
export const quantity = (description: string, rules: Rules = {}): Schema => ({
  format: "quantity",
  "x-kubernetes-int-or-string": true,
  description,
  ...rules,
});
export const intOrString = (description: string, rules: Rules = {}): Schema => ({
  format: "int-or-string",
  "x-kubernetes-int-or-string": true,
  description,
  ...rules,
});
/** A count, or a percentage such as `25%`. */
export const countOrPercent = (description: string, rules: Rules = {}): Schema => ({
  format: "count-or-percent",
  "x-kubernetes-int-or-string": true,
  description,
  ...rules,
});

export const object = (description: string, properties: Fields, rules: Rules = {}): Schema => ({
  type: "object",
  description,
  properties,
  ...rules,
});
/** Replaced as a whole by a merge, as Kubernetes' `+structType=atomic`. */
export const atomicObject = (description: string, properties: Fields, rules: Rules = {}): Schema =>
  object(description, properties, { "x-kubernetes-map-type": "atomic", ...rules });
/** Any object: its inside is not ours to check. */
export const anyObject = (description: string, rules: Rules = {}): Schema => ({
  type: "object",
  description,
  "x-kubernetes-preserve-unknown-fields": true,
  ...rules,
});
/** Any value at all. */
export const anything = (description: string): Schema => ({
  description,
  "x-kubernetes-preserve-unknown-fields": true,
});
export const mapOf = (description: string, values: Schema, rules: Rules = {}): Schema => ({
  type: "object",
  description,
  additionalProperties: values,
  ...rules,
});
export const textMap = (description: string, rules: Rules = {}): Schema => mapOf(description, text(""), rules);

/** Replaced as a whole by a merge. */
export const list = (description: string, items: Schema, rules: Rules = {}): Schema => ({
  type: "array",
  description,
  items,
  "x-kubernetes-list-type": "atomic",
  ...rules,
});
export const textList = (description: string, rules: Rules = {}): Schema => list(description, text(""), rules);
export const textSet = (description: string, rules: Rules = {}): Schema => ({
  type: "array",
  description,
  items: text(""),
  "x-kubernetes-list-type": "set",
  ...rules,
});
/**
 * Merged by key. `keys` are server-side apply's; strategic merge knows one key only, the first unless told otherwise.
 */
export const keyed = (description: string, keys: readonly string[], items: Schema, rules: Rules = {}): Schema => ({
  type: "array",
  description,
  items,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
  ...(keys[0] === undefined ? {} : { "x-kubernetes-patch-merge-key": keys[0] }),
  "x-kubernetes-patch-strategy": "merge",
  ...rules,
});

/** Gives a field its protobuf number. */
export const at = (number: number, schema: Schema): Schema => ({ ...schema, "x-sluice-proto": number });
/** The same for a field of an embedded struct: `number` within the message that is field `embedded`. */
export const within = (embedded: number, number: number, schema: Schema): Schema => ({
  ...schema,
  "x-sluice-proto": number,
  "x-sluice-proto-within": embedded,
});
/** A shared schema under a description of its own. */
export const described = (description: string, schema: Schema): Schema => ({ ...schema, description });

/** A field of the format that is not honoured yet. `what` it is, and what to `use` instead. */
export const refused = (what: string, use: string, schema: Schema): Schema => ({
  ...schema,
  "x-sluice-refused": `not supported yet: ${what}, use ${use}`,
});

/** For kinds whose original persists what was written: no defaults but those that merging by key needs. */
export function withoutDefaults(schema: Schema, keptKeys: readonly string[] = []): Schema {
  const { default: _default, ...rest } = schema;
  const properties =
    schema.properties === undefined
      ? undefined
      : Object.fromEntries(
          Object.entries(schema.properties).map(([name, field]) => [
            name,
            keptKeys.includes(name) ? field : withoutDefaults(field),
          ]),
        );
  const items =
    schema.items === undefined ? undefined : withoutDefaults(schema.items, schema["x-kubernetes-list-map-keys"]);
  return { ...rest, ...(properties === undefined ? {} : { properties }), ...(items === undefined ? {} : { items }) };
}

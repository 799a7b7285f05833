import { unreachable, type Violation } from "@sluice/kernel";
import type { Schema } from "../../contract/schema.ts";
import { checkValue } from "../../schema/check.ts";
import { applyDefaultsTo } from "../../schema/defaults.ts";
import { patternOf } from "../../schema/pattern.ts";
import { show } from "../../schema/show.ts";
import { didYouMean } from "../../schema/suggest.ts";
import { invalid, missing, notSupported } from "../rules.ts";

/** https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema */
const keywordShapes = {
  type: "a text",
  title: "a text",
  description: "a text",
  properties: "an object",
  required: "a list of texts",
  additionalProperties: "an object or a boolean",
  items: "an object",
  enum: "a list",
  format: "a text",
  pattern: "a text",
  minimum: "a number",
  maximum: "a number",
  exclusiveMinimum: "true or false",
  exclusiveMaximum: "true or false",
  multipleOf: "a number",
  minLength: "a number",
  maxLength: "a number",
  minItems: "a number",
  maxItems: "a number",
  uniqueItems: "true or false",
  minProperties: "a number",
  maxProperties: "a number",
  default: "anything",
  nullable: "true or false",
  not: "an object",
  allOf: "a list of objects",
  anyOf: "a list of objects",
  oneOf: "a list of objects",
  example: "anything",
  externalDocs: "anything",
  "x-kubernetes-preserve-unknown-fields": "true or false",
  "x-kubernetes-int-or-string": "true or false",
  "x-kubernetes-embedded-resource": "true or false",
  "x-kubernetes-list-type": "a text",
  "x-kubernetes-list-map-keys": "a list of texts",
  "x-kubernetes-map-type": "a text",
  "x-kubernetes-validations": "a list of objects",
} as const;
type Shape = (typeof keywordShapes)[keyof typeof keywordShapes];
const keywords = new Map<string, Shape>(Object.entries(keywordShapes));

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);

function hasShape(shape: Shape, value: unknown): boolean {
  switch (shape) {
    case "a text":
      return typeof value === "string";
    case "a number":
      return typeof value === "number";
    case "true or false":
      return typeof value === "boolean";
    case "an object":
      return isObject(value);
    case "an object or a boolean":
      return isObject(value) || typeof value === "boolean";
    case "a list":
      return Array.isArray(value);
    case "a list of texts":
      return Array.isArray(value) && value.every((item) => typeof item === "string");
    case "a list of objects":
      return Array.isArray(value) && value.every(isObject);
    case "anything":
      return true;
    default:
      return unreachable(shape);
  }
}

const types = ["object", "array", "string", "integer", "number", "boolean"];
const structuralOnly = ["type", "additionalProperties", "default", "nullable", "title", "description"];
const depthMax = 100;

/** What keeps a schema from being structural. `path` is its place in the CustomResourceDefinition. */
export function checkStructural(schema: Schema, path: string): readonly Violation[] {
  const violations: Violation[] = [];
  checkNode(schema, path, { root: true, depth: 0 }, violations);
  return violations;
}

/** Paths of CEL rules, which aren't evaluated. */
export function unevaluatedRules(schema: Schema, path: string, depth = 0): readonly string[] {
  if (depth > depthMax || !isObject(schema)) return [];
  const own = (schema["x-kubernetes-validations"] ?? []).map(
    (_, index) => `${path}.x-kubernetes-validations[${index}]`,
  );
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, field]) =>
    unevaluatedRules(field, `${path}.properties[${name}]`, depth + 1),
  );
  const items = schema.items === undefined ? [] : unevaluatedRules(schema.items, `${path}.items`, depth + 1);
  const additional =
    typeof schema.additionalProperties === "object"
      ? unevaluatedRules(schema.additionalProperties, `${path}.additionalProperties`, depth + 1)
      : [];
  return [...own, ...below, ...items, ...additional];
}

interface Place {
  readonly root?: boolean;
  readonly depth: number;
}

function checkNode(schema: Schema, path: string, { root, depth }: Place, violations: Violation[]): void {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    violations.push(invalid({ path, found: show(schema), expected: "a schema" }));
    return;
  }
  if (depth > depthMax) {
    violations.push(invalid({ path, found: `more than ${depthMax} levels`, expected: "a flatter schema" }));
    return;
  }
  // A keyword of the wrong type says nothing that could be checked further.
  if (!checkKeywords(schema, path, violations)) return;
  const free = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (schema.type === undefined && !free) {
    violations.push(missing(`${path}.type`, `one of ${types.join(", ")}`));
  } else if (schema.type !== undefined && !types.includes(schema.type)) {
    violations.push(
      invalid({ path: `${path}.type`, found: show(schema.type), expected: `one of ${types.join(", ")}` }),
    );
  }
  if (root === true && schema.type !== "object") {
    violations.push(invalid({ path: `${path}.type`, found: show(schema.type), expected: '"object" at the root' }));
  }
  if (schema["x-kubernetes-int-or-string"] === true && schema.type !== undefined) {
    violations.push(
      invalid({
        path: `${path}.type`,
        found: show(schema.type),
        expected: "nothing beside x-kubernetes-int-or-string",
      }),
    );
  }
  if (schema.properties !== undefined && schema.additionalProperties !== undefined) {
    violations.push(
      invalid({ path: `${path}.additionalProperties`, found: "properties, too", expected: "one of them" }),
    );
  }
  if (schema.additionalProperties === false) {
    violations.push(
      invalid({
        path: `${path}.additionalProperties`,
        found: "false",
        expected: "nothing: unknown fields are taken off anyway",
      }),
    );
  }
  if (schema.uniqueItems === true) {
    violations.push(invalid({ path: `${path}.uniqueItems`, found: "true", expected: "x-kubernetes-list-type: set" }));
  }
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    violations.push(
      invalid({ path: `${path}.x-kubernetes-preserve-unknown-fields`, found: "false", expected: "true, or nothing" }),
    );
  }
  if (schema.pattern !== undefined && patternOf(schema.pattern) === undefined) {
    violations.push(
      invalid({ path: `${path}.pattern`, found: show(schema.pattern), expected: "a regular expression (RE2)" }),
    );
  }
  if (schema.type === "array" && schema.items === undefined) {
    violations.push(missing(`${path}.items`, "the schema of the items"));
  }
  checkListType(schema, path, violations);
  if (root === true) checkRootMetadata(schema.properties?.metadata, `${path}.properties[metadata]`, violations);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    checkNode(field, `${path}.properties[${name}]`, { depth: depth + 1 }, violations);
  }
  if (schema.items !== undefined) checkNode(schema.items, `${path}.items`, { depth: depth + 1 }, violations);
  if (typeof schema.additionalProperties === "object") {
    checkNode(schema.additionalProperties, `${path}.additionalProperties`, { depth: depth + 1 }, violations);
  }
  for (const junctor of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [index, part] of (schema[junctor] ?? []).entries()) {
      checkJunctor(part, schema, `${path}.${junctor}[${index}]`, violations);
    }
  }
  if (schema.not !== undefined) checkJunctor(schema.not, schema, `${path}.not`, violations);
  if (schema.default !== undefined && violations.length === 0) checkDefault(schema, path, violations);
}

function checkKeywords(schema: Schema, path: string, violations: Violation[]): boolean {
  let readable = true;
  for (const [key, value] of Object.entries(schema)) {
    const shape = keywords.get(key);
    if (shape !== undefined) {
      if (hasShape(shape, value)) continue;
      readable = false;
      violations.push({ path: `${path}.${key}`, found: show(value), expected: shape, reason: "FieldValueTypeInvalid" });
      continue;
    }
    if (key === "$ref" || key === "definitions") {
      violations.push(notSupported(`${path}.${key}`, key, `${key} in a schema`, "the schema itself in its place"));
      continue;
    }
    const meant = didYouMean(key, keywords.keys());
    violations.push({
      path: `${path}.${key}`,
      found: "an unknown keyword",
      expected: "a keyword of structural schemas",
      ...(meant === undefined ? {} : { repair: `did you mean ${show(meant)}?` }),
      reason: "FieldValueNotSupported",
    });
  }
  return readable;
}

function checkListType(schema: Schema, path: string, violations: Violation[]): void {
  const type = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"];
  if (type !== undefined && schema.type !== "array") {
    violations.push(
      invalid({ path: `${path}.x-kubernetes-list-type`, found: show(type), expected: "a list to be told about" }),
    );
  }
  if (type !== "map") {
    if (keys !== undefined) {
      violations.push(
        invalid({
          path: `${path}.x-kubernetes-list-map-keys`,
          found: show(keys),
          expected: "x-kubernetes-list-type: map",
        }),
      );
    }
    return;
  }
  if (keys === undefined || keys.length === 0) {
    violations.push(missing(`${path}.x-kubernetes-list-map-keys`, "at least one key"));
  }
  for (const key of keys ?? []) {
    const field = schema.items?.properties?.[key];
    if (field === undefined) {
      violations.push(missing(`${path}.items.properties[${key}]`, "the key's schema"));
    } else if (field.default === undefined && schema.items?.required?.includes(key) !== true) {
      violations.push(missing(`${path}.items.required`, `${key}, or a default for it, since it is a key`));
    }
  }
}

/** Only the name may be restricted. */
function checkRootMetadata(metadata: Schema | undefined, path: string, violations: Violation[]): void {
  for (const name of Object.keys(metadata?.properties ?? {})) {
    if (name === "name" || name === "generateName") continue;
    violations.push(
      invalid({ path: `${path}.properties[${name}]`, found: name, expected: "only name and generateName" }),
    );
  }
}

/** Inside allOf, anyOf, oneOf and not only values are judged; what the fields are stands outside. */
function checkJunctor(part: Schema, outer: Schema, path: string, violations: Violation[]): void {
  if (!isObject(part)) {
    violations.push(invalid({ path, found: show(part), expected: "a schema" }));
    return;
  }
  if (!checkKeywords(part, path, violations)) return;
  const intOrString = outer["x-kubernetes-int-or-string"] === true;
  for (const keyword of structuralOnly) {
    if ((part as Record<string, unknown>)[keyword] === undefined || (keyword === "type" && intOrString)) continue;
    violations.push(
      invalid({ path: `${path}.${keyword}`, found: keyword, expected: "it outside of allOf, anyOf, oneOf and not" }),
    );
  }
  for (const [name, field] of Object.entries(part.properties ?? {})) {
    const declared = outer.properties?.[name];
    if (declared === undefined) {
      violations.push(missing(`${path.replace(/\.(allOf|anyOf|oneOf|not).*$/, "")}.properties[${name}]`, "its type"));
    } else {
      checkJunctor(field, declared, `${path}.properties[${name}]`, violations);
    }
  }
  if (part.items !== undefined && outer.items !== undefined) {
    checkJunctor(part.items, outer.items, `${path}.items`, violations);
  }
  for (const junctor of ["allOf", "anyOf", "oneOf"] as const) {
    for (const [index, inner] of (part[junctor] ?? []).entries()) {
      checkJunctor(inner, outer, `${path}.${junctor}[${index}]`, violations);
    }
  }
  if (part.not !== undefined) checkJunctor(part.not, outer, `${path}.not`, violations);
}

function checkDefault(schema: Schema, path: string, violations: Violation[]): void {
  const broken: Violation[] = [];
  checkValue(schema, applyDefaultsTo(schema, schema.default), undefined, broken);
  const [first] = broken;
  if (first === undefined) return;
  violations.push(
    invalid({
      path: `${path}.default${first.path === "" ? "" : `.${first.path}`}`,
      found: first.found,
      expected: first.expected,
    }),
  );
}

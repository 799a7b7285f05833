import { canonicalJson, sameJson, type Violation } from "@sluice/kernel";
import type { Schema } from "../contract/schema.ts";
import { formatProblem } from "./formats.ts";
import { formatPath, type Path } from "./path.ts";
import { patternOf } from "./pattern.ts";
import { fieldSchema } from "./prune.ts";
import { nameOfType, show } from "./show.ts";
import { didYouMean } from "./suggest.ts";

/** Everything in `value` that its schema forbids. Unknown fields are `unknownFields`' to report. */
export function checkValue(schema: Schema, value: unknown, path: Path | undefined, violations: Violation[]): void {
  const refused = schema["x-sluice-refused"];
  if (refused !== undefined && !isEmpty(value)) {
    violations.push({
      path: formatPath(path),
      found: show(value, schema),
      expected: "this field to be absent",
      repair: refused,
      reason: "FieldValueForbidden",
    });
    return;
  }
  if (value === null && schema.nullable === true) return;
  if (schema["x-kubernetes-int-or-string"] === true) {
    if (
      typeof value === "number" ? !Number.isInteger(value) && schema.format !== "quantity" : typeof value !== "string"
    ) {
      wrongType(schema, value, path, schema.format === "quantity" ? "a quantity" : "an integer or a text", violations);
      return;
    }
    if (typeof value === "number") checkNumber(schema, value, path, violations);
    else checkText(schema, value as string, path, violations);
  } else {
    switch (schema.type) {
      case "object":
        if (typeof value !== "object" || value === null || Array.isArray(value)) {
          wrongType(schema, value, path, "an object", violations);
          return;
        }
        checkObject(schema, value as Record<string, unknown>, path, violations);
        break;
      case "array":
        if (!Array.isArray(value)) {
          wrongType(schema, value, path, "a list", violations);
          return;
        }
        checkList(schema, value, path, violations);
        break;
      case "string":
        if (typeof value !== "string") {
          wrongType(schema, value, path, "a text", violations);
          return;
        }
        checkText(schema, value, path, violations);
        break;
      case "integer":
        if (typeof value !== "number" || !Number.isInteger(value)) {
          wrongType(schema, value, path, "an integer", violations);
          return;
        }
        checkNumber(schema, value, path, violations);
        break;
      case "number":
        if (typeof value !== "number") {
          wrongType(schema, value, path, "a number", violations);
          return;
        }
        checkNumber(schema, value, path, violations);
        break;
      case "boolean":
        if (typeof value !== "boolean") {
          wrongType(schema, value, path, "true or false", violations);
          return;
        }
        break;
      case undefined:
        break;
    }
  }
  if (schema.enum !== undefined && !schema.enum.some((allowed) => sameJson(allowed, value))) {
    const words = schema.enum.filter((allowed) => typeof allowed === "string");
    const meant = typeof value === "string" ? didYouMean(value, words) : undefined;
    violations.push({
      path: formatPath(path),
      found: show(value, schema),
      expected: `one of ${schema.enum.map((allowed) => (typeof allowed === "string" ? allowed : JSON.stringify(allowed))).join(", ")}`,
      ...(meant === undefined ? {} : { repair: `did you mean ${show(meant)}?` }),
      reason: "FieldValueNotSupported",
    });
  }
  if (schema.allOf ?? schema.anyOf ?? schema.oneOf ?? schema.not) checkCombinations(schema, value, path, violations);
}

/** What Go would not have written: a refused field that says nothing needn't stop anybody. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  value === "" ||
  (Array.isArray(value) && value.length === 0);

function wrongType(
  schema: Schema,
  value: unknown,
  path: Path | undefined,
  expected: string,
  violations: Violation[],
): void {
  const repair =
    schema.type === "string" && (typeof value === "number" || typeof value === "boolean")
      ? "put it in quotes"
      : undefined;
  const scalar = typeof value !== "object" || value === null;
  violations.push({
    path: formatPath(path),
    found: scalar ? `${nameOfType(value)}${shownScalar(schema, value)}` : nameOfType(value),
    expected,
    ...(repair === undefined ? {} : { repair }),
    reason: "FieldValueTypeInvalid",
  });
}

const shownScalar = (schema: Schema, value: unknown): string =>
  schema["x-sluice-sensitive"] === true || value === null || value === undefined ? "" : `, ${show(value)}`;

function checkObject(
  schema: Schema,
  value: Record<string, unknown>,
  path: Path | undefined,
  violations: Violation[],
): void {
  if (schema.required !== undefined) {
    for (const name of schema.required) {
      if (
        Object.hasOwn(value, name) &&
        value[name] !== undefined &&
        (value[name] !== null || schema.properties?.[name]?.nullable === true)
      )
        continue;
      violations.push({
        path: formatPath({ parent: path, key: name }),
        found: "nothing",
        expected: describe(schema.properties?.[name]),
        reason: "FieldValueRequired",
      });
    }
  }
  let size = 0;
  for (const key in value) {
    size++;
    const found = value[key];
    if (found === undefined) continue;
    const field = fieldSchema(schema, key);
    // Kubernetes reads a null as "not given"; `prune` takes it off.
    if (found === null && schema.properties !== undefined && Object.hasOwn(schema.properties, key)) continue;
    if (field !== undefined) checkValue(field, found, { parent: path, key }, violations);
  }
  if (schema.minProperties !== undefined && size < schema.minProperties) {
    invalid(path, `${size} fields`, `at least ${schema.minProperties}`, violations);
  }
  if (schema.maxProperties !== undefined && size > schema.maxProperties) {
    invalid(path, `${size} fields`, `at most ${schema.maxProperties}`, violations);
  }
}

function describe(schema: Schema | undefined): string {
  if (schema === undefined) return "a value";
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  if (schema["x-kubernetes-int-or-string"] === true) return "an integer or a text";
  switch (schema.type) {
    case "object":
      return "an object";
    case "array":
      return "a list";
    case "string":
      return "a text";
    case "integer":
      return "an integer";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    default:
      return "a value";
  }
}

function checkList(schema: Schema, value: readonly unknown[], path: Path | undefined, violations: Violation[]): void {
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    invalid(path, show(value), `at least ${schema.minItems} item${schema.minItems === 1 ? "" : "s"}`, violations);
  }
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    invalid(path, show(value), `at most ${schema.maxItems} items`, violations);
    return;
  }
  const { items } = schema;
  if (items !== undefined) {
    for (let index = 0; index < value.length; index++) {
      checkValue(items, value[index], { parent: path, key: index }, violations);
    }
  }
  if (value.length < 2) return;
  const keys = schema["x-kubernetes-list-map-keys"];
  if (schema["x-sluice-doubles"] === "allowed") return;
  if (schema.uniqueItems === true || schema["x-kubernetes-list-type"] === "set") {
    checkDoubles(value, path, (item) => canonicalJson(item), "", violations);
  } else if (keys !== undefined) {
    checkDoubles(
      value,
      path,
      (item) =>
        typeof item === "object" && item !== null ? keyText(item as Record<string, unknown>, keys) : undefined,
      ` ${keys.join(" and ")}`,
      violations,
    );
  }
}

function keyText(item: Record<string, unknown>, keys: readonly string[]): string {
  const [only] = keys;
  if (keys.length === 1 && only !== undefined) return String(item[only]);
  return keys.map((key) => String(item[key])).join(" ");
}

function checkDoubles(
  values: readonly unknown[],
  path: Path | undefined,
  identityOf: (value: unknown) => string | undefined,
  what: string,
  violations: Violation[],
): void {
  const seen = new Map<string, number>();
  for (let index = 0; index < values.length; index++) {
    const identity = identityOf(values[index]);
    if (identity === undefined) continue;
    const first = seen.get(identity);
    if (first === undefined) {
      seen.set(identity, index);
      continue;
    }
    violations.push({
      path: formatPath({ parent: path, key: index }),
      found: `the same${what} as item ${first}: ${show(identity)}`,
      expected: "no doubles",
      reason: "FieldValueDuplicate",
    });
  }
}

const int32Max = 2_147_483_647;

function checkNumber(schema: Schema, value: number, path: Path | undefined, violations: Violation[]): void {
  if (!Number.isFinite(value)) {
    invalid(path, String(value), "a finite number", violations);
    return;
  }
  if (schema.format === "int32" && (value > int32Max || value < -int32Max - 1)) {
    invalid(path, String(value), `at most ${int32Max}`, violations);
    return;
  }
  if (schema.type === "integer" && !Number.isSafeInteger(value)) {
    invalid(path, String(value), `at most ${Number.MAX_SAFE_INTEGER}`, violations);
    return;
  }
  const { minimum, maximum, multipleOf } = schema;
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    invalid(
      path,
      String(value),
      `${schema.exclusiveMinimum === true ? "more than" : "at least"} ${minimum}`,
      violations,
    );
  }
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    invalid(
      path,
      String(value),
      `${schema.exclusiveMaximum === true ? "less than" : "at most"} ${maximum}`,
      violations,
    );
  }
  if (multipleOf !== undefined && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9) {
    invalid(path, String(value), `a multiple of ${multipleOf}`, violations);
  }
}

function checkText(schema: Schema, value: string, path: Path | undefined, violations: Violation[]): void {
  if (schema.minLength !== undefined && value.length < schema.minLength && lengthOf(value) < schema.minLength) {
    invalid(
      path,
      show(value, schema),
      schema.minLength === 1 ? "a text that isn't empty" : `at least ${schema.minLength} characters`,
      violations,
    );
    return;
  }
  if (schema.maxLength !== undefined && value.length > schema.maxLength && lengthOf(value) > schema.maxLength) {
    invalid(path, `${lengthOf(value)} characters`, `at most ${schema.maxLength} characters`, violations);
    return;
  }
  if (schema.pattern !== undefined && patternOf(schema.pattern)?.matcher(value).find() === false) {
    invalid(path, show(value, schema), `a text that matches ${schema.pattern}`, violations);
  }
  if (schema.format !== undefined) {
    const expected = formatProblem(schema.format, value);
    if (expected !== undefined) invalid(path, show(value, schema), expected, violations);
  }
}

const lengthOf = (value: string): number => [...value].length;

function invalid(path: Path | undefined, found: string, expected: string, violations: Violation[]): void {
  violations.push({ path: formatPath(path), found, expected, reason: "FieldValueInvalid" });
}

function checkCombinations(schema: Schema, value: unknown, path: Path | undefined, violations: Violation[]): void {
  const broken = (part: Schema): readonly Violation[] => {
    const found: Violation[] = [];
    checkValue(part, value, path, found);
    return found;
  };
  for (const part of schema.allOf ?? []) violations.push(...broken(part));
  if (schema.anyOf !== undefined && schema["x-kubernetes-int-or-string"] !== true) {
    const tries = schema.anyOf.map(broken);
    if (tries.every((tried) => tried.length > 0)) {
      violations.push(...(tries[0] ?? []), ...(tries.length > 1 ? [noneOf(path, value, schema)] : []));
    }
  }
  if (schema.oneOf !== undefined) {
    const holding = schema.oneOf.filter((part) => broken(part).length === 0).length;
    if (holding !== 1) {
      const found = holding === 0 ? "none of them holds" : `${holding} of them hold`;
      violations.push({
        path: formatPath(path),
        found: `${show(value, schema)}: ${found}`,
        expected: `exactly one of ${schema.oneOf.length} alternatives`,
        reason: "FieldValueInvalid",
      });
    }
  }
  if (schema.not !== undefined && broken(schema.not).length === 0) {
    violations.push({
      path: formatPath(path),
      found: show(value, schema),
      expected: "a value that its schema doesn't exclude",
      reason: "FieldValueInvalid",
    });
  }
}

const noneOf = (path: Path | undefined, value: unknown, schema: Schema): Violation => ({
  path: formatPath(path),
  found: show(value, schema),
  expected: `one of ${schema.anyOf?.length ?? 0} alternatives to hold`,
  reason: "FieldValueInvalid",
});

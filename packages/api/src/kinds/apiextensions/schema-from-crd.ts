import { canonicalJson, type Violation } from "@sluice/kernel";
import type { Column, KindDefinition } from "../../contract/kind-definition.ts";
import type { Schema } from "../../contract/schema.ts";
import { show } from "../../schema/show.ts";
import { ageColumn, nameColumn } from "../columns.ts";
import { objectMeta } from "../meta-schema.ts";
import { invalid, missing, notSupported } from "../rules.ts";
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from "./custom-resource-definition.ts";
import { checkStructural, unevaluatedRules } from "./structural-schema.ts";

export interface CustomKind {
  /** Absent where `violations` is not empty. */
  readonly definition?: KindDefinition;
  readonly violations: readonly Violation[];
  /** Paths of the CEL rules, which are accepted and not evaluated: for a `NotEnforced` condition. */
  readonly notEnforced: readonly string[];
}

const made = new WeakMap<CustomResourceDefinition, CustomKind>();

/** The kind that a CustomResourceDefinition describes, or why it can't be had. */
export function schemaFromCrd(crd: CustomResourceDefinition): CustomKind {
  const known = made.get(crd);
  if (known !== undefined) return known;
  const violations = checkVersions(crd);
  const custom: CustomKind = {
    violations,
    notEnforced: crd.spec.versions.flatMap(({ schema }, index) =>
      schema?.openAPIV3Schema === undefined || violations.length > 0
        ? []
        : unevaluatedRules(schema.openAPIV3Schema, `spec.versions[${index}].schema.openAPIV3Schema`),
    ),
    ...(violations.length === 0 ? { definition: definitionOf(crd) } : {}),
  };
  made.set(crd, custom);
  return custom;
}

function checkVersions({ spec }: CustomResourceDefinition): readonly Violation[] {
  const violations: Violation[] = [];
  const stored = spec.versions.filter(({ storage }) => storage);
  if (stored.length !== 1) {
    violations.push(
      invalid({ path: "spec.versions", found: `${stored.length} versions with storage: true`, expected: "one" }),
    );
  }
  const schemas = new Set<string>();
  for (const [index, { schema }] of spec.versions.entries()) {
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    if (schema?.openAPIV3Schema === undefined) {
      violations.push(missing(path, "a structural schema"));
      continue;
    }
    violations.push(...checkStructural(schema.openAPIV3Schema, path));
    schemas.add(canonicalJson(withoutWords(schema.openAPIV3Schema)));
  }
  if (schemas.size > 1) {
    violations.push(
      notSupported(
        "spec.versions",
        "versions of different schemas",
        "versions of different schemas",
        "one schema for all versions",
      ),
    );
  }
  return violations;
}

function withoutWords(schema: Schema): unknown {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => (key === "description" && typeof value === "string" ? undefined : value)),
  );
}

function definitionOf({ spec }: CustomResourceDefinition): KindDefinition {
  const storage = spec.versions.find((version) => version.storage);
  const served = spec.versions.filter((version) => version.served);
  const versions = [
    ...served.filter((version) => version === storage),
    ...served.filter((version) => version !== storage),
  ].map(({ name }) => name);
  const scale = storage?.subresources?.scale;
  const { names } = spec;
  return {
    group: spec.group,
    versions,
    kind: names.kind,
    plural: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    ...(names.shortNames === undefined ? {} : { shortNames: names.shortNames }),
    ...(names.categories === undefined ? {} : { categories: names.categories }),
    namespaced: spec.scope === "Namespaced",
    schema: withMetadata(storage?.schema?.openAPIV3Schema ?? { type: "object" }),
    ...(storage?.subresources?.status === undefined ? {} : { status: true }),
    ...(scale === undefined
      ? {}
      : {
          scale: {
            specReplicas: withoutDot(scale.specReplicasPath),
            statusReplicas: withoutDot(scale.statusReplicasPath),
            ...(scale.labelSelectorPath === undefined ? {} : { selector: withoutDot(scale.labelSelectorPath) }),
          },
        }),
    columns: columnsOf(storage),
    ...(storage?.selectableFields === undefined
      ? {}
      : { selectableFields: storage.selectableFields.map(({ jsonPath }) => withoutDot(jsonPath)) }),
  };
}

const withoutDot = (path: string): string => path.replace(/^\$?\.?/, "");

function columnsOf(version: CustomResourceDefinitionVersion | undefined): readonly Column[] {
  const columns = version?.additionalPrinterColumns;
  if (columns === undefined || columns.length === 0) return [nameColumn, ageColumn];
  return [
    nameColumn,
    ...columns.map(
      ({ name, type, description, priority, jsonPath }): Column => ({
        name,
        type,
        jsonPath,
        priority: (priority ?? 0) > 0 ? 1 : 0,
        ...(description === undefined ? {} : { description }),
      }),
    ),
  ];
}

/** A CRD says only `metadata: {type: object}`; without its real fields pruning would take the name off. */
function withMetadata(schema: Schema): Schema {
  const restricted = schema.properties?.metadata?.properties ?? {};
  const metadata: Schema = {
    ...objectMeta,
    properties: {
      ...objectMeta.properties,
      ...(restricted.name === undefined ? {} : { name: restricted.name }),
      ...(restricted.generateName === undefined ? {} : { generateName: restricted.generateName }),
    },
  };
  return {
    ...embedded(schema),
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      ...embedded(schema).properties,
      metadata,
    },
  };
}

/** The same for objects that hold whole objects. */
function embedded(schema: Schema): Schema {
  const below = {
    ...schema,
    ...(schema.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([name, field]) => [name, embedded(field)]),
          ),
        }),
    ...(schema.items === undefined ? {} : { items: embedded(schema.items) }),
    ...(typeof schema.additionalProperties === "object"
      ? { additionalProperties: embedded(schema.additionalProperties) }
      : {}),
  };
  if (schema["x-kubernetes-embedded-resource"] !== true) return below;
  return {
    ...below,
    properties: { apiVersion: { type: "string" }, kind: { type: "string" }, ...below.properties, metadata: objectMeta },
  };
}

/** Names and conversion; the schemas are checked by `schemaFromCrd`. */
export function checkCrd(
  crd: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): readonly Violation[] {
  const { spec, metadata } = crd;
  const violations: Violation[] = [];
  const expected = `${spec.names.plural}.${spec.group}`;
  if (metadata.name !== expected) {
    violations.push(
      invalid({
        path: "metadata.name",
        found: show(metadata.name),
        expected: `${show(expected)}: spec.names.plural + "." + spec.group`,
      }),
    );
  }
  if (spec.conversion?.strategy === "Webhook") {
    violations.push(
      notSupported("spec.conversion.strategy", '"Webhook"', "conversion by webhook", "None and one schema"),
    );
  }
  if (spec.preserveUnknownFields === true) {
    violations.push(
      invalid({
        path: "spec.preserveUnknownFields",
        found: "true",
        expected: "false",
        repair: "use x-kubernetes-preserve-unknown-fields: true in the schema",
      }),
    );
  }
  for (const [name, value] of [
    ["group", spec.group],
    ["scope", spec.scope],
    ["names.kind", spec.names.kind],
    ["names.plural", spec.names.plural],
  ] as const) {
    const before = old === undefined ? value : fieldOf(old, name);
    if (value === before) continue;
    violations.push(
      invalid({ path: `spec.${name}`, found: show(value), expected: `${show(before)}: it can't be changed` }),
    );
  }
  return [...violations, ...schemaFromCrd(crd).violations];
}

function fieldOf({ spec }: CustomResourceDefinition, name: "group" | "scope" | "names.kind" | "names.plural"): string {
  switch (name) {
    case "group":
      return spec.group;
    case "scope":
      return spec.scope;
    case "names.kind":
      return spec.names.kind;
    case "names.plural":
      return spec.names.plural;
  }
}

import type { Violation } from "@sluice/kernel";
import type { KindDefinition } from "../contract/kind-definition.ts";
import type { ObjectMeta, Resource } from "../contract/resource.ts";
import { dns1035Label, dnsLabel, dnsSubdomain, labelValueText, type NameRule, qualifiedName } from "./names.ts";
import { fieldPath } from "./path.ts";
import { show } from "./show.ts";

const annotationBytesMax = 256 * 1024;

const ruleOf: Readonly<Record<string, NameRule>> = {
  "/Namespace": dnsLabel,
  "/Service": dns1035Label,
};

const nameRule = (definition: KindDefinition): NameRule =>
  ruleOf[`${definition.group}/${definition.kind}`] ?? dnsSubdomain;

/** Names, labels and annotations, by apimachinery's rules. Which namespaces exist is the store's to know. */
export function checkMetadata(definition: KindDefinition, object: Resource): readonly Violation[] {
  const metadata: Partial<ObjectMeta> | undefined = object.metadata;
  const violations: Violation[] = [];
  if (typeof metadata !== "object" || metadata === null) {
    return [
      { path: "metadata", found: show(metadata), expected: "an object with a name", reason: "FieldValueRequired" },
    ];
  }
  checkName(nameRule(definition), metadata, violations);
  const { namespace } = metadata;
  if (!definition.namespaced && namespace !== undefined && namespace !== "") {
    violations.push({
      path: "metadata.namespace",
      found: show(namespace),
      expected: `no namespace: ${definition.kind} belongs to the whole cluster`,
      reason: "FieldValueForbidden",
    });
  } else if (typeof namespace === "string" && namespace !== "") {
    const expected = dnsLabel(namespace);
    if (expected !== undefined) invalid("metadata.namespace", namespace, expected, violations);
  }
  checkLabels(metadata.labels, "metadata.labels", violations);
  checkAnnotations(metadata.annotations, "metadata.annotations", violations);
  for (const [index, finalizer] of entriesOf(metadata.finalizers)) {
    if (typeof finalizer !== "string") continue;
    const expected = qualifiedName(finalizer);
    if (expected !== undefined) invalid(`metadata.finalizers[${index}]`, finalizer, expected, violations);
  }
  const controllers = entriesOf(metadata.ownerReferences).filter(([, owner]) => owner?.controller === true);
  if (controllers.length > 1) {
    violations.push({
      path: "metadata.ownerReferences",
      found: `${controllers.length} controllers`,
      expected: "one owner with controller: true",
      reason: "FieldValueInvalid",
    });
  }
  return violations;
}

const entriesOf = <T>(values: readonly T[] | undefined): readonly (readonly [number, T])[] =>
  Array.isArray(values) ? [...values.entries()] : [];

function checkName(rule: NameRule, { name, generateName }: Partial<ObjectMeta>, violations: Violation[]): void {
  if (name === undefined || name === "") {
    if (typeof generateName === "string" && generateName !== "") {
      // Five random characters follow, so a trailing '-' is right.
      const expected = rule(`${generateName}00000`);
      if (expected !== undefined) invalid("metadata.generateName", generateName, expected, violations);
      return;
    }
    violations.push({
      path: "metadata.name",
      found: "nothing",
      expected: "a name, or metadata.generateName",
      reason: "FieldValueRequired",
    });
    return;
  }
  if (typeof name !== "string") return;
  const expected = rule(name);
  if (expected !== undefined) {
    violations.push({
      path: "metadata.name",
      found: show(name),
      expected,
      ...(repairedName(rule, name) ?? {}),
      reason: "FieldValueInvalid",
    });
  }
}

function repairedName(rule: NameRule, name: string): { repair: string } | undefined {
  const repaired = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, "-")
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, "");
  return repaired !== "" && rule(repaired) === undefined ? { repair: `for example ${show(repaired)}` } : undefined;
}

/** Also for the labels of a template. */
export function checkLabels(labels: unknown, path: string, violations: Violation[]): void {
  if (typeof labels !== "object" || labels === null) return;
  for (const [key, value] of Object.entries(labels)) {
    const wrongKey = qualifiedName(key);
    if (wrongKey !== undefined) invalid(path, key, `${wrongKey} as key`, violations);
    if (typeof value !== "string") continue;
    const wrongValue = labelValueText(value);
    if (wrongValue !== undefined) invalid(fieldPath(path, key), value, wrongValue, violations);
  }
}

export function checkAnnotations(annotations: unknown, path: string, violations: Violation[]): void {
  if (typeof annotations !== "object" || annotations === null) return;
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    const wrongKey = qualifiedName(key.toLowerCase());
    if (wrongKey !== undefined) invalid(path, key, `${wrongKey} as key`, violations);
    size += key.length + (typeof value === "string" ? value.length : 0);
  }
  if (size > annotationBytesMax) {
    violations.push({
      path,
      found: `${size} bytes`,
      expected: `at most ${annotationBytesMax} bytes in all`,
      reason: "FieldValueInvalid",
    });
  }
}

function invalid(path: string, found: string, expected: string, violations: Violation[]): void {
  violations.push({ path, found: show(found), expected, reason: "FieldValueInvalid" });
}

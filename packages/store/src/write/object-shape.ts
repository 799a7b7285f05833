import type { KindDefinition, ObjectMeta, Resource, WriteOptions } from "@sluice/api";
import { formatInstant, type Random, randomInteger, type Violation } from "@sluice/kernel";
import type { Writer } from "../ownership/managed-fields.ts";
import { badRequest, forbidden, invalid, notFound } from "../refusals.ts";
import { rowOf } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import type { Rules } from "./rules.ts";

/** The object as it will be stored: defaulted and found valid. Faults: Invalid, with every violation. */
export function admit(
  rules: Rules,
  definition: KindDefinition,
  old: Resource | undefined,
  options: WriteOptions,
  object: Resource,
): Resource {
  const admitted = rules.admission.admit(definition, object, old, options.fieldValidation ?? "Strict");
  if (admitted.violations.length > 0) throw invalid(definition, object.metadata.name, admitted.violations);
  for (const warning of admitted.warnings) options.onWarning?.(warning);
  return admitted.object;
}

export function writerOf(rules: Rules, object: Resource, options: WriteOptions): Writer {
  return {
    manager: options.fieldManager ?? "sluice",
    apiVersion: object.apiVersion,
    time: formatInstant(rules.clock.now()),
    ...(options.subresource === undefined ? {} : { subresource: options.subresource }),
  };
}

/** Faults: BadRequest where an object has a namespace and its kind doesn't, or the other way round. */
export function checkScope(definition: KindDefinition, { namespace, name }: Partial<ObjectMeta>): void {
  const text = `${definition.kind} "${name ?? ""}"`;
  if (definition.namespaced && (namespace ?? "") === "") {
    throw badRequest(`an empty namespace may not be set: ${text} needs metadata.namespace`);
  }
  if (!definition.namespaced && (namespace ?? "") !== "") {
    throw badRequest(`${text} is cluster-scoped: metadata.namespace may not be set`);
  }
}

export interface Named {
  readonly name: string;
  readonly generated: boolean;
}

// https://github.com/kubernetes/apiserver/blob/master/pkg/storage/names/generate.go
export function nameFor(
  random: Random,
  definition: KindDefinition,
  { name, generateName }: Partial<ObjectMeta>,
): Named {
  if (name !== undefined && name !== "") return { name, generated: false };
  if (generateName === undefined || generateName === "") {
    throw invalid(definition, "", [
      { path: "metadata.name", found: "nothing", expected: "a name or generateName", reason: "FieldValueRequired" },
    ]);
  }
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  const suffix = Array.from({ length: 5 }, () => alphabet[randomInteger(random, alphabet.length)]).join("");
  return { name: `${generateName.slice(0, 58)}${suffix}`, generated: true };
}

/** Faults: NotFound where the namespace isn't there, Forbidden where it is being deleted. */
export function requireNamespace(
  rules: Rules,
  transaction: Transaction,
  definition: KindDefinition,
  { metadata }: Resource,
): void {
  const namespaces = rules.kinds.byKind({ apiVersion: "v1", kind: "Namespace" });
  const { namespace, name } = metadata;
  if (namespaces === undefined || namespace === undefined) return;
  const found = transaction.get("/Namespace", rowOf(undefined, namespace));
  if (found === undefined) throw notFound(namespaces, namespace);
  if (found.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw forbidden(definition, name, why);
}

/** Faults: Invalid where a finalizer is added to an object on its way out. */
export function checkFinalizers(definition: KindDefinition, old: Resource, next: Resource): void {
  if (old.metadata.deletionTimestamp === undefined) return;
  const before = new Set(old.metadata.finalizers);
  const added = next.metadata.finalizers?.filter((finalizer) => !before.has(finalizer)) ?? [];
  if (added.length === 0) return;
  const violation: Violation = {
    path: "metadata.finalizers",
    found: added.join(", "),
    expected: "no new finalizers: the object is being deleted",
    reason: "FieldValueForbidden",
  };
  throw invalid(definition, next.metadata.name, [violation]);
}

import type {
  DeleteOptions,
  KindDefinition,
  KindRegistry,
  ObjectMeta,
  Patch,
  Resource,
  WriteOptions,
} from "@sluice/api";
import { groupVersion } from "@sluice/api";
import {
  type Clock,
  formatInstant,
  type Random,
  type ResourceKey,
  randomInteger,
  randomUuid,
  sameJson,
} from "@sluice/kernel";
import type { Admission } from "./admission.ts";
import { mergePatch } from "./json-merge-patch.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  definitionOf,
  forbidden,
  invalid,
  modified,
  notFound,
} from "./refusals.ts";
import { rowOf, tableOf } from "./state.ts";
import type { Transaction } from "./transaction.ts";

export interface Rules {
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly admission: Admission;
}

export function createObject(
  rules: Rules,
  transaction: Transaction,
  object: Resource,
  options: WriteOptions,
): Resource {
  const definition = definitionOf(rules.kinds, object);
  const given: Partial<ObjectMeta> = object.metadata ?? {};
  if (given.resourceVersion !== undefined && given.resourceVersion !== "") {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  checkScope(definition, given.namespace, given.name ?? "");
  const name = nameFor(rules, definition, given);
  const { status: _, ...withoutStatus } = object;
  const { deletionTimestamp: _1, deletionGracePeriodSeconds: _2, ...meta } = given;
  const admitted = admit(rules, definition, undefined, options, {
    ...(definition.status ? withoutStatus : object),
    apiVersion: groupVersion(definition),
    metadata: {
      ...meta,
      name,
      uid: randomUuid(rules.random),
      creationTimestamp: formatInstant(rules.clock.now()),
      ...(hasGeneration(definition) ? { generation: 1 } : {}),
    },
  });
  requireNamespace(rules, transaction, definition, admitted);
  if (transaction.get(tableOf(admitted), rowOf(given.namespace, name)) !== undefined)
    throw alreadyExists(definition, name);
  return transaction.put(admitted);
}

export function updateObject(
  rules: Rules,
  transaction: Transaction,
  object: Resource,
  options: WriteOptions,
): Resource {
  const definition = definitionOf(rules.kinds, object);
  const { name, namespace, uid, resourceVersion } = object.metadata;
  checkScope(definition, namespace, name);
  const old = transaction.get(tableOf(object), rowOf(namespace, name));
  if (old === undefined) throw notFound(definition, name);
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw conflict(
      definition,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== old.metadata.resourceVersion) {
    throw modified(definition, name);
  }
  return replace(rules, transaction, definition, old, object, options);
}

export function patchObject(
  rules: Rules,
  transaction: Transaction,
  key: ResourceKey,
  patch: Patch,
  options: WriteOptions,
): Resource {
  const definition = definitionOf(rules.kinds, key);
  checkScope(definition, key.namespace, key.name);
  const old = transaction.get(tableOf(key), rowOf(key.namespace, key.name));
  if (old === undefined) throw notFound(definition, key.name);
  if (patch.type !== "merge") throw badRequest(`patch type ${patch.type} isn't served yet`);
  const patched = mergePatch(old, patch.value) as Resource;
  return updateObject(rules, transaction, { ...patched, metadata: { ...patched.metadata, name: key.name } }, options);
}

export function deleteObject(
  rules: Rules,
  transaction: Transaction,
  key: ResourceKey,
  options: DeleteOptions,
): Resource | undefined {
  const definition = definitionOf(rules.kinds, key);
  const old = transaction.get(tableOf(key), rowOf(key.namespace, key.name));
  if (old === undefined) return undefined;
  const { uid, resourceVersion } = options.preconditions ?? {};
  if (
    (uid ?? old.metadata.uid) !== old.metadata.uid ||
    (resourceVersion ?? old.metadata.resourceVersion) !== old.metadata.resourceVersion
  ) {
    throw conflict(definition, key.name, "Precondition failed: the object is not the one that was meant");
  }
  if ((old.metadata.finalizers?.length ?? 0) === 0) return transaction.remove(old);
  if (old.metadata.deletionTimestamp !== undefined) return old;
  const deletionTimestamp = formatInstant(rules.clock.now());
  return transaction.put({ ...old, metadata: { ...old.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 } });
}

function replace(
  rules: Rules,
  transaction: Transaction,
  definition: KindDefinition,
  old: Resource,
  object: Resource,
  options: WriteOptions,
): Resource {
  const { uid, creationTimestamp, generation, deletionTimestamp, deletionGracePeriodSeconds, resourceVersion } =
    old.metadata;
  const kept = Object.fromEntries(
    Object.entries({
      uid,
      creationTimestamp,
      generation,
      deletionTimestamp,
      deletionGracePeriodSeconds,
      resourceVersion,
    }).filter(([, value]) => value !== undefined),
  );
  const base = options.subresource === "status" ? old : object;
  const statusFrom = definition.status && options.subresource === undefined ? old : object;
  const { status: _, ...rest } = base;
  const next = admit(rules, definition, old, options, {
    ...rest,
    ...(statusFrom.status === undefined ? {} : { status: statusFrom.status }),
    apiVersion: groupVersion(definition),
    metadata: { ...base.metadata, ...kept },
  });
  if (sameJson(old, next)) return old;
  const stored = hasGeneration(definition) && specChanged(definition, old, next) ? withNextGeneration(next) : next;
  if (stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers?.length ?? 0) === 0) {
    return transaction.remove(stored);
  }
  return transaction.put(stored);
}

const hasGeneration = ({ group, kind }: KindDefinition) => (group !== "" || kind === "Pod") && kind !== "Lease";

function specChanged(definition: KindDefinition, old: Resource, next: Resource): boolean {
  const { metadata: _1, status: oldStatus, ...oldRest } = old;
  const { metadata: _2, status: nextStatus, ...nextRest } = next;
  return !sameJson(oldRest, nextRest) || (!definition.status && !sameJson(oldStatus, nextStatus));
}

const withNextGeneration = (object: Resource): Resource => ({
  ...object,
  metadata: { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 },
});

function admit(
  rules: Rules,
  definition: KindDefinition,
  old: Resource | undefined,
  options: WriteOptions,
  object: Resource,
): Resource {
  const admitted = rules.admission.admit(definition, object, old, options.fieldValidation ?? "Strict");
  if (admitted.violations.length > 0) throw invalid(definition, object.metadata.name, admitted.violations);
  return admitted.object;
}

function checkScope(definition: KindDefinition, namespace: string | undefined, name: string): void {
  if (definition.namespaced && (namespace ?? "") === "") {
    throw badRequest(`an empty namespace may not be set: ${definition.kind} "${name}" needs metadata.namespace`);
  }
  if (!definition.namespaced && namespace !== undefined) {
    throw badRequest(`${definition.kind} "${name}" is cluster-scoped: metadata.namespace may not be set`);
  }
}

// https://github.com/kubernetes/apiserver/blob/master/pkg/storage/names/generate.go
function nameFor(rules: Rules, definition: KindDefinition, { name, generateName }: Partial<ObjectMeta>): string {
  if (name !== undefined && name !== "") return name;
  if (generateName === undefined || generateName === "") {
    throw invalid(definition, "", [
      { path: "metadata.name", found: "nothing", expected: "a name or generateName", reason: "FieldValueRequired" },
    ]);
  }
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  const suffix = Array.from({ length: 5 }, () => alphabet[randomInteger(rules.random, alphabet.length)]).join("");
  return `${generateName.slice(0, 58)}${suffix}`;
}

function requireNamespace(rules: Rules, transaction: Transaction, definition: KindDefinition, object: Resource): void {
  const namespaces = rules.kinds.byKind({ apiVersion: "v1", kind: "Namespace" });
  const name = object.metadata.namespace;
  if (namespaces === undefined || name === undefined) return;
  const namespace = transaction.get("/Namespace", rowOf(undefined, name));
  if (namespace === undefined) throw notFound(namespaces, name);
  if (namespace.metadata.deletionTimestamp !== undefined) {
    const why = `unable to create new content in namespace ${name} because it is being terminated`;
    throw forbidden(definition, object.metadata.name, why);
  }
}

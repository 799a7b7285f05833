import {
  groupVersion,
  type KindDefinition,
  type ManagedFieldsEntry,
  type Resource,
  type WriteOptions,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { checkEntries, entriesAfterUpdate } from "../ownership/managed-fields.ts";
import { badRequest, conflict, definitionOf, invalid, methodNotAllowed, modified, notFound } from "../refusals.ts";
import { rowOf, tableOf } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { appendOnlyViolations } from "./built-in-rules.ts";
import { isReleased, letGo } from "./deletion.ts";
import { asksForMore, hasGeneration, withNextGeneration } from "./generation.ts";
import { admit, checkFinalizers, checkScope, writerOf } from "./object-shape.ts";
import type { Rules } from "./rules.ts";

export function updateObject(
  rules: Rules,
  transaction: Transaction,
  object: Resource,
  options: WriteOptions,
): Resource {
  const definition = definitionOf(rules.kinds, object);
  if (options.subresource === "scale") {
    throw methodNotAllowed("a Scale doesn't say whose it is: patch the scale subresource of the object instead");
  }
  checkScope(definition, object.metadata);
  const { name, namespace } = object.metadata;
  const old = transaction.get(tableOf(object), rowOf(namespace, name));
  if (old === undefined) throw notFound(definition, name);
  return replaceObject(rules, transaction, definition, old, object, options);
}

/**
 * Stores `object` in the place of `old`. `applied`: the owners that server-side apply has already worked out.
 * Faults: Conflict where `object` is of another uid or an older resourceVersion, Invalid.
 */
export function replaceObject(
  rules: Rules,
  transaction: Transaction,
  definition: KindDefinition,
  old: Resource,
  object: Resource,
  options: WriteOptions,
  applied?: readonly ManagedFieldsEntry[],
): Resource {
  checkPreconditions(definition, old, object);
  if (options.subresource === "status" && !definition.status) {
    throw methodNotAllowed(`${definition.kind} has no status subresource`);
  }
  const next = admit(rules, definition, old, options, combine(definition, old, object, options));
  const violations = appendOnlyViolations(old, next);
  if (violations.length > 0) throw invalid(definition, old.metadata.name, violations);
  checkFinalizers(definition, old, next);
  const managedFields = applied ?? ownersAfter(rules, definition, old, next, object, options);
  const owned: Resource =
    managedFields === undefined ? next : { ...next, metadata: { ...next.metadata, managedFields } };
  if (sameJson(old, owned)) return old;
  const counted = hasGeneration(definition) && asksForMore(definition, old, owned) ? withNextGeneration(owned) : owned;
  return isReleased(counted) ? letGo(rules, transaction, counted) : transaction.put(counted);
}

function ownersAfter(
  rules: Rules,
  definition: KindDefinition,
  old: Resource,
  next: Resource,
  object: Resource,
  options: WriteOptions,
): readonly ManagedFieldsEntry[] | undefined {
  if (!rules.tracksOwners) return undefined;
  const given = object.metadata.managedFields;
  const entries = given === undefined ? (old.metadata.managedFields ?? []) : checkEntries(given);
  return entriesAfterUpdate(definition, old, next, entries, writerOf(rules, object, options));
}

/** What of `object` this write may change; the rest stays as in `old`. */
function combine(definition: KindDefinition, old: Resource, object: Resource, { subresource }: WriteOptions): Resource {
  const content = subresource === "status" ? old : object;
  const { status } = definition.status && subresource !== "status" ? old : object;
  const { status: _, ...rest } = content;
  const kept = keptMetadata(old);
  const { deletionTimestamp: _1, deletionGracePeriodSeconds: _2, generation: _3, ...metadata } = content.metadata;
  return {
    ...rest,
    ...(status === undefined ? {} : { status }),
    apiVersion: groupVersion(definition),
    metadata: { ...metadata, ...kept },
  };
}

function keptMetadata({ metadata }: Resource) {
  const { uid, creationTimestamp, generation, resourceVersion, deletionTimestamp, deletionGracePeriodSeconds } =
    metadata;
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(generation === undefined ? {} : { generation }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
  };
}

function checkPreconditions(definition: KindDefinition, old: Resource, object: Resource): void {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  if (name !== old.metadata.name || namespace !== old.metadata.namespace) {
    throw badRequest(`the name of the object (${name}) does not match the name on the request (${old.metadata.name})`);
  }
  if ((uid ?? "") !== "" && uid !== old.metadata.uid) {
    throw conflict(
      definition,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  }
  if ((resourceVersion ?? "") !== "" && resourceVersion !== old.metadata.resourceVersion)
    throw modified(definition, name);
}

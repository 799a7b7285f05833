import { groupVersion, type ManagedFieldsEntry, type Resource, type WriteOptions } from "@sluice/api";
import { formatInstant, randomUuid } from "@sluice/kernel";
import { entriesAfterUpdate } from "../ownership/managed-fields.ts";
import { alreadyExists, badRequest, definitionOf, methodNotAllowed } from "../refusals.ts";
import { rowOf, tableOf } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { begun } from "./built-in-rules.ts";
import { hasGeneration } from "./generation.ts";
import { admit, checkScope, nameFor, requireNamespace, writerOf } from "./object-shape.ts";
import type { Rules } from "./rules.ts";

/** `applied`: the owners that server-side apply has already worked out; else the writer owns every field. */
export function createObject(
  rules: Rules,
  transaction: Transaction,
  object: Resource,
  options: WriteOptions,
  applied?: readonly ManagedFieldsEntry[],
): Resource {
  const definition = definitionOf(rules.kinds, object);
  if (options.subresource !== undefined) throw methodNotAllowed(`${options.subresource} can't be created`);
  const given: Partial<Resource["metadata"]> = object.metadata ?? {};
  if ((given.resourceVersion ?? "") !== "") {
    throw badRequest("resourceVersion should not be set on objects to be created");
  }
  checkScope(definition, given);
  const { name } = freeName();
  const { status, ...withoutStatus } = object;
  const {
    deletionTimestamp: _1,
    deletionGracePeriodSeconds: _2,
    managedFields: _3,
    resourceVersion: _4,
    generation: _5,
    ...metadata
  } = given;
  const admitted = admit(
    rules,
    definition,
    undefined,
    options,
    begun({
      ...withoutStatus,
      ...(definition.status || status === undefined ? {} : { status }),
      apiVersion: groupVersion(definition),
      metadata: {
        ...metadata,
        name,
        uid: randomUuid(rules.random),
        creationTimestamp: formatInstant(rules.clock.now()),
        ...(hasGeneration(definition) ? { generation: 1 } : {}),
      },
    }),
  );
  requireNamespace(rules, transaction, definition, admitted);
  refuseDyingKind();
  const { table, row } = { table: tableOf(admitted), row: rowOf(given.namespace, name) };
  if (transaction.get(table, row) !== undefined) throw alreadyExists(definition, name);
  if (applied === undefined && !rules.tracksOwners) return transaction.put(admitted);
  const managedFields =
    applied ?? entriesAfterUpdate(definition, undefined, admitted, [], writerOf(rules, object, options));
  return transaction.put({ ...admitted, metadata: { ...admitted.metadata, managedFields } });

  /** A generated name that is taken is no reason to refuse: there are others. */
  function freeName() {
    for (let tries = 0; ; tries++) {
      const named = nameFor(rules.random, definition, given);
      const taken = transaction.get(tableOf(object), rowOf(given.namespace, named.name)) !== undefined;
      if (!taken || !named.generated || tries === 8) return named;
    }
  }

  function refuseDyingKind() {
    const custom = rules.definingObject(admitted);
    const crd = custom && transaction.get(custom.table, custom.row);
    if (crd?.metadata.deletionTimestamp === undefined) return;
    throw methodNotAllowed("create not allowed while custom resource definition is terminating");
  }
}

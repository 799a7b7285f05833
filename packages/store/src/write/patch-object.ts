import { ApiFault, type KindDefinition, type Patch, type Resource, type WriteOptions } from "@sluice/api";
import { type ResourceKey, unreachable } from "@sluice/kernel";
import { applyConfiguration } from "../ownership/managed-fields.ts";
import { jsonPatch } from "../patch/json-patch.ts";
import { mergePatch } from "../patch/merge-patch.ts";
import { isRecord } from "../patch/record.ts";
import { strategicMerge } from "../patch/strategic-merge.ts";
import { badRequest, definitionOf, notFound } from "../refusals.ts";
import { rowOf, tableOf } from "../state.ts";
import type { Transaction } from "../transaction.ts";
import { createObject } from "./create.ts";
import { checkScope, writerOf } from "./object-shape.ts";
import type { Rules } from "./rules.ts";
import { scaleOf, withReplicas } from "./scale.ts";
import { replaceObject } from "./update.ts";

/** Faults: NotFound (apply creates instead), Conflict, Invalid, BadRequest for a patch that can't be read. */
export function patchObject(
  rules: Rules,
  transaction: Transaction,
  key: ResourceKey,
  patch: Patch,
  options: WriteOptions,
): Resource {
  const definition = definitionOf(rules.kinds, key);
  checkScope(definition, key);
  const old = transaction.get(tableOf(key), rowOf(key.namespace, key.name));
  const asAsked = old && { ...old, apiVersion: key.apiVersion };
  if (options.subresource === "scale") {
    if (old === undefined) throw notFound(definition, key.name);
    const scale = patched(definition, scaleOf(definition, old), patch);
    const { subresource: _, ...write } = options;
    return scaleOf(
      definition,
      replaceObject(rules, transaction, definition, old, withReplicas(definition, old, scale), write),
    );
  }
  if (patch.type === "apply") return apply(rules, transaction, definition, key, asAsked, patch, options);
  if (old === undefined || asAsked === undefined) throw notFound(definition, key.name);
  return replaceObject(rules, transaction, definition, old, patched(definition, asAsked, patch), options);
}

function patched(definition: KindDefinition, object: Resource, patch: Patch): Resource {
  const result = applyPatch(definition, object, patch);
  if (!isRecord(result) || !isRecord(result.metadata)) throw badRequest("the patch leaves no object with metadata");
  if (result.apiVersion !== object.apiVersion || result.kind !== object.kind) {
    throw badRequest(`a patch can't change apiVersion or kind: found ${result.apiVersion} ${result.kind}`);
  }
  return result as unknown as Resource;
}

function applyPatch(definition: KindDefinition, object: Resource, patch: Patch): unknown {
  switch (patch.type) {
    case "json":
      return jsonPatch(object, patch.operations);
    case "merge":
      return mergePatch(object, patch.value);
    case "strategic":
      if (!definition.strategicMerge) {
        throw new ApiFault(
          "UnsupportedMediaType",
          `the body of the request was in an unknown format: ${definition.kind} accepts JSON patch, merge patch and apply, no strategic merge patch`,
        );
      }
      return strategicMerge(withMetadataKeys(definition), object, patch.value);
    case "apply":
      throw badRequest("server-side apply isn't served here: patch the scale with a merge patch");
    default:
      return unreachable(patch);
  }
}

function apply(
  rules: Rules,
  transaction: Transaction,
  definition: KindDefinition,
  key: ResourceKey,
  live: Resource | undefined,
  patch: Extract<Patch, { type: "apply" }>,
  options: WriteOptions,
): Resource {
  const configuration = checkedConfiguration(key, patch.value, options);
  const writer = writerOf(rules, configuration, options);
  const wanted = ownPart(definition, configuration, options);
  const { object, entries } = applyConfiguration(definition, live, wanted, writer, patch.force === true);
  if (live !== undefined) {
    const { managedFields: _, ...metadata } = object.metadata;
    return replaceObject(rules, transaction, definition, live, { ...object, metadata }, options, entries);
  }
  if (options.subresource !== undefined) throw notFound(definition, key.name);
  return createObject(rules, transaction, object, options, entries);
}

function checkedConfiguration(key: ResourceKey, value: unknown, { fieldManager }: WriteOptions): Resource {
  if ((fieldManager ?? "") === "") {
    throw badRequest("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch");
  }
  if (!isRecord(value)) throw badRequest("the configuration to apply is no object");
  const metadata = isRecord(value.metadata) ? value.metadata : {};
  if (metadata.managedFields !== undefined && metadata.managedFields !== null) {
    throw badRequest("metadata.managedFields must be nil");
  }
  if (value.apiVersion !== key.apiVersion || value.kind !== key.kind) {
    throw badRequest(
      `the configuration is a ${value.apiVersion} ${value.kind}, the request names a ${key.apiVersion} ${key.kind}`,
    );
  }
  if (metadata.name !== undefined && metadata.name !== key.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the request (${key.name})`);
  }
  const namespace = key.namespace === undefined ? {} : { namespace: key.namespace };
  return { ...value, metadata: { ...metadata, name: key.name, ...namespace } } as unknown as Resource;
}

/** Only status through the status subresource, and never through the main one where there is one. */
function ownPart(definition: KindDefinition, configuration: Resource, { subresource }: WriteOptions): Resource {
  const { apiVersion, kind, metadata, status, ...rest } = configuration;
  if (subresource === "status") {
    const { name, namespace, uid, resourceVersion } = metadata;
    const identity = Object.fromEntries(
      Object.entries({ name, namespace, uid, resourceVersion }).filter(([, value]) => value !== undefined),
    ) as unknown as Resource["metadata"];
    return { apiVersion, kind, metadata: identity, ...(status === undefined ? {} : { status }) };
  }
  return definition.status || status === undefined
    ? { apiVersion, kind, metadata, ...rest }
    : { apiVersion, kind, metadata, ...rest, status };
}

/** metadata's lists merge the same way in every kind. */
function withMetadataKeys({ schema }: KindDefinition) {
  return {
    ...schema,
    properties: {
      ...schema.properties,
      metadata: {
        properties: {
          finalizers: { type: "array", "x-kubernetes-patch-strategy": "merge" },
          ownerReferences: {
            type: "array",
            "x-kubernetes-patch-strategy": "merge",
            "x-kubernetes-patch-merge-key": "uid",
          },
        },
      },
    },
  } as const;
}

import { type KindRegistry, type OwnerReference, type Resource, splitApiVersion } from "@sluice/api";
import { rowOf } from "../state.ts";
import type { Transaction } from "../transaction.ts";

export type Owner =
  | { readonly is: "there"; readonly object: Resource }
  | { readonly is: "gone" }
  | { readonly is: "unknown" };

/**
 * Who an ownerReference means: found by kind and name, and the same only with the same uid.
 * `unknown` where the kind isn't served or is namespaced while the child is not: such a child is never collected.
 */
export function ownerOf(
  kinds: KindRegistry,
  transaction: Transaction,
  child: Resource,
  reference: OwnerReference,
): Owner {
  const definition = kinds.byKind(reference);
  if (definition === undefined) return { is: "unknown" };
  const { namespace } = child.metadata;
  if (definition.namespaced && namespace === undefined) return { is: "unknown" };
  const table = `${splitApiVersion(reference.apiVersion).group}/${reference.kind}`;
  const object = transaction.get(table, rowOf(definition.namespaced ? namespace : undefined, reference.name));
  return object?.metadata.uid === reference.uid && object !== undefined ? { is: "there", object } : { is: "gone" };
}

export function withoutOwners(child: Resource, uids: ReadonlySet<string>): Resource {
  const { ownerReferences, ...metadata } = child.metadata;
  const left = ownerReferences?.filter(({ uid }) => !uids.has(uid)) ?? [];
  return { ...child, metadata: left.length === 0 ? metadata : { ...metadata, ownerReferences: left } };
}

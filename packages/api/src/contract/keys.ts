import type { ResourceKey } from "@sluice/kernel";
import type { OwnerReference, Resource } from "./resource.ts";

export const keyOf = ({ apiVersion, kind, metadata }: Resource): ResourceKey => ({
  apiVersion,
  kind,
  ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
  name: metadata.name,
});

/** The owner that controls it, if any. */
export const controllerOf = (resource: Resource): OwnerReference | undefined =>
  resource.metadata.ownerReferences?.find((reference) => reference.controller === true);

/** The reference that makes `owner` the controller of a child. Throws where `owner` was never stored. */
export function controlledBy(owner: Resource): OwnerReference {
  const { uid, name } = owner.metadata;
  if (uid === undefined) throw new Error(`${owner.kind} ${name} has no uid: only a stored object can own another`);
  return { apiVersion: owner.apiVersion, kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true };
}

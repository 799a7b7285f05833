import type { Resource, Rollout } from "@sluice/api";
import type { KindKey, Reader } from "@sluice/kernel";

export const rolloutKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" };

/** The original's, on Services and DestinationRules: which Rollout says what version they lead to. */
export const managedByAnnotation = "argo-rollouts.argoproj.io/managed-by-rollouts";

/** The Rollout that it names; undefined where that is gone, or no longer names it. */
async function managerOf(
  { metadata }: Resource,
  read: Reader,
  names: (rollout: Rollout) => readonly (string | undefined)[],
): Promise<Rollout | undefined> {
  const { namespace, annotations } = metadata;
  const name = annotations?.[managedByAnnotation] ?? "";
  const key = { ...rolloutKind, ...(namespace === undefined ? {} : { namespace }), name };
  const rollout = await read.get<Rollout>(key);
  return rollout !== undefined && names(rollout).includes(metadata.name) ? rollout : undefined;
}

/** It names a Rollout as its manager, and that one is gone or manages another instead. */
export async function isAbandoned(
  object: Resource,
  read: Reader,
  names: (rollout: Rollout) => readonly (string | undefined)[],
): Promise<boolean> {
  if (object.metadata.annotations?.[managedByAnnotation] === undefined) return false;
  return (await managerOf(object, read, names)) === undefined;
}

/** Without the word that it is somebody's. */
export function withoutManager<R extends Resource>(object: R): R {
  const { [managedByAnnotation]: _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}

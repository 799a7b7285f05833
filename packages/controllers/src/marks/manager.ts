import type { Resource, Rollout } from "@sluice/api";
import type { KindKey, Reader } from "@sluice/kernel";

export const rolloutKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" };

/** The original's, on Services and DestinationRules: which Rollout says what version they lead to. */
export const managedByAnnotation = "argo-rollouts.argoproj.io/managed-by-rollouts";

/**
 * Where the Rollout is that it names as its manager. `gone`: its Pods go, too. `elsewhere`: it leads users by something else
 * now. `byPods`: it leads nobody any more, whoever has Pods has users.
 */
export type Abandoned = "gone" | "elsewhere" | "byPods";

/** Undefined while a Rollout manages it, or none ever did. */
export async function abandoned(
  { metadata }: Resource,
  read: Reader,
  names: (rollout: Rollout) => readonly (string | undefined)[],
): Promise<Abandoned | undefined> {
  const { namespace, annotations } = metadata;
  const name = annotations?.[managedByAnnotation];
  if (name === undefined) return undefined;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const isManager = (rollout: Rollout): boolean => names(rollout).includes(metadata.name);
  const rollout = await read.get<Rollout>({ ...rolloutKind, ...inNamespace, name });
  if (rollout === undefined) return "gone";
  if (isManager(rollout)) return undefined;
  // Whoever names it instead writes into it what that one has left.
  if ((await read.list<Rollout>(rolloutKind, inNamespace)).some(isManager)) return undefined;
  return isByPods(rollout) ? "byPods" : "elsewhere";
}

/** Not where it was aborted: what was taken back may have Pods for a moment. */
const isByPods = ({ spec, status }: Rollout): boolean =>
  spec.strategy.canary !== undefined && spec.strategy.canary.trafficRouting === undefined && status?.abort !== true;

/** Without the word that it is somebody's. */
export function withoutManager<R extends Resource>(object: R): R {
  const { [managedByAnnotation]: _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Every Service that a Rollout makes select one version. */
export function servicesOf({ spec }: Rollout): readonly (string | undefined)[] {
  const { canary, blueGreen } = spec.strategy ?? {};
  const { pingService, pongService } = canary?.pingPong ?? {};
  const both = [canary?.canaryService, canary?.stableService, pingService, pongService];
  return [...both, blueGreen?.activeService, blueGreen?.previewService];
}

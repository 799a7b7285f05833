import { blueGreenAnnotation, type Client, type Resource, type Rollout } from "@sluice/api";
import { managedByAnnotation, rolloutKind, servicesOf } from "../marks/index.ts";
import { noClaims, overlayClaims } from "./comparison/overlay.ts";

/**
 * What a person applies, with whom a Rollout leads where: selectors' pod template hash, weights and the routes that its
 * steps add, of the object as it lives. It would put them back; until then users would be led elsewhere.
 */
export async function withSteering(
  client: Pick<Client, "list">,
  desired: Resource,
  live: Resource | undefined,
): Promise<Resource> {
  if (live === undefined) return desired;
  const { kind, metadata } = desired;
  if (kind !== "Service" && kind !== "VirtualService" && kind !== "DestinationRule") return desired;
  const { items: rollouts } = await client.list<Rollout>(rolloutKind);
  if (kind === "Service") {
    // Between colours a person may choose.
    const isSwitched = live.metadata.annotations?.[blueGreenAnnotation] !== undefined;
    return isSwitched || !isSteered(live, rollouts) ? desired : overlayClaims(desired, live, noClaims);
  }
  const placed = { ...desired, metadata: { ...metadata, namespace: live.metadata.namespace } } as Resource;
  return overlayClaims(placed, live, { rollouts, isAutoscaled: false });
}

/** A Rollout says whom this Service selects. A version that none speaks of is whoever's wrote it there. */
export function isSteered({ metadata }: Resource, rollouts: readonly Rollout[]): boolean {
  const { annotations = {}, name, namespace } = metadata;
  const names = (rollout: Rollout) => rollout.metadata.namespace === namespace && servicesOf(rollout).includes(name);
  return annotations[managedByAnnotation] !== undefined || rollouts.some(names);
}

import { blueGreenAnnotation, type Client, type Resource, type Rollout } from "@sluice/api";
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
  if (kind === "Service") {
    // Between colours a person may choose.
    const isColoured = live.metadata.annotations?.[blueGreenAnnotation] !== undefined;
    return isColoured ? desired : overlayClaims(desired, live, noClaims);
  }
  if (kind !== "VirtualService" && kind !== "DestinationRule") return desired;
  const { items: rollouts } = await client.list<Rollout>({ apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" });
  const placed = { ...desired, metadata: { ...metadata, namespace: live.metadata.namespace } } as Resource;
  return overlayClaims(placed, live, { rollouts, isAutoscaled: false });
}

import type { CanaryStatus, Destination, IstioVirtualServiceReference, Rollout, RolloutStatus } from "@sluice/api";
import { canaryOf } from "../canary/steps.ts";

export type Side = "canary" | "stable";

/** What tells the two versions apart in a route: Services, or subsets of one. */
export interface Sides {
  readonly canaryService: string | undefined;
  readonly stableService: string | undefined;
  readonly canarySubset: string | undefined;
  readonly stableSubset: string | undefined;
}

/**
 * With pingPong the two Services take turns: the one that status calls stable is. Until a first promotion ping is the
 * canary's. Source: argo-rollouts utils/rollout GetStableAndCanaryServices.
 */
export function sidesOf(rollout: Rollout): Sides {
  const { canaryService, stableService, pingPong, trafficRouting } = canaryOf(rollout);
  const rule = trafficRouting?.istio?.destinationRule;
  const subsets = { canarySubset: rule?.canarySubsetName, stableSubset: rule?.stableSubsetName };
  if (pingPong === undefined) return { canaryService, stableService, ...subsets };
  const { pingService, pongService } = pingPong;
  return rollout.status?.canary?.stablePingPong === "ping"
    ? { canaryService: pongService, stableService: pingService, ...subsets }
    : { canaryService: pingService, stableService: pongService, ...subsets };
}

/** The weights in status are of before a promotion that turned the two Services. */
export const areTurned = (rollout: Rollout): boolean =>
  canaryOf(rollout).pingPong !== undefined &&
  rollout.status?.canary?.weights?.canary.serviceName === sidesOf(rollout).stableService;

/** Its status, with the weights of the sides as they are now. */
export function turnedStatus(rollout: Rollout): RolloutStatus {
  const { status = {} } = rollout;
  const { weights } = status.canary ?? {};
  if (weights === undefined || !areTurned(rollout)) return status;
  const turned = { ...weights, canary: weights.stable, stable: weights.canary };
  return { ...status, canary: { ...status.canary, weights: turned } };
}

/** Which Service is the stable one from now on: a promotion swaps them, so that no Service changes its Pods. */
export function pingPongAfter(rollout: Rollout, isPromoted: boolean): CanaryStatus["stablePingPong"] {
  const known = rollout.status?.canary?.stablePingPong;
  if (!isPromoted || canaryOf(rollout).pingPong === undefined) return known;
  return known === "ping" ? "pong" : "ping";
}

/** By subset where a DestinationRule tells them apart, else by the host's short name. */
export function sideOf(destination: Destination, sides: Sides): Side | undefined {
  const { subset } = destination;
  if (subset !== undefined) {
    if (subset === sides.canarySubset) return "canary";
    return subset === sides.stableSubset ? "stable" : undefined;
  }
  const host = destination.host.split(".")[0];
  if (sides.canaryService !== undefined && host === sides.canaryService) return "canary";
  return sides.stableService !== undefined && host === sides.stableService ? "stable" : undefined;
}

/** Every VirtualService that a Rollout weighs. */
export function virtualServiceReferences(rollout: Rollout): readonly IstioVirtualServiceReference[] {
  const { virtualService, virtualServices = [] } = canaryOf(rollout).trafficRouting?.istio ?? {};
  return [...(virtualService === undefined ? [] : [virtualService]), ...virtualServices];
}

/** Names of the routes that steps may add. */
export const managedRouteNames = (rollout: Rollout): readonly string[] =>
  (canaryOf(rollout).trafficRouting?.managedRoutes ?? []).map(({ name }) => name);

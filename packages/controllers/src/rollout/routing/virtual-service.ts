import type { CanaryStrategy, HttpRouteDestination, VirtualService } from "@sluice/api";
import { type Resolved, resolved, unresolved } from "../../arguments/index.ts";

/** Which http routes a Rollout manages. One route needs no name; of several each must be named. */
export function managedRouteIndexes(
  virtualService: VirtualService,
  names: readonly string[],
): Resolved<readonly number[]> {
  const routes = virtualService.spec.http ?? [];
  if (routes.length === 0) return unresolved("no http routes are defined in the VirtualService");
  if (names.length === 0) {
    if (routes.length === 1) return resolved([0]);
    return unresolved("spec.http[] should be set in the Rollout's routes when the VirtualService has multiple routes");
  }
  const indexes: number[] = [];
  for (const name of names) {
    const index = routes.findIndex((route) => route.name === name);
    if (index === -1) return unresolved(`HTTP Route '${name}' is not found in the defined Virtual Service.`);
    indexes.push(index);
  }
  return resolved(indexes);
}

type Side = "canary" | "stable";

/** By subset where a DestinationRule is given, else by the host's short name. */
function sideOf({ destination }: HttpRouteDestination, canary: CanaryStrategy): Side | undefined {
  const rule = canary.trafficRouting?.istio?.destinationRule;
  if (rule !== undefined) {
    if (destination.subset === rule.canarySubsetName) return "canary";
    if (destination.subset === rule.stableSubsetName) return "stable";
  }
  const host = destination.host.split(".")[0];
  if (canary.canaryService !== undefined && host === canary.canaryService && destination.subset === undefined) {
    return "canary";
  }
  if (canary.stableService !== undefined && host === canary.stableService && destination.subset === undefined) {
    return "stable";
  }
  return undefined;
}

/** The weight that the managed routes really give the canary: the highest, where they differ. */
export function routedWeight(virtualService: VirtualService, canary: CanaryStrategy): number | undefined {
  const indexes = managedRouteIndexes(virtualService, canary.trafficRouting?.istio?.virtualService?.routes ?? []);
  if (indexes.is === "fault") return undefined;
  const weights = indexes.value.flatMap((index) => {
    const destinations = virtualService.spec.http?.[index]?.route ?? [];
    return destinations
      .filter((destination) => sideOf(destination, canary) === "canary")
      .map(({ weight }) => weight ?? (destinations.length === 1 ? 100 : 0));
  });
  return weights.length === 0 ? undefined : Math.max(...weights);
}

/**
 * With `weight` percent to the canary in each managed route; the same object back where that is so already.
 * Destinations that are neither side are dropped, as the original drops them (trafficrouting/istio/istio.go).
 */
export function withWeight(virtualService: VirtualService, canary: CanaryStrategy, weight: number): VirtualService {
  const indexes = managedRouteIndexes(virtualService, canary.trafficRouting?.istio?.virtualService?.routes ?? []);
  if (indexes.is === "fault") return virtualService;
  let isChanged = false;
  const http = virtualService.spec.http?.map((route, index) => {
    if (!indexes.value.includes(index)) return route;
    const destinations = route.route ?? [];
    const weighted = destinations.flatMap((destination) => {
      const side = sideOf(destination, canary);
      if (side === undefined) return [];
      const share = side === "canary" ? weight : 100 - weight;
      return [destination.weight === share ? destination : { ...destination, weight: share }];
    });
    const isSame =
      weighted.length === destinations.length && weighted.every((one, place) => one === destinations[place]);
    if (isSame) return route;
    isChanged = true;
    return { ...route, route: weighted };
  });
  if (!isChanged || http === undefined) return virtualService;
  return { ...virtualService, spec: { ...virtualService.spec, http } };
}

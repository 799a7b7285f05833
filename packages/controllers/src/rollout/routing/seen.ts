import type { Rollout, VirtualService } from "@sluice/api";
import { podHashLabel } from "../../version/index.ts";
import { canaryOf, isRouted } from "../canary/steps.ts";
import type { ObservedRollout } from "../observe.ts";
import { availableOf, hashOf, type View } from "../view.ts";
import { olderRival, ownClaim } from "./claims.ts";
import { subsetHashes } from "./destination-rule.ts";
import { areTurned, managedRouteNames, sidesOf, virtualServiceReferences } from "./sides.ts";
import { routedWeight, type WeighedRoutes, weighedRoutes } from "./virtual-service.ts";

/** One VirtualService that this Rollout weighs: it resolves, and no older Rollout has its routes. */
export interface Weighed {
  readonly virtualService: VirtualService;
  readonly routes: WeighedRoutes;
  readonly routed: number;
  /** What was written last, by the word that stands on it. */
  readonly claimed: number | undefined;
}

export function weighedServices({ rollout, virtualServices, rivals }: ObservedRollout): readonly Weighed[] {
  const sides = sidesOf(rollout);
  const managed = managedRouteNames(rollout);
  return virtualServiceReferences(rollout).flatMap((reference): Weighed[] => {
    const virtualService = virtualServices.get(reference.name);
    if (virtualService === undefined) return [];
    const routes = weighedRoutes(virtualService, reference, managed);
    if (routes.is === "fault" || olderRival(virtualService, reference, rollout, rivals) !== undefined) return [];
    const routed = routedWeight(virtualService, routes.value, sides) ?? 0;
    // What stands on it is the weight of the side that was the canary's then, of another Rollout of this name before it wrote any.
    const isAnothers = rollout.status?.canary?.weights === undefined;
    const claimed = isAnothers || areTurned(rollout) ? undefined : ownClaim(virtualService, rollout)?.weight;
    return [{ virtualService, routes: routes.value, routed, claimed }];
  });
}

/**
 * The view with what the routes give this version by our own word: a status that was to tell of it may have been lost to a
 * conflict or a crash.
 */
export function withRouted(observed: ObservedRollout, view: View): View {
  if (!isRouted(view.rollout)) return view;
  const written = weighedServices(observed).flatMap(({ claimed }) => claimed ?? []);
  const isOwn = written.length > 0 && aimOf(observed, view.rollout).canary === view.hash;
  return isOwn ? { ...view, routed: { least: Math.min(...written), most: Math.max(...written) } } : view;
}

/** The version that each side was aimed at; undefined where nothing says. */
function aimOf(observed: ObservedRollout, rollout: Rollout) {
  const reference = canaryOf(rollout).trafficRouting?.istio?.destinationRule;
  if (reference !== undefined && observed.destinationRule !== undefined) {
    const { canary = "", stable = "" } = subsetHashes(observed.destinationRule, reference);
    return { canary, stable, isByServices: false };
  }
  const selected = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : (observed.services.get(name)?.spec?.selector?.[podHashLabel] ?? "");
  const { canaryService, stableService } = sidesOf(rollout);
  return { canary: selected(canaryService), stable: selected(stableService), isByServices: true };
}

/** The version that each side is seen to lead to; undefined where nothing says. */
export function leadsTo(observed: ObservedRollout, rollout: Rollout) {
  const { canary, stable, isByServices } = aimOf(observed, rollout);
  const { canaryService = "", stableService = "" } = sidesOf(rollout);
  const reached = (service: string, hash: string | undefined): string | undefined =>
    hash === undefined || !isByServices || hasEndpointsOf(observed, service, hash) ? hash : "";
  return { canary: reached(canaryService, canary), stable: reached(stableService, stable) };
}

/** A selector that was just changed leads nowhere until its endpoints follow. Without any slice nothing can be said. */
function hasEndpointsOf({ endpointSlices, replicaSets }: ObservedRollout, service: string, hash: string): boolean {
  const slices = endpointSlices.filter(({ metadata }) => metadata.labels?.["kubernetes.io/service-name"] === service);
  const set = replicaSets.find((candidate) => hashOf(candidate) === hash);
  // One that has no Pod to give, a broken stable version, can't be waited for.
  if (slices.length === 0 || set === undefined || availableOf(set) === 0) return true;
  return slices.some(({ endpoints }) =>
    endpoints?.some(
      ({ conditions, targetRef }) =>
        conditions?.ready !== false && targetRef?.name?.startsWith(`${set.metadata.name}-`) === true,
    ),
  );
}

import type { DestinationRule, Resource, Rollout, Service, VirtualService } from "@sluice/api";
import { overlayRoutes, overlaySubsets } from "./claimed-routes.ts";
import { podTemplateHashLabel } from "./names.ts";

/** What others own of a resource that git also describes. */
export interface Claims {
  /** Rollouts of the namespace, for their routes. */
  readonly rollouts: readonly Rollout[];
  /** An autoscaler drives this workload's replicas. */
  readonly isAutoscaled: boolean;
}

export const noClaims: Claims = { rollouts: [], isAutoscaled: false };

/**
 * The desired object with the live values of the fields that a Rollout or an autoscaler claims: weights of its routes,
 * the routes that its steps add, the pod template hash in subsets and selectors, replicas. So they are neither drift nor overwritten.
 * The same object back means that nothing is claimed.
 */
export function overlayClaims(desired: Resource, live: Resource | undefined, claims: Claims): Resource {
  if (live === undefined) return desired;
  switch (desired.kind) {
    case "VirtualService":
      return overlayRoutes(desired as VirtualService, live as VirtualService, claims.rollouts);
    case "DestinationRule":
      return overlaySubsets(desired as DestinationRule, live as DestinationRule, claims.rollouts);
    case "Service":
      return desired.apiVersion === "v1" ? overlaySelector(desired as Service, live as Service) : desired;
    default:
      return claims.isAutoscaled || isTakenOver(live) ? overlayReplicas(desired, live) : desired;
  }
}

/** A Rollout whose workloadRef it is has its Pods, and decides how many of its own are left. */
const isTakenOver = (live: Resource): boolean =>
  live.metadata.annotations?.["sluice.dev/replicas-before"] !== undefined;

function overlaySelector(desired: Service, live: Service): Service {
  const hash = live.spec?.selector?.[podTemplateHashLabel];
  if (hash === undefined || desired.spec?.selector?.[podTemplateHashLabel] === hash) return desired;
  return {
    ...desired,
    spec: { ...desired.spec, selector: { ...desired.spec?.selector, [podTemplateHashLabel]: hash } },
  };
}

function overlayReplicas(desired: Resource, live: Resource): Resource {
  const wanted = desired.spec as { readonly replicas?: number } | undefined;
  const replicas = (live.spec as { readonly replicas?: number } | undefined)?.replicas;
  if (wanted?.replicas === undefined || replicas === undefined || wanted.replicas === replicas) return desired;
  return { ...desired, spec: { ...wanted, replicas } };
}

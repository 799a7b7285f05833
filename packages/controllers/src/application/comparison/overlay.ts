import {
  blueGreenAnnotation,
  type Deployment,
  type DestinationRule,
  type Resource,
  type Rollout,
  type Service,
  type VirtualService,
} from "@sluice/api";
import { overlayRoutes, overlaySubsets } from "../claimed-routes.ts";
import { podTemplateHashLabel } from "../names.ts";

/** What others own of a resource that git also describes. */
export interface Claims {
  /** Rollouts of the namespace, for their routes. */
  readonly rollouts: readonly Rollout[];
  /** An autoscaler drives this workload's replicas. */
  readonly isAutoscaled: boolean;
  /** The version that this Service selects is no Rollout's any more: git alone says whom it selects. */
  readonly isUnsteered?: boolean;
}

export const noClaims: Claims = { rollouts: [], isAutoscaled: false };

/**
 * The desired object with the live values of the fields that a Rollout or an autoscaler claims: weights of its routes,
 * the routes that its steps add, the pod template hash in subsets and selectors, replicas; and what a blue-green deploy switched. So they are neither drift nor overwritten.
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
      return desired.apiVersion === "v1" ? overlaySelector(desired as Service, live as Service, claims) : desired;
    case "Deployment": {
      const coloured = overlayColour(desired as Deployment, live as Deployment);
      return claims.isAutoscaled || isTakenOver(live) ? overlayReplicas(coloured, live) : coloured;
    }
    default:
      return claims.isAutoscaled || isTakenOver(live) ? overlayReplicas(desired, live) : desired;
  }
}

/** A Rollout whose workloadRef it is has its Pods, and decides how many of its own are left. */
const isTakenOver = (live: Resource): boolean =>
  live.metadata.annotations?.["sluice.dev/replicas-before"] !== undefined;

/** It selects a version, and git doesn't say which. */
export const selectsUnasked = ({ kind, spec }: Resource, live: Resource): boolean => {
  const versionOf = (all: unknown) => (all as Service["spec"])?.selector?.[podTemplateHashLabel];
  return kind === "Service" && versionOf(live.spec) !== undefined && versionOf(spec) === undefined;
};

/** The version that a Rollout lets everybody have, and the colour that a blue-green deploy does. */
function overlaySelector(desired: Service, live: Service, { isUnsteered = false }: Claims): Service {
  const switched = live.metadata.annotations?.[blueGreenAnnotation];
  const labels = isUnsteered ? [] : [podTemplateHashLabel];
  const claimed = [...labels, ...(switched === undefined ? [] : [switched])].flatMap((label) => {
    const value = live.spec?.selector?.[label];
    return value === undefined || desired.spec?.selector?.[label] === value ? [] : [[label, value] as const];
  });
  if (claimed.length === 0) return desired;
  return {
    ...desired,
    spec: { ...desired.spec, selector: { ...desired.spec?.selector, ...Object.fromEntries(claimed) } },
  };
}

/** What a blue-green deploy put there is neither drift nor overwritten: it would take the traffic's own Pods away. */
function overlayColour(desired: Deployment, live: Deployment): Deployment {
  const container = live.metadata.annotations?.[blueGreenAnnotation];
  if (container === undefined) return desired;
  const sized = overlayReplicas(desired, live) as Deployment;
  const image = live.spec.template.spec.containers.find(({ name }) => name === container)?.image;
  const { template } = sized.spec;
  const { containers } = template.spec;
  if (image === undefined || containers.every((one) => one.name !== container || one.image === image)) return sized;
  const imaged = containers.map((one) => (one.name === container ? { ...one, image } : one));
  return {
    ...sized,
    spec: { ...sized.spec, template: { ...template, spec: { ...template.spec, containers: imaged } } },
  };
}

function overlayReplicas(desired: Resource, live: Resource): Resource {
  const wanted = desired.spec as { readonly replicas?: number } | undefined;
  const replicas = (live.spec as { readonly replicas?: number } | undefined)?.replicas;
  if (wanted?.replicas === undefined || replicas === undefined || wanted.replicas === replicas) return desired;
  return { ...desired, spec: { ...wanted, replicas } };
}

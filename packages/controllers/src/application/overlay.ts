import type {
  DestinationRule,
  HttpRoute,
  HttpRouteDestination,
  IstioVirtualServiceReference,
  Resource,
  Rollout,
  Service,
  VirtualService,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
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
 * The desired object with the live values of the fields that a Rollout or an autoscaler claims: weights of a managed
 * route, the pod template hash in subsets and selectors, replicas. So they are neither drift nor overwritten.
 * The same object back means that nothing is claimed.
 */
export function overlayClaims(desired: Resource, live: Resource | undefined, claims: Claims): Resource {
  if (live === undefined) return desired;
  switch (desired.kind) {
    case "VirtualService":
      return overlayWeights(desired as VirtualService, live as VirtualService, claims.rollouts);
    case "DestinationRule":
      return overlaySubsets(desired as DestinationRule, live as DestinationRule);
    case "Service":
      return desired.apiVersion === "v1" ? overlaySelector(desired as Service, live as Service) : desired;
    default:
      return claims.isAutoscaled || isTakenOver(live) ? overlayReplicas(desired, live) : desired;
  }
}

/** A Rollout whose workloadRef it is has its Pods, and decides how many of its own are left. */
const isTakenOver = (live: Resource): boolean =>
  live.metadata.annotations?.["sluice.dev/replicas-before"] !== undefined;

/** How a Rollout refers to this VirtualService, if it does. */
export function managedRoutes(rollout: Rollout, virtualService: Resource): IstioVirtualServiceReference | undefined {
  const istio = rollout.spec.strategy?.canary?.trafficRouting?.istio;
  const references = [
    ...(istio?.virtualService === undefined ? [] : [istio.virtualService]),
    ...(istio?.virtualServices ?? []),
  ];
  const { name, namespace } = virtualService.metadata;
  return references.find((reference) => {
    const dot = reference.name.indexOf(".");
    return dot === -1
      ? reference.name === name && rollout.metadata.namespace === namespace
      : reference.name === `${name}.${namespace}`;
  });
}

function overlayWeights(desired: VirtualService, live: VirtualService, rollouts: readonly Rollout[]): VirtualService {
  const references = rollouts.map((rollout) => managedRoutes(rollout, desired)).filter((found) => found !== undefined);
  const http = desired.spec.http;
  if (references.length === 0 || http === undefined) return desired;
  const isManaged = ({ name }: HttpRoute) =>
    references.some(({ routes = [] }) =>
      routes.length === 0 ? http.length === 1 : name !== undefined && routes.includes(name),
    );
  const overlaid = http.map((route) => {
    if (!isManaged(route)) return route;
    const known = live.spec.http?.find(({ name }) => name === route.name);
    return known === undefined ? route : withWeightsOf(route, known);
  });
  return sameJson(overlaid, http) ? desired : { ...desired, spec: { ...desired.spec, http: overlaid } };
}

/** Only where every destination is also there live: else git changed the destinations, and its weights begin. */
function withWeightsOf(route: HttpRoute, live: HttpRoute): HttpRoute {
  const destinations = route.route ?? [];
  const weights = destinations.map((wanted) => live.route?.find((known) => sameDestination(wanted, known)));
  if (weights.some((known) => known === undefined)) return route;
  return {
    ...route,
    route: destinations.map((wanted, index) => {
      const weight = weights[index]?.weight;
      const { weight: _, ...rest } = wanted;
      return weight === undefined ? rest : { ...rest, weight };
    }),
  };
}

const sameDestination = (a: HttpRouteDestination, b: HttpRouteDestination): boolean =>
  a.destination.host === b.destination.host &&
  a.destination.subset === b.destination.subset &&
  a.destination.port?.number === b.destination.port?.number;

function overlaySubsets(desired: DestinationRule, live: DestinationRule): DestinationRule {
  const { subsets } = desired.spec;
  if (subsets === undefined) return desired;
  const overlaid = subsets.map((subset) => {
    const hash = live.spec.subsets?.find(({ name }) => name === subset.name)?.labels?.[podTemplateHashLabel];
    return hash === undefined ? subset : { ...subset, labels: { ...subset.labels, [podTemplateHashLabel]: hash } };
  });
  return sameJson(overlaid, subsets) ? desired : { ...desired, spec: { ...desired.spec, subsets: overlaid } };
}

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

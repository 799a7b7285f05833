import type {
  Destination,
  DestinationRule,
  HttpRoute,
  IstioVirtualServiceReference,
  L4RouteDestination,
  Resource,
  Rollout,
  VirtualService,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { podTemplateHashLabel } from "./names.ts";

/** Whether a Rollout writes into this VirtualService or DestinationRule. */
export function isRoutedBy(rollout: Rollout, resource: Resource): boolean {
  if (resource.kind === "VirtualService") return referenceTo(rollout, resource) !== undefined;
  const rule = rollout.spec.strategy?.canary?.trafficRouting?.istio?.destinationRule;
  const { name, namespace } = resource.metadata;
  return resource.kind === "DestinationRule" && rule?.name === name && rollout.metadata.namespace === namespace;
}

function referenceTo(rollout: Rollout, virtualService: Resource): IstioVirtualServiceReference | undefined {
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

interface Claim {
  readonly rollout: Rollout;
  readonly reference: IstioVirtualServiceReference;
}

/** With the live weights of weighed routes, and the routes that steps added. */
export function overlayRoutes(
  desired: VirtualService,
  live: VirtualService,
  rollouts: readonly Rollout[],
): VirtualService {
  const claims = rollouts.flatMap((rollout): Claim[] => {
    const reference = referenceTo(rollout, desired);
    return reference === undefined ? [] : [{ rollout, reference }];
  });
  if (claims.length === 0) return desired;
  const { http, tls, tcp } = desired.spec;
  const isAlone = (http?.length ?? 0) + (tls?.length ?? 0) + (tcp?.length ?? 0) === 1;
  const claimants = (names: (reference: IstioVirtualServiceReference) => readonly unknown[]) =>
    claims
      .filter(({ reference }) => names(reference).length > 0 || (isAlone && isUnnamed(reference)))
      .map(({ rollout }) => rollout);
  const spec = {
    ...desired.spec,
    ...(http === undefined ? {} : { http: overlayHttp(http, live.spec.http ?? [], claims, isAlone) }),
    ...(tls === undefined
      ? {}
      : {
          tls: overlayL4(
            tls,
            live.spec.tls ?? [],
            claimants(({ tlsRoutes = [] }) => tlsRoutes),
          ),
        }),
    ...(tcp === undefined
      ? {}
      : {
          tcp: overlayL4(
            tcp,
            live.spec.tcp ?? [],
            claimants(({ tcpRoutes = [] }) => tcpRoutes),
          ),
        }),
  };
  return sameJson(spec, desired.spec) ? desired : { ...desired, spec };
}

const isUnnamed = ({ routes = [], tlsRoutes = [], tcpRoutes = [] }: IstioVirtualServiceReference): boolean =>
  routes.length + tlsRoutes.length + tcpRoutes.length === 0;

function overlayHttp(
  http: readonly HttpRoute[],
  live: readonly HttpRoute[],
  claims: readonly Claim[],
  isAlone: boolean,
): readonly HttpRoute[] {
  const overlaid = http.map((route) => {
    const owners = claims.filter(({ reference }) =>
      isUnnamed(reference) ? isAlone : route.name !== undefined && reference.routes?.includes(route.name),
    );
    const known = live.find(({ name }) => name === route.name);
    if (owners.length === 0 || known === undefined) return route;
    return withLiveWeights(
      route,
      known,
      owners.map(({ rollout }) => rollout),
    );
  });
  const managed = claims.flatMap(({ rollout }) =>
    (rollout.spec.strategy.canary?.trafficRouting?.managedRoutes ?? []).map(({ name }) => name),
  );
  const written = http.map(({ name }) => name);
  const added = live.filter(({ name }) => name !== undefined && managed.includes(name) && !written.includes(name));
  return [...added, ...overlaid];
}

interface Matched {
  readonly match?: readonly object[];
  readonly route?: readonly L4RouteDestination[];
}

function overlayL4<Route extends Matched>(
  routes: readonly Route[],
  live: readonly Route[],
  owners: readonly Rollout[],
): readonly Route[] {
  return routes.map((route) => {
    const known = live.find(({ match }) => sameJson(match ?? [], route.match ?? []));
    return owners.length === 0 || known === undefined ? route : withLiveWeights(route, known, owners);
  });
}

/**
 * Only where both versions are also there live: else git changed the destinations, and its weights begin. A destination
 * of neither is dropped from a weighed route, and doesn't come back with each sync.
 */
function withLiveWeights<Route extends { readonly route?: readonly L4RouteDestination[] }>(
  route: Route,
  live: Route,
  owners: readonly Rollout[],
): Route {
  const destinations = route.route ?? [];
  const liveOf = (wanted: L4RouteDestination) =>
    live.route?.find((known) => sameDestination(wanted.destination, known.destination));
  const missing = destinations.filter((wanted) => liveOf(wanted) === undefined);
  if (missing.some(({ destination }) => owners.some((rollout) => isSide(destination, rollout)))) return route;
  if (
    missing.length > 0 &&
    !destinations.some(({ destination }) => owners.some((owner) => isSide(destination, owner)))
  ) {
    return route;
  }
  const weighed = destinations.flatMap((wanted) => {
    const known = liveOf(wanted);
    if (known === undefined) return [];
    const { weight: _, ...rest } = wanted;
    return known.weight === undefined ? rest : { ...rest, weight: known.weight };
  });
  // What an experiment's versions and a fresh baseline get is the Rollout's, too; it drops by itself what isn't.
  const beside = (live.route ?? []).filter(
    ({ destination }) =>
      !destinations.some((wanted) => sameDestination(wanted.destination, destination)) &&
      !owners.some((owner) => isSide(destination, owner)),
  );
  return { ...route, route: [...weighed, ...beside] };
}

const sameDestination = (a: Destination, b: Destination): boolean =>
  a.host === b.host && a.subset === b.subset && a.port?.number === b.port?.number;

/** Whether it is one of the Rollout's two versions. */
function isSide({ host, subset }: Destination, { spec }: Rollout): boolean {
  const { canaryService, stableService, pingPong, trafficRouting } = spec.strategy.canary ?? {};
  const rule = trafficRouting?.istio?.destinationRule;
  if (subset !== undefined) return subset === rule?.canarySubsetName || subset === rule?.stableSubsetName;
  const services = [canaryService, stableService, pingPong?.pingService, pingPong?.pongService];
  return services.includes(host.split(".")[0]);
}

/** With the live versions of subsets; those that the Rollout drops are dropped. */
export function overlaySubsets(
  desired: DestinationRule,
  live: DestinationRule,
  rollouts: readonly Rollout[],
): DestinationRule {
  const { subsets } = desired.spec;
  if (subsets === undefined) return desired;
  const rules = rollouts
    .filter((rollout) => isRoutedBy(rollout, desired))
    .flatMap((rollout) => rollout.spec.strategy.canary?.trafficRouting?.istio?.destinationRule ?? []);
  const isKept = (name: string): boolean =>
    rules.length === 0 ||
    rules.some(({ canarySubsetName, stableSubsetName, additionalSubsetNames = [] }) =>
      [canarySubsetName, stableSubsetName, ...additionalSubsetNames].includes(name),
    );
  const overlaid = subsets
    .filter(({ name }) => isKept(name))
    .map((subset) => {
      const hash = live.spec.subsets?.find(({ name }) => name === subset.name)?.labels?.[podTemplateHashLabel];
      return hash === undefined ? subset : { ...subset, labels: { ...subset.labels, [podTemplateHashLabel]: hash } };
    });
  return sameJson(overlaid, subsets) ? desired : { ...desired, spec: { ...desired.spec, subsets: overlaid } };
}

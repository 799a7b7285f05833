import type {
  HttpRoute,
  IstioVirtualServiceReference,
  L4RouteDestination,
  RolloutTcpRoute,
  RolloutTlsRoute,
  TcpRoute,
  TlsRoute,
  VirtualService,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { type Resolved, resolved, unresolved } from "../../arguments/index.ts";
import { type Sides, sideOf } from "./sides.ts";

/** Positions of the routes of one VirtualService that a Rollout weighs. */
export interface WeighedRoutes {
  readonly http: readonly number[];
  readonly tls: readonly number[];
  readonly tcp: readonly number[];
}

/**
 * Which routes a Rollout weighs. One route needs no name; of several each must be named: http by name, tls by port and
 * SNI hosts, tcp by port. Routes that its steps added don't count. Source: argo-rollouts trafficrouting/istio/istio.go.
 */
export function weighedRoutes(
  { spec }: VirtualService,
  { routes = [], tlsRoutes = [], tcpRoutes = [] }: IstioVirtualServiceReference,
  managed: readonly string[],
): Resolved<WeighedRoutes> {
  const http = (spec.http ?? []).flatMap((route, index) => (isManaged(route, managed) ? [] : [{ route, index }]));
  const { tls = [], tcp = [] } = spec;
  if (http.length + tls.length + tcp.length === 0)
    return unresolved("No HTTP, TLS or TCP routes are defined in the VirtualService");
  if (routes.length + tlsRoutes.length + tcpRoutes.length === 0) {
    if (http.length + tls.length + tcp.length > 1) {
      return unresolved(
        "spec.http[] should be set in the Rollout's routes when the VirtualService has multiple routes",
      );
    }
    return resolved({ http: http.map(({ index }) => index), tls: tls.map(() => 0), tcp: tcp.map(() => 0) });
  }
  const httpIndexes: number[] = [];
  for (const name of routes) {
    const found = http.find(({ route }) => route.name === name);
    if (found === undefined) return unresolved(`HTTP Route '${name}' is not found in the defined Virtual Service.`);
    httpIndexes.push(found.index);
  }
  const tlsIndexes = indexesOf(tlsRoutes, tls, matchesTls);
  if (tlsIndexes === undefined) return unresolved("No matching TLS routes found in the defined Virtual Service.");
  const tcpIndexes = indexesOf(tcpRoutes, tcp, matchesTcp);
  if (tcpIndexes === undefined) return unresolved("No matching TCP routes found in the defined Virtual Service.");
  return resolved({ http: httpIndexes, tls: tlsIndexes, tcp: tcpIndexes });
}

const isManaged = ({ name }: HttpRoute, managed: readonly string[]): boolean =>
  name !== undefined && managed.includes(name);

/** Undefined where one of them is nowhere. */
function indexesOf<Wanted, Route>(
  wanted: readonly Wanted[],
  routes: readonly Route[],
  matches: (wanted: Wanted, route: Route) => boolean,
): readonly number[] | undefined {
  const found = new Set<number>();
  for (const one of wanted) {
    const indexes = routes.flatMap((route, index) => (matches(one, route) ? [index] : []));
    if (indexes.length === 0) return undefined;
    for (const index of indexes) found.add(index);
  }
  return [...found].sort((a, b) => a - b);
}

/** A route on several ports is no one port's. */
const portsOf = ({ match = [] }: TlsRoute | TcpRoute): readonly number[] => [
  ...new Set(match.flatMap(({ port }) => port ?? [])),
];
const isOn = (port: number | undefined, route: TlsRoute | TcpRoute): boolean => {
  const ports = portsOf(route);
  return ports.length <= 1 && (port === undefined || ports[0] === port);
};

const matchesTcp = ({ port }: RolloutTcpRoute, route: TcpRoute): boolean => isOn(port, route);

function matchesTls({ port, sniHosts = [] }: RolloutTlsRoute, route: TlsRoute): boolean {
  const hosts = new Set((route.match ?? []).flatMap((match) => match.sniHosts ?? []));
  const isHosts =
    sniHosts.length === 0 || (hosts.size === new Set(sniHosts).size && sniHosts.every((host) => hosts.has(host)));
  return isHosts && isOn(port, route);
}

/** Destinations of every weighed route; none where the reference doesn't resolve. */
function weighedDestinations(
  { spec }: VirtualService,
  routes: WeighedRoutes,
): readonly (readonly L4RouteDestination[])[] {
  return [
    ...routes.http.map((index) => spec.http?.[index]?.route ?? []),
    ...routes.tls.map((index) => spec.tls?.[index]?.route ?? []),
    ...routes.tcp.map((index) => spec.tcp?.[index]?.route ?? []),
  ];
}

/** Why a weighed route can't be weighed, in the original's words; undefined where each has both versions. */
export function destinationFault(
  virtualService: VirtualService,
  routes: WeighedRoutes,
  sides: Sides,
): string | undefined {
  for (const destinations of weighedDestinations(virtualService, routes)) {
    for (const side of ["canary", "stable"] as const) {
      if (destinations.some(({ destination }) => sideOf(destination, sides) === side)) continue;
      const word = side === "canary" ? "Canary" : "Stable";
      const subset = side === "canary" ? sides.canarySubset : sides.stableSubset;
      const service = side === "canary" ? sides.canaryService : sides.stableService;
      return subset === undefined
        ? `${word} Service '${service}' not found in route`
        : `${word} DestinationRule subset '${subset}' not found in route`;
    }
  }
  return undefined;
}

/** The weight that the weighed routes really give the canary: the highest, where they differ. */
export function routedWeight(virtualService: VirtualService, routes: WeighedRoutes, sides: Sides): number | undefined {
  const weights = weighedDestinations(virtualService, routes).flatMap((destinations) =>
    destinations
      .filter(({ destination }) => sideOf(destination, sides) === "canary")
      .map(({ weight }) => weight ?? (destinations.length === 1 ? 100 : 0)),
  );
  return weights.length === 0 ? undefined : Math.max(...weights);
}

/**
 * With `weight` percent to the canary in each weighed route, and what goes `beside` both sides; the same object back
 * where that is so already. Other destinations are dropped, as the original drops them.
 */
export function withWeight(
  virtualService: VirtualService,
  routes: WeighedRoutes,
  sides: Sides,
  weight: number,
  beside: readonly L4RouteDestination[] = [],
): VirtualService {
  const { http, tls, tcp } = virtualService.spec;
  const next = {
    http: weighed(http, routes.http, sides, weight, beside),
    tls: weighed(tls, routes.tls, sides, weight, beside),
    tcp: weighed(tcp, routes.tcp, sides, weight, beside),
  };
  if (next.http === http && next.tls === tls && next.tcp === tcp) return virtualService;
  return {
    ...virtualService,
    spec: {
      ...virtualService.spec,
      ...(next.http === undefined ? {} : { http: next.http }),
      ...(next.tls === undefined ? {} : { tls: next.tls }),
      ...(next.tcp === undefined ? {} : { tcp: next.tcp }),
    },
  };
}

function weighed<Route extends { readonly route?: readonly L4RouteDestination[] }>(
  routes: readonly Route[] | undefined,
  indexes: readonly number[],
  sides: Sides,
  weight: number,
  beside: readonly L4RouteDestination[],
): readonly Route[] | undefined {
  if (routes === undefined || indexes.length === 0) return routes;
  const next = routes.map((route, index) => {
    if (!indexes.includes(index)) return route;
    const destinations = route.route ?? [];
    const shares = weights(destinations, sides, weight, beside);
    const isSame = shares.length === destinations.length && shares.every((one, place) => one === destinations[place]);
    return isSame ? route : { ...route, route: shares };
  });
  return next.every((route, index) => route === routes[index]) ? routes : next;
}

/** The destinations of both sides at this weight; stable gives up what goes beside them. */
export function weights<D extends L4RouteDestination>(
  destinations: readonly D[],
  sides: Sides,
  weight: number,
  beside: readonly L4RouteDestination[],
): readonly (D | L4RouteDestination)[] {
  const both = destinations.flatMap((destination) => {
    const side = sideOf(destination.destination, sides);
    if (side === undefined) return [];
    const share = side === "canary" ? weight : 100 - weight - sumOf(beside);
    return [destination.weight === share ? destination : { ...destination, weight: share }];
  });
  return [...both, ...beside.map((wanted) => destinations.find((one) => sameJson(one, wanted)) ?? wanted)];
}

export const sumOf = (destinations: readonly { readonly weight?: number }[]): number =>
  destinations.reduce((sum, { weight = 0 }) => sum + weight, 0);

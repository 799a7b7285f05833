import type {
  CanaryStep,
  HttpMatchRequest,
  HttpRoute,
  HttpRouteDestination,
  L4RouteDestination,
  SetHeaderRoute,
  SetMirrorRoute,
  VirtualService,
} from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { type Sides, sideOf } from "./sides.ts";
import { type WeighedRoutes, weights } from "./virtual-service.ts";

/** A route that a step set, and that no later step took away. */
export type StepRoute =
  | { readonly is: "header"; readonly name: string; readonly route: SetHeaderRoute }
  | { readonly is: "mirror"; readonly name: string; readonly route: SetMirrorRoute };

/** The routes in force after these steps; a step without `match` takes its route away. */
export function stepRoutes(steps: readonly CanaryStep[]): readonly StepRoute[] {
  const routes = new Map<string, StepRoute>();
  for (const { setHeaderRoute, setMirrorRoute } of steps) {
    const name = setHeaderRoute?.name ?? setMirrorRoute?.name;
    if (name === undefined) continue;
    routes.delete(name);
    if ((setHeaderRoute?.match?.length ?? 0) > 0) routes.set(name, { is: "header", name, route: setHeaderRoute ?? {} });
    if (setMirrorRoute !== undefined && (setMirrorRoute.match?.length ?? 0) > 0) {
      routes.set(name, { is: "mirror", name, route: setMirrorRoute });
    }
  }
  return [...routes.values()];
}

interface Placement {
  readonly weighed: WeighedRoutes;
  readonly sides: Sides;
  /** Names of managedRoutes, in the order in which they are tried. */
  readonly managed: readonly string[];
  readonly wanted: readonly StepRoute[];
  /** Of the weighed routes. */
  readonly weight: number;
  /** What an experiment's versions get, beside both sides. */
  readonly beside: readonly L4RouteDestination[];
}

/**
 * With exactly the wanted routes before all others; those of an earlier step that are no longer wanted are gone.
 * The same object back where that is so already.
 */
export function withManagedRoutes(virtualService: VirtualService, placement: Placement): VirtualService {
  const { managed, weighed, wanted } = placement;
  const { http } = virtualService.spec;
  const [first] = weighed.http;
  const model = first === undefined ? undefined : http?.[first];
  if (http === undefined || model === undefined || managed.length === 0) return virtualService;
  const own = http.filter(({ name }) => name === undefined || !managed.includes(name));
  const added = managed.flatMap((name): HttpRoute[] => {
    const route = wanted.find((one) => one.name === name);
    return route === undefined ? [] : [builtRoute(route, model, placement)];
  });
  const next = [...added, ...own];
  return sameJson(next, http) ? virtualService : { ...virtualService, spec: { ...virtualService.spec, http: next } };
}

function builtRoute(step: StepRoute, model: HttpRoute, { sides, weight, beside }: Placement): HttpRoute {
  const destinations = model.route ?? [];
  const canary = destinations.find(({ destination }) => sideOf(destination, sides) === "canary");
  // What the weighed route promises callers holds for these requests, too.
  const { timeout, retries } = model;
  const rest = { ...(timeout === undefined ? {} : { timeout }), ...(retries === undefined ? {} : { retries }) };
  if (step.is === "header") {
    const all: readonly HttpRouteDestination[] = canary === undefined ? [] : [{ ...canary, weight: 100 }];
    return { name: step.name, match: headerMatches(step.route), route: all, ...rest };
  }
  return {
    name: step.name,
    match: mirrorMatches(step.route),
    route: weights(destinations, sides, weight, beside),
    ...rest,
    ...(canary === undefined ? {} : { mirror: canary.destination }),
    mirrorPercentage: { value: step.route.percentage ?? 100 },
  };
}

/** One block a header: any of them is enough. */
const headerMatches = ({ match = [] }: SetHeaderRoute): readonly HttpMatchRequest[] =>
  match.map(({ headerName, headerValue = {} }) => ({ headers: { [headerName.toLowerCase()]: headerValue } }));

/** A block a match: all that stands in it must hold. */
const mirrorMatches = ({ match = [] }: SetMirrorRoute): readonly HttpMatchRequest[] =>
  match.map(({ method, path, headers }) => ({
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { uri: path }),
    ...(headers === undefined
      ? {}
      : { headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])) }),
  }));

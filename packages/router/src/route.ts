import { bucketOf } from "@sluice/kernel";
import type { Backend, BackendSet } from "./backend.ts";
import type { RequestTest, RouteRequest } from "./match.ts";
import { stickyChoice } from "./sticky.ts";
import type { HttpMatchEntry, HttpRouteEntry } from "./table.ts";
import type { WeightWheel } from "./weight-wheel.ts";

/** One route of a host, with its turn among the weighted destinations. */
export interface Route<B extends Backend> {
  readonly entry: HttpRouteEntry;
  readonly stickyCookie: string | undefined;
  readonly tests: readonly { readonly entry: HttpMatchEntry; readonly test: RequestTest }[];
  readonly destinations: readonly BackendSet<B>[];
  readonly weights: readonly number[];
  /** Absent where one destination gets everything. */
  readonly wheel: WeightWheel | undefined;
  readonly mirrors: readonly Mirror<B>[] | undefined;
}

/** Who gets copies of so many percent of the requests. */
export interface Mirror<B extends Backend> {
  readonly set: BackendSet<B>;
  readonly percent: number;
}

export interface ChosenRoute<B extends Backend> {
  readonly route: Route<B>;
  /** The block that matched, which a rewrite of a prefix needs. */
  readonly matched: HttpMatchEntry | undefined;
}

export interface VirtualHost<B extends Backend> {
  readonly routes: readonly Route<B>[];
  /** Set where every request takes the first route: nothing of it need be looked at. */
  readonly always: ChosenRoute<B> | undefined;
}

/** Routes with conditions first, as Istio sorts them: istio/pilot/pkg/networking/core/route/route.go, SortVHostRoutes. */
export function virtualHost<B extends Backend>(routes: readonly Route<B>[]): VirtualHost<B> {
  const caught = routes.filter((route) => route.tests.length > 0);
  const catchAll = routes.filter((route) => route.tests.length === 0);
  const always =
    caught.length === 0 && catchAll[0] !== undefined ? { route: catchAll[0], matched: undefined } : undefined;
  return { routes: [...caught, ...catchAll], always };
}

/** The first route that matches; undefined where none does. */
export function chooseRoute<B extends Backend>(
  host: VirtualHost<B>,
  request: RouteRequest,
): ChosenRoute<B> | undefined {
  if (host.always !== undefined) return host.always;
  for (const route of host.routes) {
    if (route.tests.length === 0) return { route, matched: undefined };
    for (const { entry, test } of route.tests) if (test(request)) return { route, matched: entry };
  }
  return undefined;
}

/**
 * Whose turn it is: by the cookie's value where there is one (no turn is used up), else by weight. A destination
 * with nothing ready gives its turn to another that has weight; one without weight never gets anything.
 */
export function chooseDestination<B extends Backend>(route: Route<B>, stickyValue?: string): BackendSet<B> | undefined {
  const index =
    route.wheel === undefined
      ? route.weights.findIndex((weight) => weight > 0)
      : stickyValue === undefined
        ? route.wheel.next()
        : stickyChoice(route.weights, bucketOf(stickyValue));
  const chosen = route.destinations[index];
  if (chosen === undefined || chosen.isReady) return chosen;
  return otherDestination(route, chosen) ?? chosen;
}

/** The destination of a ring's choice; where nothing of it is ready, another that has weight. */
export function ringDestination<B extends Backend>(route: Route<B>, place: number): BackendSet<B> | undefined {
  const chosen = route.destinations[place];
  return chosen === undefined || chosen.isReady ? chosen : (otherDestination(route, chosen) ?? chosen);
}

/** The heaviest other destination that has something ready. */
export function otherDestination<B extends Backend>(
  route: Route<B>,
  not: BackendSet<B> | undefined,
): BackendSet<B> | undefined {
  let best: BackendSet<B> | undefined;
  let bestWeight = 0;
  for (const [index, set] of route.destinations.entries()) {
    const weight = route.weights[index] ?? 0;
    if (set === not || weight <= bestWeight || !set.isReady) continue;
    best = set;
    bestWeight = weight;
  }
  return best;
}

import { sameJson } from "@sluice/kernel";
import { type Backend, BackendSet } from "./backend.ts";
import { requestTest } from "./match.ts";
import { type Route, type VirtualHost, virtualHost } from "./route.ts";
import type { RoutedService } from "./routed-service.ts";
import type { HttpRouteEntry, VirtualServiceEntry } from "./table.ts";
import { WeightWheel } from "./weight-wheel.ts";

type FindService<B extends Backend> = (key: string) => RoutedService<B> | undefined;

/** A VirtualService made ready to route by. The same from table to table, while it and all that it leads to are. */
export class RoutedVirtualService<B extends Backend> {
  #entry: VirtualServiceEntry;
  /** Of its hosts that no other VirtualService has a part in. */
  readonly host: VirtualHost<B>;
  readonly routes: readonly Route<B>[];
  readonly #services = new Map<string, RoutedService<B> | undefined>();

  /** Takes over from the one `before` each weighted route's turn, where its weights are the same. */
  constructor(entry: VirtualServiceEntry, find: FindService<B>, before: RoutedVirtualService<B> | undefined) {
    this.#entry = entry;
    const ids = idsOf(entry.http);
    const earlier = new Map<string, Route<B>>();
    if (before !== undefined)
      for (const [index, id] of idsOf(before.#entry.http).entries()) {
        const route = before.routes[index];
        if (route !== undefined) earlier.set(id, route);
      }
    this.routes = entry.http.map((route, index) => this.#route(route, find, earlier.get(ids[index] ?? "")));
    this.host = virtualHost(this.routes);
  }

  /** True where this is what would be made of the entry, which is then told by its identity. */
  isFor(entry: VirtualServiceEntry, find: FindService<B>): boolean {
    if (!sameJson(this.#entry, entry)) return false;
    this.#entry = entry;
    for (const [key, service] of this.#services) if (find(key) !== service) return false;
    return true;
  }

  #route(entry: HttpRouteEntry, find: FindService<B>, before: Route<B> | undefined): Route<B> {
    const weights = weightsOf(entry);
    return {
      entry,
      stickyCookie: this.#entry.stickyCookie,
      tests: (entry.match ?? []).map((match) => ({ entry: match, test: requestTest(match) })),
      destinations: entry.destinations.map((destination) => this.#set(destination, find)),
      weights,
      wheel: wheelFor(weights, before),
      mirrors: entry.mirrors?.map((mirror) => ({ set: this.#set(mirror, find), percent: mirror.percent })),
    };
  }

  #set({ service: key, port, subset }: Leads, find: FindService<B>): BackendSet<B> {
    const service = find(key);
    this.#services.set(key, service);
    if (service !== undefined) return service.set(port, subset);
    const dot = key.indexOf(".");
    return new BackendSet<B>(key.slice(dot + 1), key.slice(0, dot), []);
  }
}

interface Leads {
  readonly service: string;
  readonly port?: number | undefined;
  readonly subset?: string | undefined;
}

/** Two routes may carry one name; their places tell them apart. */
const idsOf = (routes: readonly HttpRouteEntry[]): string[] => {
  const seen = new Set<string>();
  return routes.map(({ id }, index) => {
    const own = seen.has(id) ? `#${index}` : id;
    seen.add(id);
    return own;
  });
};

/** Whom no ring names, and who says no name, goes by the rings' share in place of the weights. */
const weightsOf = ({ destinations, rings }: HttpRouteEntry): number[] =>
  destinations.map(({ weight }, place) =>
    rings === undefined ? weight : place === rings.canary ? rings.share : 100 - rings.share,
  );

function wheelFor<B extends Backend>(
  weights: readonly number[],
  before: Route<B> | undefined,
): WeightWheel | undefined {
  if (weights.filter((weight) => weight > 0).length < 2) return undefined;
  if (before?.wheel?.fits(weights)) return before.wheel;
  // Whoever gained most goes first, so that a changed weight is seen by the next request.
  let first: number | undefined;
  let gain = 0;
  for (const [index, weight] of weights.entries()) {
    const more = weight - (before?.weights[index] ?? weight);
    if (more > gain) [first, gain] = [index, more];
  }
  return new WeightWheel(weights, first);
}

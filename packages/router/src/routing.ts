import { bucketOf, sameJson } from "@sluice/kernel";
import { type Backend, BackendSet, backendKey, type EndpointState } from "./backend.ts";
import { type RequestTest, type RouteRequest, requestTest } from "./match.ts";
import { canonicalHost, serviceKey } from "./service-name.ts";
import { stickyChoice } from "./sticky.ts";
import type {
  EndpointEntry,
  HttpMatchEntry,
  HttpRouteEntry,
  RouteTable,
  ServiceEntry,
  ServicePortEntry,
} from "./table.ts";
import { WeightWheel } from "./weight-wheel.ts";

export type MakeBackend<B extends Backend> = (
  key: string,
  service: ServiceEntry,
  endpoint: EndpointEntry,
  port: number,
) => B;

/** What the machine itself knows of an endpoint; `drained` gets nothing new, whatever happens. */
export type LocalState = EndpointState | "drained";

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

/** An address where a Service wants to be reached. */
export interface ServiceListener<B extends Backend> {
  /** The ClusterIP, where the Service has one. */
  readonly address: string | undefined;
  readonly port: number;
  readonly protocol: ServicePortEntry["protocol"];
  readonly host: VirtualHost<B>;
  readonly backends: BackendSet<B>;
}

const cachedHosts = 4096;

/**
 * A RouteTable made ready to route by. A new one takes over from the one before what lives longer than a table:
 * backends with what they are busy with, and each weighted route's turn, where its weights are the same.
 */
export class Routing<B extends Backend> {
  readonly table: RouteTable;
  readonly backends = new Map<string, B>();
  readonly listeners: readonly ServiceListener<B>[];
  /** Canonical hosts, wildcards included. */
  readonly #hosts = new Map<string, VirtualHost<B>>();
  readonly #found = new Map<string, VirtualHost<B> | undefined>();
  readonly #sets = new Map<string, BackendSet<B>>();
  readonly #routes = new Map<string, Route<B>>();
  readonly #services = new Map<string, ServiceEntry>();
  readonly #makeBackend: MakeBackend<B>;
  /** One for each Service and port, for requests that no VirtualService routes. */
  readonly #serviceHosts = new Map<string, VirtualHost<B>>();
  /** While it is being made: the one before, and the Services that are the same in both. */
  #previous: Routing<B> | undefined;
  readonly #same = new Set<string>();
  #local: ReadonlyMap<string, LocalState>;

  constructor(
    table: RouteTable,
    makeBackend: MakeBackend<B>,
    previous?: Routing<B>,
    local: ReadonlyMap<string, LocalState> = new Map(),
  ) {
    this.table = table;
    this.#makeBackend = makeBackend;
    this.#previous = previous;
    this.#local = local;
    for (const service of table.services) {
      const key = serviceKey(service.namespace, service.name);
      this.#services.set(key, service);
      if (previous !== undefined && sameJson(previous.#services.get(key), service)) this.#same.add(key);
      this.#hosts.set(key, this.#serviceHost(key, defaultPort(service)));
    }
    this.#addVirtualServices(table);
    this.#addShortNames(table);
    this.listeners = table.services.flatMap((service) => this.#listenersOf(service));
    this.#previous = undefined;
    this.#same.clear();
  }

  /** How many hosts it answers for. */
  get hostCount(): number {
    return this.#hosts.size;
  }

  /** By the Host header as it came. Exact names before wildcards, the longest wildcard first. */
  host(header: string): VirtualHost<B> | undefined {
    const found = this.#found.get(header);
    if (found !== undefined || this.#found.has(header)) return found;
    const host = this.#findHost(header);
    // Clients choose this header, so what is remembered of it is bounded.
    if (this.#found.size >= cachedHosts) this.#found.clear();
    this.#found.set(header, host);
    return host;
  }

  /** Takes what is seen locally in place of what was; it goes before the table. */
  overlay(local: ReadonlyMap<string, LocalState>): void {
    this.#local = local;
    for (const set of this.#sets.values()) set.refresh(this.#stateOf);
  }

  /** True where every set that the Pod is in has another that is ready. */
  spares(uid: string): boolean {
    for (const set of this.#sets.values()) if (!set.spares(uid, this.#stateOf)) return false;
    return true;
  }

  readonly #stateOf = (backend: B): LocalState => this.#local.get(backend.uid) ?? backend.state;

  #findHost(header: string): VirtualHost<B> | undefined {
    const name = canonicalHost(header);
    const exact = this.#hosts.get(name) ?? this.#hosts.get(canonicalHostOnly(header));
    if (exact !== undefined) return exact;
    const full = canonicalHostOnly(header);
    for (let dot = full.indexOf("."); dot >= 0; dot = full.indexOf(".", dot + 1)) {
      const wildcard = this.#hosts.get(`*${full.slice(dot)}`);
      if (wildcard !== undefined) return wildcard;
    }
    return this.#hosts.get("*");
  }

  #addVirtualServices(table: RouteTable): void {
    const routesOf = new Map<string, Route<B>[]>();
    for (const virtualService of table.virtualServices) {
      const owner = `${virtualService.namespace}/${virtualService.name}`;
      const routes = virtualService.http.map((entry, index) => {
        // Two routes may carry one name; their places tell them apart.
        const id = virtualService.http.findIndex(({ id }) => id === entry.id) === index ? entry.id : `#${index}`;
        const sets = entry.destinations.map(({ service, port, subset }) => this.#set(service, port, subset));
        const weights = weightsOf(entry);
        return this.#route(`${owner}/${id}`, entry, sets, weights, virtualService.stickyCookie);
      });
      for (const host of virtualService.hosts) {
        const others = routesOf.get(host);
        if (others === undefined) routesOf.set(host, [...routes]);
        else others.push(...routes);
      }
    }
    for (const [host, routes] of routesOf) {
      // https://github.com/istio/istio/blob/master/pilot/pkg/networking/core/route/route.go: SortVHostRoutes
      const caught = routes.filter((route) => route.tests.length > 0);
      const catchAll = routes.filter((route) => route.tests.length === 0);
      this.#hosts.set(host, virtualHost([...caught, ...catchAll]));
    }
  }

  /** `frontend` alone, where only one namespace has it, or `default` has. */
  #addShortNames(table: RouteTable): void {
    const owners = new Map<string, ServiceEntry[]>();
    for (const service of table.services) {
      const known = owners.get(service.name);
      if (known === undefined) owners.set(service.name, [service]);
      else known.push(service);
    }
    for (const [name, services] of owners) {
      const owner = services.find(({ namespace }) => namespace === "default") ?? services[0];
      const isClear = services.length === 1 || owner?.namespace === "default";
      if (owner === undefined || !isClear || this.#hosts.has(name)) continue;
      const host = this.#hosts.get(serviceKey(owner.namespace, name));
      if (host !== undefined) this.#hosts.set(name, host);
    }
  }

  #listenersOf(service: ServiceEntry): ServiceListener<B>[] {
    const address = service.clusterIP;
    const key = serviceKey(service.namespace, service.name);
    return service.ports.map((port) => {
      const backends = this.#set(key, port.number, undefined);
      const named = port.number === defaultPort(service)?.number ? this.#hosts.get(key) : undefined;
      const host = named ?? this.#serviceHost(key, port);
      return { address, port: port.number, protocol: port.protocol, host, backends };
    });
  }

  #serviceHost(key: string, port: ServicePortEntry | undefined): VirtualHost<B> {
    const set = this.#set(key, port?.number, undefined);
    const id = `${key}:${port?.number ?? ""}`;
    const before = this.#same.has(key) ? this.#previous : undefined;
    let host = before === undefined ? undefined : before.#serviceHosts.get(id);
    if (host === undefined) {
      const entry: HttpRouteEntry = { id, destinations: [{ service: key, weight: 100 }] };
      host = virtualHost<B>([
        {
          entry,
          stickyCookie: undefined,
          tests: [],
          destinations: [set],
          weights: [100],
          wheel: undefined,
          mirrors: undefined,
        },
      ]);
    }
    this.#serviceHosts.set(id, host);
    return host;
  }

  #route(
    key: string,
    entry: HttpRouteEntry,
    destinations: readonly BackendSet<B>[],
    weights: readonly number[],
    stickyCookie: string | undefined,
  ): Route<B> {
    const previous = this.#previous;
    const before = previous === undefined ? undefined : previous.#routes.get(key);
    const tests = (entry.match ?? []).map((match) => ({ entry: match, test: requestTest(match) }));
    const wheel = wheelFor(weights, before);
    const mirrors = entry.mirrors?.map(({ service, port, subset, percent }) => ({
      set: this.#set(service, port, subset),
      percent,
    }));
    const route: Route<B> = { entry, stickyCookie, tests, destinations, weights, wheel, mirrors };
    this.#routes.set(key, route);
    return route;
  }

  #set(serviceName: string, port: number | undefined, subset: string | undefined): BackendSet<B> {
    const service = this.#services.get(serviceName);
    const number = port ?? (service === undefined ? undefined : defaultPort(service)?.number);
    const key = `${serviceName}:${number ?? ""}/${subset ?? ""}`;
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const before = this.#setBefore(serviceName, key);
    if (before !== undefined) return before;
    const place = service?.ports.findIndex((candidate) => candidate.number === number) ?? -1;
    const backends: B[] = [];
    if (service !== undefined && place >= 0) {
      const chosen = subset === undefined ? service.endpoints : pick(service.endpoints, service.subsets?.[subset]);
      for (const endpoint of chosen) {
        const target = endpoint.ports[place] ?? 0;
        if (target > 0) backends.push(this.#backend(service, endpoint, target));
      }
    }
    const dot = serviceName.indexOf(".");
    const set = new BackendSet(
      service?.namespace ?? serviceName.slice(dot + 1),
      service?.name ?? serviceName.slice(0, dot),
      backends,
    );
    set.refresh(this.#stateOf);
    this.#sets.set(key, set);
    return set;
  }

  /** The set that stood for the same endpoints before, with its turn. */
  #setBefore(serviceName: string, key: string): BackendSet<B> | undefined {
    const previous = this.#same.has(serviceName) ? this.#previous : undefined;
    const set = previous === undefined ? undefined : previous.#sets.get(key);
    if (previous === undefined || set === undefined) return undefined;
    for (const backend of set.all) this.backends.set(backend.key, backend);
    if (previous.#local !== this.#local) set.refresh(this.#stateOf);
    this.#sets.set(key, set);
    return set;
  }

  #backend(service: ServiceEntry, endpoint: EndpointEntry, port: number): B {
    const key = backendKey(service, endpoint, port);
    let backend = this.backends.get(key);
    if (backend === undefined) {
      backend = this.#previous?.backends.get(key) ?? this.#makeBackend(key, service, endpoint, port);
      this.backends.set(key, backend);
      backend.state = endpoint.state ?? "ready";
    }
    return backend;
  }
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

/** Whom no ring names, and who says no name, goes by the rings' share in place of the weights. */
const weightsOf = ({ destinations, rings }: HttpRouteEntry): number[] =>
  destinations.map(({ weight }, place) =>
    rings === undefined ? weight : place === rings.canary ? rings.share : 100 - rings.share,
  );

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

function virtualHost<B extends Backend>(routes: readonly Route<B>[]): VirtualHost<B> {
  const first = routes[0];
  const always = first !== undefined && first.tests.length === 0 ? { route: first, matched: undefined } : undefined;
  return { routes, always };
}

/** Where a request by host name goes: the port that says http, else 80, else the first. */
const defaultPort = (service: ServiceEntry): ServicePortEntry | undefined =>
  service.ports.find(({ protocol }) => protocol === "http") ??
  service.ports.find(({ number }) => number === 80) ??
  service.ports[0];

const pick = <Item>(items: readonly Item[], places: readonly number[] | undefined): Item[] =>
  (places ?? []).flatMap((place) => items[place] ?? []);

/** Without port and final dot, but with its suffix: a VirtualService may name `shop.localhost` itself. */
function canonicalHostOnly(header: string): string {
  const colon = header.startsWith("[") ? header.indexOf("]") + 1 : header.indexOf(":");
  const name = (colon > 0 ? header.slice(0, colon) : header).toLowerCase();
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

import { sameJson } from "@sluice/kernel";
import { type Backend, BackendSet, backendKey, type EndpointState } from "./backend.ts";
import { type VirtualHost, virtualHost } from "./route.ts";
import { serviceKey } from "./service-name.ts";
import type { EndpointEntry, ServiceEntry, ServicePortEntry } from "./table.ts";

/** What the machine itself knows of an endpoint; `drained` gets nothing new, whatever happens. */
export type LocalState = EndpointState | "drained";

/** By Pod uid. */
export type LocalStates = ReadonlyMap<string, LocalState>;

export type MakeBackend<B extends Backend> = (
  key: string,
  service: ServiceEntry,
  endpoint: EndpointEntry,
  port: number,
) => B;

/** An address where a Service wants to be reached. */
export interface ServiceListener<B extends Backend> {
  /** The ClusterIP, where the Service has one. */
  readonly address: string | undefined;
  readonly port: number;
  readonly protocol: ServicePortEntry["protocol"];
  readonly host: VirtualHost<B>;
  readonly backends: BackendSet<B>;
}

/** A Service made ready to route to. The same from table to table, as long as it stands in them as it is. */
export class RoutedService<B extends Backend> {
  readonly key: string;
  #entry: ServiceEntry;
  readonly backends = new Map<string, B>();
  readonly #uids: ReadonlySet<string>;
  readonly #sets = new Map<string, BackendSet<B>>();
  readonly #hosts = new Map<number | undefined, VirtualHost<B>>();
  #local: LocalStates;
  #listeners: readonly ServiceListener<B>[] = [];
  #listenersFor: VirtualHost<B> | undefined;

  /** Takes over from the one `before` what its backends are busy with. */
  constructor(
    entry: ServiceEntry,
    makeBackend: MakeBackend<B>,
    before: RoutedService<B> | undefined,
    local: LocalStates,
  ) {
    this.key = serviceKey(entry.namespace, entry.name);
    this.#entry = entry;
    this.#local = local;
    this.#uids = new Set(entry.endpoints.map(({ uid }) => uid));
    for (const endpoint of entry.endpoints) {
      for (const port of endpoint.ports) {
        const key = backendKey(entry, endpoint, port);
        if (port <= 0 || this.backends.has(key)) continue;
        const backend = before?.backends.get(key) ?? makeBackend(key, entry, endpoint, port);
        backend.state = endpoint.state ?? "ready";
        this.backends.set(key, backend);
      }
    }
  }

  get entry(): ServiceEntry {
    return this.#entry;
  }

  /** True where this is what would be made of the entry, which is then told by its identity. */
  isFor(entry: ServiceEntry): boolean {
    if (!sameJson(this.#entry, entry)) return false;
    this.#entry = entry;
    return true;
  }

  /** Where a request by host name goes: the port that says http, else 80, else the first. */
  get defaultPort(): number | undefined {
    const { ports } = this.entry;
    const port =
      ports.find(({ protocol }) => protocol === "http") ?? ports.find(({ number }) => number === 80) ?? ports[0];
    return port?.number;
  }

  has(uid: string): boolean {
    return this.#uids.has(uid);
  }

  /** The backends at a port, by default the default one, of a subset, by default of all endpoints. */
  set(port = this.defaultPort, subset?: string): BackendSet<B> {
    const key = `${port ?? ""}/${subset ?? ""}`;
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = new BackendSet(this.entry.namespace, this.entry.name, this.#backendsAt(port, subset));
      set.refresh(this.#stateOf);
      this.#sets.set(key, set);
    }
    return set;
  }

  /** For requests that no VirtualService routes. */
  host(port = this.defaultPort): VirtualHost<B> {
    let host = this.#hosts.get(port);
    if (host === undefined) {
      host = virtualHost<B>([
        {
          entry: { id: `${this.key}:${port ?? ""}`, destinations: [{ service: this.key, weight: 100 }] },
          stickyCookie: undefined,
          tests: [],
          destinations: [this.set(port)],
          weights: [100],
          wheel: undefined,
          mirrors: undefined,
        },
      ]);
      this.#hosts.set(port, host);
    }
    return host;
  }

  /** `named`: who answers for its name, and so at its default port. */
  listeners(named: VirtualHost<B>): readonly ServiceListener<B>[] {
    if (this.#listenersFor === named) return this.#listeners;
    this.#listenersFor = named;
    this.#listeners = this.entry.ports.map(({ number, protocol }) => ({
      address: this.entry.clusterIP,
      port: number,
      protocol,
      host: number === this.defaultPort ? named : this.host(number),
      backends: this.set(number),
    }));
    return this.#listeners;
  }

  /** What is seen locally goes before the table. */
  overlay(local: LocalStates): void {
    this.#local = local;
    for (const set of this.#sets.values()) set.refresh(this.#stateOf);
  }

  /** True where every set that the Pod is in has another that is ready. */
  spares(uid: string): boolean {
    for (const set of this.#sets.values()) if (!set.spares(uid, this.#stateOf)) return false;
    return true;
  }

  readonly #stateOf = (backend: B): LocalState => this.#local.get(backend.uid) ?? backend.state;

  #backendsAt(port: number | undefined, subset: string | undefined): readonly B[] {
    const { entry } = this;
    const place = entry.ports.findIndex(({ number }) => number === port);
    if (place < 0) return [];
    const endpoints = subset === undefined ? entry.endpoints : pick(entry.endpoints, entry.subsets?.[subset]);
    return endpoints.flatMap((endpoint) => {
      const target = endpoint.ports[place] ?? 0;
      return target > 0 ? (this.backends.get(backendKey(entry, endpoint, target)) ?? []) : [];
    });
  }
}

const pick = <Item>(items: readonly Item[], places: readonly number[] | undefined): Item[] =>
  (places ?? []).flatMap((place) => items[place] ?? []);

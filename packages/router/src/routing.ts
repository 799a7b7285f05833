import type { Backend } from "./backend.ts";
import { type VirtualHost, virtualHost } from "./route.ts";
import { type LocalStates, type MakeBackend, RoutedService, type ServiceListener } from "./routed-service.ts";
import { RoutedVirtualService } from "./routed-virtual-service.ts";
import { canonicalHost, serviceKey } from "./service-name.ts";
import type { RouteTable, ServiceEntry, VirtualServiceEntry } from "./table.ts";

const cachedHosts = 4096;

/**
 * A RouteTable made ready to route by. A new one takes over from the one before what lives longer than a table:
 * Services and VirtualServices that are the same in both, backends with what they are busy with, and each weighted
 * route's turn, where its weights are the same.
 */
export class Routing<B extends Backend> {
  readonly table: RouteTable;
  /** Canonical hosts, wildcards included. */
  readonly #hosts = new Map<string, VirtualHost<B>>();
  readonly #found = new Map<string, VirtualHost<B> | undefined>();
  readonly #services = new Map<string, RoutedService<B>>();
  readonly #virtualServices = new Map<string, RoutedVirtualService<B>>();
  #local: LocalStates;

  constructor(table: RouteTable, makeBackend: MakeBackend<B>, previous?: Routing<B>, local: LocalStates = new Map()) {
    this.table = table;
    this.#local = local;
    const seenAnew = previous === undefined ? [] : changedStates(previous.#local, local);
    for (const entry of table.services) this.#addService(entry, makeBackend, previous, seenAnew);
    this.#addVirtualServices(table.virtualServices, previous);
    this.#addShortNames();
  }

  /** How many hosts it answers for. */
  get hostCount(): number {
    return this.#hosts.size;
  }

  *backends(): IterableIterator<B> {
    for (const { backends } of this.#services.values()) yield* backends.values();
  }

  *listeners(): IterableIterator<ServiceListener<B>> {
    for (const [key, service] of this.#services) yield* service.listeners(this.#hosts.get(key) ?? service.host());
  }

  /** True where a Service has the Pod. */
  has(uid: string): boolean {
    for (const service of this.#services.values()) if (service.has(uid)) return true;
    return false;
  }

  /** The backends of the Pod. */
  *backendsOf(uid: string): IterableIterator<B> {
    for (const service of this.#services.values()) {
      if (!service.has(uid)) continue;
      for (const backend of service.backends.values()) if (backend.uid === uid) yield backend;
    }
  }

  /** What it had and `next` hasn't. */
  *leavers(next: Routing<B>): IterableIterator<B> {
    for (const [name, service] of this.#services) {
      const stays = next.#services.get(name);
      if (stays === service) continue;
      for (const [key, backend] of service.backends) if (stays?.backends.has(key) !== true) yield backend;
    }
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
  overlay(local: LocalStates): void {
    const seenAnew = changedStates(this.#local, local);
    this.#local = local;
    for (const service of this.#services.values()) {
      if (seenAnew.some((uid) => service.has(uid))) service.overlay(local);
    }
  }

  /** True where every set that the Pod is in has another that is ready. */
  spares(uid: string): boolean {
    for (const service of this.#services.values()) if (service.has(uid) && !service.spares(uid)) return false;
    return true;
  }

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

  #addService(
    entry: ServiceEntry,
    makeBackend: MakeBackend<B>,
    previous: Routing<B> | undefined,
    seenAnew: readonly string[],
  ): void {
    const before = previous === undefined ? undefined : previous.#services.get(serviceKey(entry.namespace, entry.name));
    const service = before?.isFor(entry) === true ? before : new RoutedService(entry, makeBackend, before, this.#local);
    if (service === before && seenAnew.some((uid) => service.has(uid))) service.overlay(this.#local);
    this.#services.set(service.key, service);
    this.#hosts.set(service.key, service.host());
  }

  #addVirtualServices(entries: readonly VirtualServiceEntry[], previous: Routing<B> | undefined): void {
    const find = (key: string) => this.#services.get(key);
    const byHost = new Map<string, RoutedVirtualService<B>[]>();
    for (const entry of entries) {
      const key = `${entry.namespace}/${entry.name}`;
      const before = previous === undefined ? undefined : previous.#virtualServices.get(key);
      const routed = before?.isFor(entry, find) === true ? before : new RoutedVirtualService(entry, find, before);
      this.#virtualServices.set(key, routed);
      for (const host of entry.hosts) {
        const others = byHost.get(host);
        if (others === undefined) byHost.set(host, [routed]);
        else others.push(routed);
      }
    }
    for (const [host, owners] of byHost) {
      const [only, ...others] = owners;
      if (only !== undefined && others.length === 0) this.#hosts.set(host, only.host);
      else this.#hosts.set(host, virtualHost(owners.flatMap(({ routes }) => routes)));
    }
  }

  /** `frontend` alone, where only one namespace has it, or `default` has. */
  #addShortNames(): void {
    const owners = new Map<string, RoutedService<B> | undefined>();
    for (const service of this.#services.values()) {
      const { name, namespace } = service.entry;
      if (namespace === "default" || !owners.has(name)) owners.set(name, service);
      else if (owners.get(name)?.entry.namespace !== "default") owners.set(name, undefined);
    }
    for (const [name, owner] of owners) {
      const host = owner === undefined || this.#hosts.has(name) ? undefined : this.#hosts.get(owner.key);
      if (host !== undefined) this.#hosts.set(name, host);
    }
  }
}

/** The Pods of which something else is seen than before. */
function changedStates(before: LocalStates, now: LocalStates): readonly string[] {
  if (before === now) return [];
  const changed: string[] = [];
  for (const [uid, state] of now) if (before.get(uid) !== state) changed.push(uid);
  for (const uid of before.keys()) if (!now.has(uid)) changed.push(uid);
  return changed;
}

/** Without port and final dot, but with its suffix: a VirtualService may name `shop.localhost` itself. */
function canonicalHostOnly(header: string): string {
  const colon = header.startsWith("[") ? header.indexOf("]") + 1 : header.indexOf(":");
  const name = (colon > 0 ? header.slice(0, colon) : header).toLowerCase();
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

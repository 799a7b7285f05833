import { createServer, type Server, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import {
  after,
  between,
  type Clock,
  Fault,
  type Millis,
  millis,
  type Random,
  seconds,
  type Timer,
} from "@sluice/kernel";
import type { EndpointState } from "../backend.ts";
import { mirrored, RequestMetrics, type VersionCounts } from "../request-metrics.ts";
import { RingMetrics } from "../ring-metrics.ts";
import type { LocalState, LocalStates, MakeBackend, ServiceListener } from "../routed-service.ts";
import { Routing } from "../routing.ts";
import { serviceAddress } from "../service-address.ts";
import { emptyRouteTable, type RouteTable } from "../table.ts";
import { afterReading } from "./after-reading.ts";
import { ClientConnection } from "./client-connection.ts";
import { noStats, type RouterStats, type SharedState } from "./shared-state.ts";
import { detectHttp, forwardTcp } from "./tcp-forward.ts";
import { RoutedBackend } from "./upstream.ts";

export interface RouterOptions {
  readonly clock: Clock;
  readonly log?: (level: "info" | "warn", message: string) => void;
  /** Monotonic milliseconds with fractions; the process's own where absent. */
  readonly now?: () => number;
  /** For the jitter of retries alone. */
  readonly random?: Random;
  /** Also listen where `serviceAddress` says that each port of a Service is reached. */
  readonly listensOnServices?: boolean;
  /** False for an ordinary user, who can't bind ports below 1024. Default true. */
  readonly bindsPrivilegedPorts?: boolean;
  /** Default 10,000. Further ones are closed as they come. */
  readonly maxConnections?: number;
}

/** A listening socket and what it is for: `router`, or `service ADDRESS:PORT`. */
export interface ListeningSocket {
  readonly role: string;
  readonly server: Server;
}

export interface Router {
  /** Routes by this table from the next request on. Requests under way end where they are. */
  apply(table: RouteTable): void;
  /** By Pod uid, what is seen on this machine; it goes before the table, until the next call. */
  overlay(states: ReadonlyMap<string, EndpointState>): void;
  /** Faults: `unavailable` where the address can't be had. Gives the address, with the port that port 0 became. */
  listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }>;
  /**
   * Goes on with a socket that another router listened on. Apply the table first, and adopt in the turn in which the
   * socket arrives: a connection that nobody listens for is lost.
   */
  adopt(socket: ListeningSocket): void;
  /** What a successor needs to `adopt`. */
  readonly sockets: readonly ListeningSocket[];
  /**
   * Gives the Pod nothing new, once another is ready in its place or three seconds have shown that none comes; `isEnd`:
   * at once, since none will. True once its requests are answered, false where the wait ended first.
   */
  drain(podUid: string, wait: Millis, isEnd?: boolean): Promise<boolean>;
  /** In Prometheus' text format. */
  metricsText(): string;
  readonly stats: Readonly<RouterStats>;
  readonly version: number;
  /** Addresses that couldn't be listened on, and why. */
  readonly problems: readonly string[];
  /** Takes no new connection; requests under way end, within `graceful`, and each answer ends its connection. */
  close(options?: { readonly graceful?: Millis }): Promise<void>;
}

/** How long the last ready backend of a Service is kept while nothing takes its place. */
const lastOnePatience = seconds(3);

/** Idle clients are given this long to send their next request, and be told with its answer to connect anew. */
const idleGraceMillis = 5000;

export function createRouter(options: RouterOptions): Router {
  return new SocketRouter(options);
}

/** Where a Service's listener listens on this machine. */
interface PlacedListener {
  readonly role: string;
  readonly host: string;
  readonly port: number;
  readonly listener: ServiceListener<RoutedBackend>;
}

class SocketRouter implements Router {
  readonly #options: RouterOptions;
  readonly #shared: SharedState;
  readonly #connections = new Set<ClientConnection>();
  readonly #rawSockets = new Set<Socket>();
  readonly #sockets = new Map<string, Server>();
  readonly #problems = new Map<string, string>();
  readonly #drains = new Map<string, Set<() => void>>();
  readonly #drained = new Set<string>();
  #listeners = new Map<string, PlacedListener>();
  readonly #places = new WeakMap<ServiceListener<RoutedBackend>, PlacedListener>();
  #seen: ReadonlyMap<string, EndpointState> = new Map();
  #sweeper: Timer;
  #onEmpty: (() => void) | undefined;

  constructor(options: RouterOptions) {
    const now = options.now ?? (() => performance.now());
    const metrics = new RequestMetrics();
    this.#options = options;
    this.#shared = {
      routing: new Routing<RoutedBackend>(emptyRouteTable, () => {
        throw new Fault("bug", "the empty table has no backends");
      }),
      metrics,
      mirrorMetrics: new RequestMetrics(mirrored),
      ringMetrics: new RingMetrics(),
      unmatched: metrics.version({ namespace: "", service: "", version: "", hash: "" }),
      clock: options.clock,
      now,
      random: options.random ?? { next: Math.random },
      stats: noStats(),
      isClosing: false,
      onReleased: undefined,
    };
    this.#sweeper = afterReading(options.clock, seconds(1), () => this.#sweep());
  }

  get stats(): Readonly<RouterStats> {
    return this.#shared.stats;
  }

  get version(): number {
    return this.#shared.routing.table.version;
  }

  get problems(): readonly string[] {
    return [...this.#problems.values()];
  }

  get sockets(): readonly ListeningSocket[] {
    return [...this.#sockets].map(([role, server]) => ({ role, server }));
  }

  apply(table: RouteTable): void {
    const shared = this.#shared;
    const before = shared.routing;
    const make: MakeBackend<RoutedBackend> = (key, service, endpoint, port) => {
      const { version = "", hash = "" } = endpoint;
      const counts = shared.metrics.version({ namespace: service.namespace, service: service.name, version, hash });
      counts.beBorn();
      return new RoutedBackend(key, service, endpoint, port, counts, shared.now);
    };
    const routing = new Routing(table, make, before, this.#local());
    shared.routing = routing;
    for (const backend of before.leavers(routing)) backend.leave();
    for (const uid of this.#drained) if (!routing.has(uid)) this.#drained.delete(uid);
    if (this.#options.listensOnServices === true) this.#listenOnServices(routing);
  }

  overlay(states: ReadonlyMap<string, EndpointState>): void {
    this.#seen = states;
    this.#shared.routing.overlay(this.#local());
  }

  async listen(address: { readonly host: string; readonly port: number }): Promise<{ host: string; port: number }> {
    const adopted = this.#sockets.get("router");
    const server = adopted ?? (await this.#listenAt("router", address.host, address.port));
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Fault("bug", "the router listens on no TCP port");
    return { host: bound.address, port: bound.port };
  }

  adopt(socket: ListeningSocket): void {
    this.#sockets.set(socket.role, socket.server);
    this.#problems.delete(socket.role);
    socket.server.on("connection", (client: Socket) => this.#onConnection(socket.role, client));
  }

  async drain(podUid: string, wait: Millis, isEnd = false): Promise<boolean> {
    const { clock } = this.#options;
    const begun = clock.now();
    // The Pod that replaces it is ready, but the table that says so may still be on its way.
    const patience = after(begun, millis(isEnd ? 0 : Math.min(wait, lastOnePatience)));
    while (!this.#shared.routing.spares(podUid) && clock.now() < patience) {
      await new Promise<void>((resolve) => clock.after(millis(20), resolve));
    }
    return this.#drainNow(podUid, millis(Math.max(0, wait - between(begun, clock.now()))));
  }

  #drainNow(podUid: string, wait: Millis): Promise<boolean> {
    this.#drained.add(podUid);
    this.#shared.routing.overlay(this.#local());
    const ofPod = () => [...this.#shared.routing.backendsOf(podUid)];
    for (const backend of ofPod()) backend.leave();
    const outstanding = () => ofPod().reduce((count, backend) => count + backend.outstanding, 0);
    if (outstanding() === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (isDrained: boolean) => {
        timer.cancel();
        const waiting = this.#drains.get(podUid);
        waiting?.delete(check);
        if (waiting?.size === 0) this.#drains.delete(podUid);
        if (this.#drains.size === 0) this.#shared.onReleased = undefined;
        resolve(isDrained);
      };
      const check = () => {
        if (outstanding() === 0) end(true);
      };
      const timer = this.#options.clock.after(wait, () => end(false));
      const waiting = this.#drains.get(podUid) ?? new Set();
      this.#drains.set(podUid, waiting.add(check));
      this.#shared.onReleased = (backend) => {
        for (const one of [...(this.#drains.get(backend.uid) ?? [])]) one();
      };
    });
  }

  metricsText(): string {
    const { metrics, mirrorMetrics, ringMetrics } = this.#shared;
    return metrics.text() + mirrorMetrics.text() + ringMetrics.text();
  }

  async close(options: { readonly graceful?: Millis } = {}): Promise<void> {
    const shared = this.#shared;
    shared.isClosing = true;
    for (const server of this.#sockets.values()) server.close();
    this.#sockets.clear();
    const graceful = options.graceful ?? millis(0);
    if (graceful > 0 && this.#connections.size + this.#rawSockets.size > 0) {
      const { clock } = this.#options;
      await new Promise<void>((resolve) => {
        const idle = afterReading(clock, millis(Math.min(idleGraceMillis, graceful / 2)), () => {
          for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
        });
        const end = clock.after(graceful, resolve);
        this.#onEmpty = () => {
          idle.cancel();
          end.cancel();
          resolve();
        };
      });
    }
    this.#sweeper.cancel();
    for (const connection of this.#connections) connection.destroy();
    for (const socket of this.#rawSockets) socket.destroy();
    for (const backend of shared.routing.backends()) backend.leave();
  }

  #local(): LocalStates {
    if (this.#drained.size === 0) return this.#seen;
    const local = new Map<string, LocalState>(this.#seen);
    for (const uid of this.#drained) local.set(uid, "drained");
    return local;
  }

  #listenAt(role: string, host: string, port: number): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer((client) => this.#onConnection(role, client));
      server.maxConnections = this.#options.maxConnections ?? 10_000;
      server.once("error", (cause: NodeJS.ErrnoException) => {
        const text = `${host}:${port} can't be listened on: ${cause.code ?? cause.message}`;
        reject(new Fault("unavailable", text, { cause }));
      });
      server.listen({ host, port, backlog: 4096 }, () => {
        this.#sockets.set(role, server);
        resolve(server);
      });
    });
  }

  #listenOnServices(routing: Routing<RoutedBackend>): void {
    const wanted = new Map<string, PlacedListener>();
    for (const listener of routing.listeners()) {
      const placed = this.#placeOf(listener);
      wanted.set(placed.role, placed);
    }
    for (const [role, server] of this.#sockets) {
      if (role === "router" || wanted.has(role)) continue;
      server.close();
      this.#sockets.delete(role);
    }
    for (const role of this.#problems.keys()) if (!wanted.has(role)) this.#problems.delete(role);
    const before = this.#listeners;
    this.#listeners = wanted;
    for (const [role, { host, port }] of wanted) {
      if (this.#sockets.has(role) || (before.has(role) && !this.#problems.has(role))) continue;
      this.#problems.delete(role);
      this.#listenAt(role, host, port).then(
        (server) => {
          if (!this.#listeners.has(role) || this.#shared.isClosing) {
            server.close();
            this.#sockets.delete(role);
          }
        },
        (fault: Error) => {
          if (this.#sockets.has(role)) return; // adopted in the meantime
          this.#problems.set(role, fault.message);
          this.#options.log?.("warn", fault.message);
        },
      );
    }
  }

  #placeOf(listener: ServiceListener<RoutedBackend>): PlacedListener {
    let placed = this.#places.get(listener);
    if (placed === undefined) {
      const { namespace, service: name } = listener.backends;
      const { bindsPrivilegedPorts = true } = this.#options;
      const service = { namespace, name, clusterIP: listener.address };
      const { host, port } = serviceAddress(service, listener.port, { bindsPrivilegedPorts });
      placed = { role: `service ${host}:${port}`, host, port, listener };
      this.#places.set(listener, placed);
    }
    return placed;
  }

  #onConnection(role: string, client: Socket): void {
    client.setNoDelay(true);
    if (role === "router") {
      this.#serve(client);
      return;
    }
    const listener = this.#listeners.get(role)?.listener;
    if (listener === undefined) client.destroy();
    else if (listener.protocol === "http") this.#serve(client, role);
    else if (listener.protocol === "tcp") this.#pass(client, listener);
    else {
      detectHttp(client, this.#options.clock, (isHttp) => {
        if (isHttp) this.#serve(client, role);
        else this.#pass(client, this.#listeners.get(role)?.listener ?? listener);
      });
    }
  }

  #serve(client: Socket, role?: string): void {
    const fixedHost = role === undefined ? undefined : () => this.#listeners.get(role)?.listener.host;
    const connection = new ClientConnection(client, this.#shared, fixedHost);
    this.#connections.add(connection);
    this.#shared.stats.connections++;
    client.on("close", () => {
      this.#connections.delete(connection);
      this.#shared.stats.connections--;
      this.#checkEmpty();
    });
    if (client.isPaused()) client.resume();
  }

  #pass(client: Socket, listener: ServiceListener<RoutedBackend>): void {
    this.#rawSockets.add(client);
    client.on("close", () => {
      this.#rawSockets.delete(client);
      this.#checkEmpty();
    });
    forwardTcp(client, listener.backends, this.#shared.now);
  }

  #checkEmpty(): void {
    if (this.#connections.size + this.#rawSockets.size === 0) this.#onEmpty?.();
  }

  #sweep(): void {
    const now = this.#shared.now();
    for (const connection of this.#connections) connection.sweep(now);
    const living = new Set<VersionCounts>([this.#shared.unmatched]);
    const copied = new Set<VersionCounts>();
    for (const backend of this.#shared.routing.backends()) {
      backend.sweep();
      living.add(backend.counts);
      if (backend.mirrorCounts !== undefined) copied.add(backend.mirrorCounts);
    }
    this.#shared.metrics.retire(living, now);
    this.#shared.mirrorMetrics.retire(copied, now);
    this.#sweeper = afterReading(this.#options.clock, seconds(1), () => this.#sweep());
  }
}

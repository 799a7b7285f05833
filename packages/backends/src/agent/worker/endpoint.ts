import type { ContainerPort, Pod } from "@sluice/api";
import { type Instant, sameJson } from "@sluice/kernel";
import { type Listener, listenersOn, ownersOf } from "../network/listeners.ts";
import { type Address, findAddress, type MappedPort } from "../network/port-map.ts";

/** What the router must know of a Pod on this machine, sooner than the API tells it. */
export interface EndpointState {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  readonly ports: readonly EndpointPortState[];
}

export interface EndpointPortState extends Address {
  readonly containerPort: number;
  readonly name?: string;
}

/** Finds and remembers where a Pod's ports really listen. */
export class PortFinder {
  readonly #ports: readonly MappedPort[];
  readonly #podIP: string;
  readonly #found = new Map<number, Address>();

  constructor(ports: readonly MappedPort[], podIP: string) {
    this.#ports = ports;
    this.#podIP = podIP;
  }

  get isComplete(): boolean {
    return this.#ports.every(({ containerPort }) => this.#found.has(containerPort));
  }

  /** A container began anew: its ports are to be found again. */
  forget(container: string): void {
    for (const port of this.#ports) if (port.container === container) this.#found.delete(port.containerPort);
  }

  known(): readonly EndpointPortState[] {
    return this.#ports.flatMap(({ containerPort, name }) => {
      const address = this.#found.get(containerPort);
      return address === undefined ? [] : [{ containerPort, ...(name === undefined ? {} : { name }), ...address }];
    });
  }

  /** Looks for the ports of a container that aren't known yet. `group` is its process group. */
  look(container: string, group: number): void {
    const missing = this.#ports.filter((port) => port.container === container && !this.#found.has(port.containerPort));
    if (missing.length === 0) return;
    const listeners = listenersOn(new Set(missing.flatMap(({ containerPort, hostPort }) => [containerPort, hostPort])));
    const isOwn = ownership(group);
    for (const port of missing) {
      const address = findAddress(port, this.#podIP, listeners, isOwn);
      if (address !== undefined) this.#found.set(port.containerPort, address);
    }
  }

  /** Where to probe a port, declared or not. */
  addressOf(container: string, port: number, group: number): Address | undefined {
    this.look(container, group);
    const found = this.#found.get(port);
    if (found !== undefined || this.#ports.some(({ containerPort }) => containerPort === port)) return found;
    return findAddress(
      { containerPort: port, hostPort: port },
      this.#podIP,
      listenersOn(new Set([port])),
      ownership(group),
    );
  }

  /** True where a stranger holds a port that the container declares. */
  isTaken(declared: readonly ContainerPort[]): boolean {
    const wildcard = new Set(["0.0.0.0", "::", "127.0.0.1", this.#podIP]);
    return listenersOn(new Set(declared.map(({ containerPort }) => containerPort))).some(({ address }) =>
      wildcard.has(address),
    );
  }
}

/** Scans the process table at most once, and only if asked. */
function ownership(group: number): (listener: Listener) => boolean {
  let owners: ReadonlySet<string> | undefined;
  return ({ owner }) => {
    owners ??= ownersOf(group);
    return owners.has(owner);
  };
}

/** The value of the `sluice.dev/ports` annotation. */
export function portsText(ports: readonly EndpointPortState[], podIP: string): string {
  const entries = ports.map(({ containerPort, host, port }) => [
    containerPort,
    host === podIP ? port : addressText(host, port),
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

const addressText = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

export function endpointState(
  pod: Pod,
  isReady: boolean,
  isTerminating: boolean,
  ports: readonly EndpointPortState[],
): EndpointState {
  const { uid = "", namespace = "default", name } = pod.metadata;
  return { uid, namespace, name, isReady: isReady && !isTerminating, isTerminating, ports };
}

export const isSameEndpoint = (a: EndpointState | undefined, b: EndpointState): boolean => sameJson(a, b);

/** When to look again for ports that a ready Pod hasn't opened: soon, then ever less often. */
export const nextLook = (startedAt: Instant, now: Instant): number =>
  Math.min(30_000, Math.max(250, (now - startedAt) / 2));

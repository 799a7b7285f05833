import type { EndpointEntry, ServiceEntry } from "./table.ts";

export type EndpointState = "ready" | "notReady" | "terminating";

/** One endpoint of one Service at one port. Lives as long as tables name it, so that what is counted stays counted. */
export class Backend {
  readonly key: string;
  readonly namespace: string;
  readonly service: string;
  readonly uid: string;
  readonly pod: string | undefined;
  readonly address: string;
  readonly port: number;
  readonly version: string;
  readonly hash: string;
  /** What the table says; what is seen locally goes before it. */
  state: EndpointState = "ready";
  /** Requests it has not yet answered. */
  outstanding = 0;
  /** It refused a connection: until then others are tried first. In the router's own milliseconds. */
  suspectUntil = 0;

  constructor(key: string, service: ServiceEntry, endpoint: EndpointEntry, port: number) {
    this.key = key;
    this.namespace = service.namespace;
    this.service = service.name;
    this.uid = endpoint.uid;
    this.pod = endpoint.pod;
    this.address = endpoint.address;
    this.port = port;
    this.version = endpoint.version ?? "";
    this.hash = endpoint.hash ?? "";
  }
}

/** Equal keys mean one and the same backend, with the same labels. */
export const backendKey = (service: ServiceEntry, endpoint: EndpointEntry, port: number): string =>
  `${service.namespace}|${service.name}|${endpoint.uid}|${endpoint.address}|${port}|${endpoint.version}|${endpoint.hash}`;

/** How many backends are compared for the least outstanding requests. */
const compared = 8;

/** The backends of one Service, port and subset. */
export class BackendSet<B extends Backend> {
  readonly namespace: string;
  readonly service: string;
  readonly all: readonly B[];
  #usable: readonly B[] = [];
  #cursor = 0;

  constructor(namespace: string, service: string, all: readonly B[]) {
    this.namespace = namespace;
    this.service = service;
    this.all = all;
  }

  get isReady(): boolean {
    return this.#usable.length > 0;
  }

  /** Ready ones; where there is none, those that still serve while they end. */
  refresh(stateOf: (backend: B) => EndpointState | "drained"): void {
    const ready = this.all.filter((backend) => stateOf(backend) === "ready");
    this.#usable = ready.length > 0 ? ready : this.all.filter((backend) => stateOf(backend) === "terminating");
  }

  /** True where this set could do without the Pod: it has none of it, or another that is ready. */
  spares(uid: string, stateOf: (backend: B) => EndpointState | "drained"): boolean {
    const others = this.all.filter((backend) => backend.uid !== uid);
    return others.length === this.all.length || others.some((backend) => stateOf(backend) === "ready");
  }

  /** The least busy of a few, in turn; `tried` ones and suspects only where nothing else is left. */
  choose(now: number, tried?: ReadonlySet<Backend>): B | undefined {
    const usable = this.#usable;
    if (usable.length === 1 && tried === undefined) return usable[0];
    let best: B | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    let looked = 0;
    const start = this.#cursor;
    for (let step = 0; step < usable.length && looked < compared; step++) {
      const place = (start + step) % usable.length;
      const backend = usable[place];
      if (backend === undefined || tried?.has(backend)) continue;
      looked++;
      const rank = backend.suspectUntil > now ? 1e9 + backend.outstanding : backend.outstanding;
      if (rank < bestRank) {
        best = backend;
        bestRank = rank;
        this.#cursor = place + 1;
        if (rank === 0) break;
      }
    }
    return best;
  }
}

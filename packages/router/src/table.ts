/**
 * What the control plane hands to the router: plain JSON, close to the resources it came from,
 * so that a person can read it and a stored copy of an older program still makes sense.
 */
export interface RouteTable {
  readonly format: 1;
  /** Grows with every change. A router never goes back to a lower one by itself. */
  readonly version: number;
  readonly services: readonly ServiceEntry[];
  readonly virtualServices: readonly VirtualServiceEntry[];
}

export interface ServiceEntry {
  readonly namespace: string;
  readonly name: string;
  /** Where Pods reach it; absent for headless Services. */
  readonly clusterIP?: string;
  readonly ports: readonly ServicePortEntry[];
  readonly endpoints: readonly EndpointEntry[];
  /** A DestinationRule's subsets: indexes into `endpoints`. */
  readonly subsets?: Readonly<Record<string, readonly number[]>>;
}

export interface ServicePortEntry {
  readonly name?: string;
  readonly number: number;
  /** `detect`: nothing says what it speaks, so the first bytes do. */
  readonly protocol: "http" | "tcp" | "detect";
}

export interface EndpointEntry {
  /** The Pod's uid, or the address where the endpoint is no Pod's. */
  readonly uid: string;
  readonly pod?: string;
  readonly address: string;
  /** Where each of the Service's ports listens, in their order; 0 where this endpoint lacks it. */
  readonly ports: readonly number[];
  /** Absent means ready. `terminating` still serves, and is used only when nothing else is left. */
  readonly state?: "notReady" | "terminating";
  readonly version?: string;
  readonly hash?: string;
}

export interface VirtualServiceEntry {
  readonly namespace: string;
  readonly name: string;
  /** Orders the routes of several on one host: the oldest first. */
  readonly createdAt?: string;
  /** `name.namespace` for Services; else the host itself, `*.suffix`, or `*`. */
  readonly hosts: readonly string[];
  /** The cookie by whose value a user stays on one version. */
  readonly stickyCookie?: string;
  readonly http: readonly HttpRouteEntry[];
}

export type StringMatchEntry = { readonly exact: string } | { readonly prefix: string } | { readonly regex: string };

export interface HttpMatchEntry {
  readonly uri?: StringMatchEntry;
  readonly ignoreUriCase?: true;
  readonly method?: StringMatchEntry;
  /** Names in lower case; `present` asks only that the header is there. */
  readonly headers?: Readonly<Record<string, StringMatchEntry | "present">>;
  readonly withoutHeaders?: Readonly<Record<string, StringMatchEntry | "present">>;
  readonly queryParams?: Readonly<Record<string, StringMatchEntry | "present">>;
}

export interface HttpRouteEntry {
  /** The route's name, or `#` and its place: what keeps its turn across tables. */
  readonly id: string;
  /** Any of these; absent matches everything. */
  readonly match?: readonly HttpMatchEntry[];
  readonly destinations: readonly DestinationEntry[];
  readonly redirect?: RedirectEntry;
  readonly rewrite?: { readonly uri?: string; readonly authority?: string };
  readonly retries?: RetryEntry;
  /** Until the response's head; a body may take as long as it likes. */
  readonly timeoutMillis?: number;
  /** Who gets copies of the requests; nobody waits for their answers. */
  readonly mirrors?: readonly MirrorEntry[];
  readonly fault?: FaultEntry;
  readonly rings?: RingsEntry;
  readonly headers?: { readonly request?: HeaderChanges; readonly response?: HeaderChanges };
}

/** Who gets the canary, while it has some of the weight and not all of it. */
export interface RingsEntry {
  readonly rollout: string;
  readonly namespace: string;
  /** Places among the route's destinations. */
  readonly canary: number;
  readonly stable: number;
  readonly user?: RequestFieldEntry;
  readonly salt: string;
  /** Percent of the users whom no ring names, and of the requests that say no user. */
  readonly share: number;
  /** From the first to the last. */
  readonly rings: readonly RingEntry[];
}

export interface RingEntry {
  readonly name: string;
  readonly isOn: boolean;
  readonly who: readonly CohortEntry[];
}

export interface RequestFieldEntry {
  readonly cookie?: string;
  /** In lower case. */
  readonly header?: string;
}

export interface CohortEntry extends RequestFieldEntry {
  readonly operator: "equals" | "contains" | "in" | "not_in";
  readonly values: readonly string[];
}

export interface MirrorEntry {
  /** `name.namespace`. */
  readonly service: string;
  readonly subset?: string;
  readonly port?: number;
  /** Above 0, at most 100. */
  readonly percent: number;
}

/** Both may be: the wait comes first. Percentages are above 0, at most 100. */
export interface FaultEntry {
  readonly delay?: { readonly millis: number; readonly percent: number };
  readonly abort?: { readonly status: number; readonly percent: number };
}

/** Names in lower case. Taking away comes first. */
export interface HeaderChanges {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface DestinationEntry {
  /** `name.namespace`. */
  readonly service: string;
  readonly subset?: string;
  readonly port?: number;
  readonly weight: number;
}

export interface RedirectEntry {
  readonly uri?: string;
  readonly authority?: string;
  readonly scheme?: string;
  readonly port?: number;
  readonly code: number;
}

export interface RetryEntry {
  readonly attempts: number;
  readonly perTryTimeoutMillis?: number;
  readonly on: readonly RetryReason[];
  readonly codes?: readonly number[];
}

export type RetryReason = "5xx" | "gateway-error" | "reset" | "connect-failure" | "retriable-4xx";

export const emptyRouteTable: RouteTable = { format: 1, version: 0, services: [], virtualServices: [] };

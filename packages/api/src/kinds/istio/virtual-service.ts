import type { Kind } from "../../contract/resource.ts";
import type { Labels } from "../quantities.ts";

export type IstioVersion = "networking.istio.io/v1" | "networking.istio.io/v1beta1" | "networking.istio.io/v1alpha3";

/** One member is set. */
export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  /** RE2, matched against the whole text. */
  readonly regex?: string;
}

export interface HttpMatchRequest {
  readonly name?: string;
  readonly uri?: StringMatch;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  readonly headers?: Readonly<Record<string, StringMatch>>;
  readonly withoutHeaders?: Readonly<Record<string, StringMatch>>;
  readonly queryParams?: Readonly<Record<string, StringMatch>>;
  readonly ignoreUriCase?: boolean;
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
  readonly statPrefix?: string;
}

export interface Destination {
  readonly host: string;
  readonly subset?: string;
  readonly port?: { readonly number?: number };
}

export interface HttpRouteDestination {
  readonly destination: Destination;
  /** 0..100; absent means 0 beside others, 100 alone. */
  readonly weight?: number;
  readonly headers?: Headers;
}

export interface HeaderOperations {
  readonly set?: Labels;
  readonly add?: Labels;
  readonly remove?: readonly string[];
}

export interface Headers {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

export interface HttpRewrite {
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match?: string; readonly rewrite?: string };
}

export interface HttpRedirect {
  readonly uri?: string;
  readonly authority?: string;
  readonly port?: number;
  readonly derivePort?: "FROM_PROTOCOL_DEFAULT" | "FROM_REQUEST_PORT";
  readonly scheme?: string;
  /** Default 301. */
  readonly redirectCode?: number;
}

export interface HttpRetry {
  readonly attempts?: number;
  /** A Go duration, e.g. `2s`. */
  readonly perTryTimeout?: string;
  readonly retryOn?: string;
  readonly retryRemoteLocalities?: boolean;
  readonly retryIgnorePreviousHosts?: boolean;
  readonly backoff?: string;
}

export interface PercentValue {
  /** 0..100, with fractions. */
  readonly value?: number;
}

/** Answers or waits in place of the destination. */
export interface HttpFaultInjection {
  readonly abort?: {
    readonly httpStatus?: number;
    readonly percentage?: PercentValue;
    readonly grpcStatus?: string;
    readonly http2Error?: string;
  };
  readonly delay?: {
    /** A Go duration, e.g. `2s`. */
    readonly fixedDelay?: string;
    readonly percentage?: PercentValue;
    /** Whole percent; `percentage` goes before it. */
    readonly percent?: number;
    readonly exponentialDelay?: string;
  };
}

/** One destination that gets copies. */
export interface HttpMirrorPolicy {
  readonly destination?: Destination;
  /** All where absent. */
  readonly percentage?: PercentValue;
}

export interface HttpRoute {
  readonly name?: string;
  readonly match?: readonly HttpMatchRequest[];
  readonly route?: readonly HttpRouteDestination[];
  readonly redirect?: HttpRedirect;
  readonly directResponse?: object;
  readonly delegate?: { readonly name?: string; readonly namespace?: string };
  readonly rewrite?: HttpRewrite;
  readonly timeout?: string;
  readonly retries?: HttpRetry;
  readonly fault?: HttpFaultInjection;
  readonly mirror?: Destination;
  /** Of `mirror`; all where absent. */
  readonly mirrorPercentage?: PercentValue;
  /** Whole percent, by its two names; `mirrorPercentage` goes before it. */
  readonly mirrorPercent?: number;
  readonly mirror_percent?: number;
  readonly mirrors?: readonly HttpMirrorPolicy[];
  readonly corsPolicy?: object;
  readonly headers?: Headers;
}

/** Where connections go; http's destinations without their headers. */
export interface L4RouteDestination {
  readonly destination: Destination;
  readonly weight?: number;
}

export interface TlsMatchAttributes {
  readonly sniHosts?: readonly string[];
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly gateways?: readonly string[];
  readonly sourceNamespace?: string;
}

export interface TlsRoute {
  readonly match?: readonly TlsMatchAttributes[];
  readonly route?: readonly L4RouteDestination[];
}

export interface TcpRoute {
  readonly match?: readonly Omit<TlsMatchAttributes, "sniHosts">[];
  readonly route?: readonly L4RouteDestination[];
}

/** https://istio.io/latest/docs/reference/config/networking/virtual-service/ */
export interface VirtualServiceSpec {
  readonly hosts?: readonly string[];
  readonly gateways?: readonly string[];
  readonly http?: readonly HttpRoute[];
  /** For a mesh; the embedded router says that it can't. */
  readonly tls?: readonly TlsRoute[];
  readonly tcp?: readonly TcpRoute[];
  readonly exportTo?: readonly string[];
}

export type VirtualService = Kind<
  IstioVersion,
  "VirtualService",
  VirtualServiceSpec,
  Readonly<Record<string, unknown>>
>;

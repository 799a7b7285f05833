/** One member is set. */
export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
}

export interface IstioVirtualServiceReference {
  /** In the Rollout's namespace, or `name.namespace`. */
  readonly name: string;
  /** Names of http routes; absent where the VirtualService has one route. */
  readonly routes?: readonly string[];
  readonly tlsRoutes?: readonly RolloutTlsRoute[];
  readonly tcpRoutes?: readonly RolloutTcpRoute[];
}

/** A tls route by what it matches: its only port, all of its SNI hosts, or both. */
export interface RolloutTlsRoute {
  readonly port?: number;
  readonly sniHosts?: readonly string[];
}

/** A tcp route by its only port. */
export interface RolloutTcpRoute {
  readonly port?: number;
}

export interface IstioDestinationRuleReference {
  readonly name: string;
  readonly canarySubsetName: string;
  readonly stableSubsetName: string;
  /** Subsets of neither version that stay as they are. */
  readonly additionalSubsetNames?: readonly string[];
}

export interface IstioTrafficRouting {
  readonly virtualService?: IstioVirtualServiceReference;
  readonly destinationRule?: IstioDestinationRuleReference;
  readonly virtualServices?: readonly IstioVirtualServiceReference[];
}

/** Routers other than istio are held as they came and refused by name. */
export interface RolloutTrafficRouting {
  readonly istio?: IstioTrafficRouting;
  readonly nginx?: object;
  readonly alb?: object;
  readonly smi?: object;
  readonly ambassador?: object;
  readonly appMesh?: object;
  readonly traefik?: object;
  readonly apisix?: object;
  readonly plugins?: Readonly<Record<string, unknown>>;
  readonly managedRoutes?: readonly { readonly name: string }[];
  readonly maxTrafficWeight?: number;
}

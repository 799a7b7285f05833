import type { Kind } from "../../contract/resource.ts";
import type { Labels } from "../quantities.ts";
import type { IstioVersion } from "./virtual-service.ts";

export interface GatewayServer {
  readonly port: { readonly number: number; readonly protocol: string; readonly name?: string };
  readonly hosts: readonly string[];
  readonly name?: string;
  readonly bind?: string;
  readonly tls?: object;
}

/** Accepted and not needed: the router listens by itself. */
export interface GatewaySpec {
  readonly servers?: readonly GatewayServer[];
  readonly selector?: Labels;
}

export type Gateway = Kind<IstioVersion, "Gateway", GatewaySpec, Readonly<Record<string, unknown>>>;

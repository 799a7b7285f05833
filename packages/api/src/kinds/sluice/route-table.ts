import type { Condition, Kind } from "../../contract/resource.ts";

/** `version` grows with every change; the rest is what the router room compiles. */
export interface RouteTableSpec {
  readonly version: number;
  readonly [compiled: string]: unknown;
}

export interface RouteTableStatus {
  /** The version that the agent routes by. */
  readonly appliedVersion?: number;
  readonly conditions?: readonly Condition[];
  readonly [observed: string]: unknown;
}

/** Cluster-scoped; the one in use is called `router`. */
export type RouteTable = Kind<"sluice.dev/v1alpha1", "RouteTable", RouteTableSpec, RouteTableStatus>;

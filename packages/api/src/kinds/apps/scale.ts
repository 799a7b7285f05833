import type { Kind } from "../../contract/resource.ts";

export interface ScaleSpec {
  readonly replicas?: number;
}

export interface ScaleStatus {
  readonly replicas: number;
  /** A label selector's text. */
  readonly selector?: string;
}

/** What the scale subresource reads and writes. */
export type Scale = Kind<"autoscaling/v1", "Scale", ScaleSpec, ScaleStatus>;

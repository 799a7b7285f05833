import type { BucketHash } from "@sluice/kernel";
import type { Kind } from "../../contract/resource.ts";
import type { Destination } from "../istio/virtual-service.ts";

/** Where a request says something about its user; one of them. */
export interface RequestField {
  readonly cookie?: string;
  /** In any case. */
  readonly header?: string;
}

export type CohortOperator = "equals" | "contains" | "in" | "not_in";

/** A request without the cookie or header meets no rule, `not_in` neither: of its user nothing is known. */
export interface CohortRule extends RequestField {
  readonly operator: CohortOperator;
  readonly values: readonly string[];
}

export interface Ring {
  readonly name: string;
  /** On from this weight of the Rollout on. */
  readonly weight: number;
  /** Whom it names: any of these rules. */
  readonly who?: readonly CohortRule[];
  /** Percent of the users whom no ring names. Absent: the Rollout's weight, and none where the ring names somebody. */
  readonly share?: number;
}

export interface RingSetSpec {
  /** By what a user is told from another. Requests without it are dealt by weight. */
  readonly user?: RequestField;
  /** How users are dealt. Absent: the first there was. */
  readonly hash?: BucketHash;
  /** Changing it deals all users anew. */
  readonly salt?: string;
  readonly rings: readonly Ring[];
}

/** Who gets a new version when; Rollouts name it by the annotation `sluice.dev/rings`. */
export type RingSet = Kind<"sluice.dev/v1alpha1", "RingSet", RingSetSpec, Readonly<Record<string, never>>>;

export const ringsAnnotation = "sluice.dev/rings";

/** On a VirtualService, followed by the Rollout's name: its rings, as the router needs them. Written by its controller. */
export const routedRingsPrefix = "rings.sluice.dev/";

/** They hold for every route that weighs both sides. */
export interface RoutedRings extends RingSetSpec {
  /** By subset, or by host. */
  readonly canary: Partial<Destination>;
  readonly stable: Partial<Destination>;
}

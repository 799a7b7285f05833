import type { Kind } from "../../contract/resource.ts";
import type { Timestamp } from "../quantities.ts";

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  /** RFC 3339 with microseconds. */
  readonly acquireTime?: Timestamp;
  readonly renewTime?: Timestamp;
  readonly leaseTransitions?: number;
  readonly strategy?: string;
  readonly preferredHolder?: string;
}

export type Lease = Omit<Kind<"coordination.k8s.io/v1", "Lease", LeaseSpec, undefined>, "spec"> & {
  readonly spec?: LeaseSpec;
};

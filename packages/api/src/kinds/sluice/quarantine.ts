import type { Condition, Kind } from "../../contract/resource.ts";
import type { Timestamp } from "../quantities.ts";

export interface WorkloadReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** Where a quarantined version came from. */
export interface SourceReference {
  readonly repoURL: string;
  readonly revision: string;
  readonly path?: string;
}

export interface QuarantineSpec {
  /** The Application that asked for it, in `argocd` unless written `namespace/name`. */
  readonly application?: string;
  readonly namespace: string;
  readonly workload: WorkloadReference;
  readonly podTemplateHash: string;
  /** Canonical hash of the rendered pod template: the same content under another name is the same version. */
  readonly templateDigest: string;
  /** Digests of the ConfigMaps and Secrets that it reads, by `Kind/name`. */
  readonly configuration?: Readonly<Record<string, string>>;
  readonly images: readonly string[];
  readonly reason: string;
  /** Name of the Decision that quarantined it. */
  readonly decision: string;
  readonly source?: SourceReference;
  /** Who let the version have traffic again. */
  readonly liftedBy?: string;
}

export type GitRevertPhase =
  | "Pending"
  | "Running"
  /** The repository asks for the bad version no more: pushed directly. */
  | "Committed"
  /** A revert branch waits for a person. */
  | "BranchPushed"
  /** No push rights, or no forge: a patch lies in the state folder. */
  | "PatchWritten"
  /** Nothing to revert: the fix already landed, or HEAD renders another version. */
  | "NotNeeded"
  /** Not safe or not revertible; `message` says why. A person decides. */
  | "Held"
  | "Failed"
  | "Off";

export interface GitRevertStatus {
  readonly phase: GitRevertPhase;
  readonly branch?: string;
  readonly commit?: string;
  /** The commit that is taken back. */
  readonly reverts?: string;
  /** Relative to the state folder. */
  readonly patchPath?: string;
  readonly message?: string;
  readonly attemptId?: string;
  readonly startedAt?: Timestamp;
  readonly finishedAt?: Timestamp;
}

export interface QuarantineStatus {
  readonly lifted?: boolean;
  readonly liftedAt?: Timestamp;
  readonly gitRevert?: GitRevertStatus;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

/** A version that gets no traffic until a person says so. */
export type Quarantine = Kind<"sluice.dev/v1alpha1", "Quarantine", QuarantineSpec, QuarantineStatus>;

import type { Kind } from "../../contract/resource.ts";
import type { Timestamp } from "../quantities.ts";

export type DecisionAction =
  | "begin"
  | "advance"
  | "promote"
  | "complete"
  | "pause"
  | "resume"
  | "hold"
  | "abort"
  | "retry"
  | "undo"
  | "restart"
  | "quarantine"
  | "lift"
  | "revert"
  | "sync"
  | "prune"
  | "rollback"
  | "refuse"
  /** What somebody else changed is put back. */
  | "restore";

export interface DecisionSubject {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  /** The subject's revision number, or a commit. */
  readonly revision?: string;
  readonly podTemplateHash?: string;
}

/** One thing that was looked at. */
export interface DecisionEvidence {
  readonly name: string;
  readonly value?: number | string;
  readonly threshold?: number | string;
  readonly verdict?: string;
  /** Requests that the canary really got. */
  readonly requests?: number;
  /** 0..1, the share really routed to the canary. */
  readonly share?: number;
  readonly confidence?: number;
  readonly message?: string;
  readonly at?: Timestamp;
}

export interface DecisionSpec {
  readonly subject: DecisionSubject;
  readonly action: DecisionAction;
  readonly at: Timestamp;
  readonly because: string;
  /** Who asked, where a person did. */
  readonly by?: string;
  /** Every input of the decision, enough to replay it. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly evidence?: readonly DecisionEvidence[];
}

/** Append-only: the spec can't be changed. */
export type Decision = Kind<"sluice.dev/v1alpha1", "Decision", DecisionSpec, undefined>;

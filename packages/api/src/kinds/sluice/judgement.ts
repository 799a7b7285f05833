import type { Kind } from "../../contract/resource.ts";
import type { Timestamp } from "../quantities.ts";
import type {
  ConversionQueries,
  JudgeSettings,
  RemoteModel,
  RollbackAction,
  RollbackMetric,
  RollbackRule,
} from "./rollback-policy.ts";

export interface JudgedVersion {
  readonly podTemplateHash: string;
  /** How people call it. */
  readonly name: string;
}

export interface JudgedStep {
  /** Percent of the traffic. */
  readonly weight: number;
  /** How long the steps say; 0 where a person ends it. */
  readonly seconds: number;
}

/** What a release is judged by: its RollbackPolicy as it was when the release began. */
export interface JudgementSpec {
  readonly rollout: { readonly name: string; readonly uid: string };
  readonly revision: string;
  readonly canary: JudgedVersion;
  readonly stable: JudgedVersion;
  /** New Pods of the stable version, where the new one is compared with those. */
  readonly baseline?: JudgedVersion;
  readonly beganAt: Timestamp;
  readonly plan: readonly JudgedStep[];
  /**
   * What the stable version serves `meanwhile` (the default), or what it served `before` the release had all traffic: after
   * a switch it gets none.
   */
  readonly comparedWith?: "meanwhile" | "before";
  readonly windowSeconds: number;
  readonly mode: NonNullable<JudgeSettings["mode"]>;
  readonly tolerances?: JudgeSettings["tolerances"];
  /** The RollbackPolicy that it is from. */
  readonly policy?: string;
  readonly rules?: readonly RollbackRule[];
  readonly metrics?: readonly RollbackMetric[];
  readonly conversions?: ConversionQueries;
  readonly model?: RemoteModel;
  /** The release has ended, one way or the other. */
  readonly terminate?: boolean;
  /** How it ended, so that the history can teach. */
  readonly outcome?: "promoted" | "rolledBack" | "superseded";
  /** Of one that was taken back. Undefined of those before it was told, which are taken for blamed. */
  readonly blamed?: boolean;
}

export interface JudgementEvidence {
  readonly signal: string;
  readonly nats: number;
  /** Seconds since the release began, from when on the new version was worse. */
  readonly since: number;
  readonly endpoint?: string;
}

export interface BrokenRule {
  readonly name: string;
  readonly action: RollbackAction;
  readonly since: Timestamp;
  readonly message: string;
}

export interface ModelAnswer {
  readonly probability?: number;
  readonly recommendedAction?: string;
  /** Since when it has been sure that the release should be taken back. */
  readonly alarmedSince?: Timestamp;
  readonly message: string;
}

export interface JudgementStatus {
  readonly phase?: "Judging" | "Ended";
  readonly action?: "continue" | "monitor" | "alert" | "rollback";
  /** Which of them decided: the judge, a rule by its name, or the model. */
  readonly decidedBy?: string;
  readonly because?: string;
  readonly confidence?: number;
  /** Log of the strongest evidence after paying for every look. */
  readonly nats?: number;
  /** Which judge: its number goes up with each change of what it would say. */
  readonly judge?: number;
  /** The evidence at which the release is taken back. */
  readonly rollbackNats?: number;
  /** The weight must not grow yet. */
  readonly suspects?: boolean;
  readonly evidence?: readonly JudgementEvidence[];
  readonly brokenRules?: readonly BrokenRule[];
  readonly model?: ModelAnswer;
  /** Windows judged so far. */
  readonly windows?: number;
  /** Of the new version, that could be compared. */
  readonly requests?: number;
  readonly lastWindowAt?: Timestamp;
  /** The step of the plan, and since when. */
  readonly step?: { readonly index: number; readonly since: Timestamp };
  /** Why windows can't be read, while they can't. */
  readonly message?: string;
}

/** One release under the judge's eyes. */
export type Judgement = Kind<"sluice.dev/v1alpha1", "Judgement", JudgementSpec, JudgementStatus>;

import type { Kind } from "../../contract/resource.ts";
import type { JobMetric } from "../argo/analysis.ts";
import type { LabelSelector } from "../selector.ts";

/** What becomes of a version that nothing is known of. */
export type NoDataRule = "hold" | "fail" | "pass";

/** Requests that Sluice itself sends to the Pods of a version, since nobody else may; or a Job that asks what it likes. */
export interface SyntheticCheck {
  readonly name: string;
  /** A Service that has the version's Pods. With a Job: it is told where they answer. */
  readonly service?: string;
  /** Complete is good, Failed is bad. */
  readonly job?: JobMetric;
  /** Name of the Service's port; absent: its first. */
  readonly port?: string;
  /** Absent: `/`. */
  readonly path?: string;
  /** Absent: the Service's name. */
  readonly host?: string;
  /** Absent: 200. */
  readonly expectStatus?: number;
  /** A regular expression that the body must have somewhere. */
  readonly expectBody?: string;
  /** Go duration. Absent: `1s`. */
  readonly every?: string;
  /** Absent: 10. */
  readonly count?: number;
  /** How many may fail. Absent: 0. */
  readonly failureLimit?: number;
}

export interface EvidencePolicySpec {
  /** Absent or empty: every Rollout of the namespace. */
  readonly selector?: LabelSelector;
  /** Absent: `hold`. */
  readonly noData?: NoDataRule;
  /** An analysis begins once the version has had so many, real and synthetic ones. Absent: 0. */
  readonly minimumRequests?: number;
  /** Go duration: how long a version may go without them, until `noData` says what happens. Absent: `10m`. */
  readonly askAfter?: string;
  readonly syntheticChecks?: readonly SyntheticCheck[];
}

/** What counts as evidence of a version, and what happens without. */
export type EvidencePolicy = Kind<"sluice.dev/v1alpha1", "EvidencePolicy", EvidencePolicySpec, undefined>;

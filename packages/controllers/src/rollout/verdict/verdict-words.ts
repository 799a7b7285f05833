import type { AnalysisRun, DecisionEvidence } from "@sluice/api";

/** Why a canary must go. `isBlamed`: the version itself was seen to be bad, so it is quarantined. */
export interface Verdict {
  readonly cause:
    | "analysis"
    | "provider"
    | "syntheticCheck"
    | "noData"
    | "crashLoop"
    | "neverReady"
    | "deadline"
    | "judge"
    | "person";
  readonly message: string;
  readonly isBlamed: boolean;
  readonly run: AnalysisRun | undefined;
  /** What it was decided from, where that isn't a run. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly evidence?: readonly DecisionEvidence[];
}

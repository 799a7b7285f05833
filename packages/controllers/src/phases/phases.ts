import type { AnalysisRunPhase } from "@sluice/api";

export type CompletedPhase = "Successful" | "Failed" | "Error" | "Inconclusive";

export const isCompleted = (phase: AnalysisRunPhase | undefined): phase is CompletedPhase =>
  phase === "Successful" || phase === "Failed" || phase === "Error" || phase === "Inconclusive";

const order: readonly AnalysisRunPhase[] = ["Successful", "Running", "Pending", "Inconclusive", "Error", "Failed"];

/** Successful < Running < Pending < Inconclusive < Error < Failed. */
export const isWorse = (current: AnalysisRunPhase, next: AnalysisRunPhase): boolean =>
  order.indexOf(next) > order.indexOf(current);

import type { Labels } from "../quantities.ts";
import type { DryRun, MeasurementRetention } from "./analysis.ts";

export interface RolloutAnalysisTemplateReference {
  readonly templateName: string;
  readonly clusterScope?: boolean;
}

export interface AnalysisRunArgument {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly podTemplateHashValue?: "Stable" | "Latest";
    readonly fieldRef?: { readonly fieldPath: string };
  };
}

/** An inline analysis step. */
export interface RolloutAnalysis {
  readonly templates?: readonly RolloutAnalysisTemplateReference[];
  readonly args?: readonly AnalysisRunArgument[];
  readonly dryRun?: readonly DryRun[];
  readonly measurementRetention?: readonly MeasurementRetention[];
  readonly analysisRunMetadata?: { readonly labels?: Labels; readonly annotations?: Labels };
}

/** Background analysis: it runs beside the steps from `startingStep` on. */
export interface RolloutAnalysisBackground extends RolloutAnalysis {
  readonly startingStep?: number;
}

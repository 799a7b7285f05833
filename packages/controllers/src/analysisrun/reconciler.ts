import type { AnalysisRun } from "@sluice/api";
import type { Reconciler } from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";
import { type ObservedRun, observe, withRefusal } from "./observe.ts";
import { plan } from "./plan.ts";

/**
 * Runs the measurements of an AnalysisRun as tasks `queryPrometheus`, `queryWeb`, `queryPlugin` and `compareVersions`, whose result is
 * `{ value: string, parsed: unknown }`, and judges them exactly as Argo Rollouts does.
 */
export const analysisRunReconciler = (effects: Effects): Reconciler<AnalysisRun, ObservedRun, Effect> => ({
  kind: { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" },
  observe,
  plan,
  apply: (_run, effect) => applyEffect(effect, effects),
  withRefusal,
});

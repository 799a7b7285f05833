import type { Experiment } from "@sluice/api";
import type { Reconciler } from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";
import { experimentKind } from "./names.ts";
import { type ObservedExperiment, observe, withRefusal } from "./observe.ts";
import { plan } from "./plan.ts";

/** Runs versions beside each other for a while and measures them, as Argo Rollouts does. */
export const experimentReconciler = (effects: Effects): Reconciler<Experiment, ObservedExperiment, Effect> => ({
  kind: experimentKind,
  observe,
  plan,
  apply: (_experiment, effect) => applyEffect(effect, effects),
  withRefusal,
});

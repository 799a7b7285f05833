import type { Judgement } from "@sluice/api";
import type { Reconciler } from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";
import { judgementKind, type ObservedJudgement, observe } from "./observe.ts";
import { plan } from "./plan.ts";

/** Judges a release window by window, as the task `judgeWindows`, until the Rollout says that it has ended. */
export const judgementReconciler = (effects: Effects): Reconciler<Judgement, ObservedJudgement, Effect> => ({
  kind: judgementKind,
  observe,
  plan,
  apply: (_judgement, effect) => applyEffect(effect, effects),
});

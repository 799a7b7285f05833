import type { Rollout } from "@sluice/api";
import type { Reconciler } from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";
import { rolloutKind } from "./names.ts";
import { type ObservedRollout, observe } from "./observe.ts";
import { plan } from "./plan.ts";
import { withRefusal } from "./refused.ts";

/**
 * Argo Rollouts' canary strategy. Asks the task `canaryTraffic` (`{ namespace, services, podTemplateHash,
 * sinceSeconds }` -> `{ requests: number }`) whether a canary really got requests; a refusal means that nobody knows.
 */
export const rolloutReconciler = (effects: Effects): Reconciler<Rollout, ObservedRollout, Effect> => ({
  kind: rolloutKind,
  observe,
  plan,
  apply: (_rollout, effect) => applyEffect(effect, effects),
  withRefusal,
});

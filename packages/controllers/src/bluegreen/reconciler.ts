import type { BlueGreenDeployment } from "@sluice/api";
import type { Reconciler } from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";
import { type ObservedBlueGreen, observe } from "./observe.ts";
import { planBlueGreen } from "./plan.ts";

/**
 * Deploys over two Deployments and a Service whose selector switches. Outside work are the tasks `checkHttp`,
 * `verifySwitch`, `userAnswers` and `postWebhook`: done, or refused with the reason.
 */
export const blueGreenReconciler = (effects: Effects): Reconciler<BlueGreenDeployment, ObservedBlueGreen, Effect> => ({
  kind: { apiVersion: "sluice.dev/v1alpha1", kind: "BlueGreenDeployment" },
  observe,
  plan: planBlueGreen,
  apply: (_object, effect) => applyEffect(effect, effects),
});

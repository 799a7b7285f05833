import type { Decision } from "@sluice/api";
import { after, hours, type Instant, type Millis, type Plan, parseInstant, type Reconciler } from "@sluice/kernel";
import { applyEffect, type Effect, type Effects } from "../loop/index.ts";

const defaultRetention = hours(24 * 90);

/** Decisions are only ever added; each is deleted when it is older than `retention`, 90 days unless given. */
export const decisionReconciler = (
  effects: Effects,
  { retention = defaultRetention }: { readonly retention?: Millis } = {},
): Reconciler<Decision, Decision, Effect> => ({
  kind: { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" },
  observe: async (decision) => decision,
  plan: (decision, now) => planDecision(decision, retention, now),
  apply: (_decision, effect) => applyEffect(effect, effects),
});

function planDecision(
  { apiVersion, kind, metadata, spec }: Decision,
  retention: Millis,
  now: Instant,
): Plan<Effect, never> {
  const madeAt = parseInstant(spec.at) ?? parseInstant(metadata.creationTimestamp ?? "") ?? now;
  const end = after(madeAt, retention);
  if (now < end) return { actions: [], because: "kept", wakeAt: end };
  const { namespace, name } = metadata;
  const key = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  return { actions: [{ do: "delete", key }], because: "older than decisions are kept" };
}

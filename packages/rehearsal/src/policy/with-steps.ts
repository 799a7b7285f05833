import type { CanaryStep } from "@sluice/api";
import type { Policy } from "./policy.ts";

/** The same policy by another plan. */
export function withSteps(policy: Policy, steps: readonly CanaryStep[]): Policy {
  const { rollout } = policy;
  const { strategy } = rollout.spec;
  const canary = { ...strategy.canary, steps };
  return { ...policy, rollout: { ...rollout, spec: { ...rollout.spec, strategy: { ...strategy, canary } } } };
}

import { defaultHoldback, type RollbackPolicy, type Rollout } from "@sluice/api";
import { type Millis, seconds } from "@sluice/kernel";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { isRouted } from "../canary/steps.ts";
import { gates } from "../names.ts";

/** A release is judged by default; a gate on the Rollout or its policy switches that off. */
export function judgeMode(rollout: Rollout, policy: RollbackPolicy | undefined): "enforce" | "advise" | "off" {
  const gate = rollout.metadata.annotations?.[gates.judge];
  if (gate === "off" || gate === "advise") return gate;
  return policy?.spec.judge?.mode ?? "enforce";
}

export interface Holdback {
  /** Percent of the traffic that stays with the stable version. */
  readonly weight: number;
  readonly lasts: Millis;
}

/** Only where a policy selects the Rollout and a router can carry the share. */
export function holdbackOf(rollout: Rollout, policy: RollbackPolicy | undefined): Holdback | undefined {
  if (policy === undefined || !isRouted(rollout) || judgeMode(rollout, policy) === "off") return undefined;
  const { weight = defaultHoldback.weight, seconds: length = defaultHoldback.seconds } = policy.spec.holdback ?? {};
  return weight === 0 || length === 0 ? undefined : { weight, lasts: seconds(length) };
}

/** What a policy asks for and a switch can't do; undefined where it asks for nothing such. */
export function refusedHoldback(rollout: Rollout, policy: RollbackPolicy | undefined): string | undefined {
  const service = blueGreenOf(rollout)?.activeService;
  const { weight = defaultHoldback.weight, seconds: length = defaultHoldback.seconds } = policy?.spec.holdback ?? {};
  if (service === undefined || policy?.spec.holdback === undefined || weight === 0 || length === 0) return undefined;
  return (
    `RollbackPolicy ${policy.metadata.name}: spec.holdback holds nothing back here: the selector of Service ${service} gives ` +
    "everybody one version; it is judged while the Pods that it replaced stay, for scaleDownDelaySeconds"
  );
}

import type { Condition, Kind } from "../../contract/resource.ts";
import type { IntOrString, Timestamp } from "../quantities.ts";
import type { LabelSelector } from "../selector.ts";

export interface PodDisruptionBudgetSpec {
  readonly minAvailable?: IntOrString;
  readonly maxUnavailable?: IntOrString;
  readonly selector?: LabelSelector;
  readonly unhealthyPodEvictionPolicy?: "IfHealthyBudget" | "AlwaysAllow";
}

export interface PodDisruptionBudgetStatus {
  readonly observedGeneration?: number;
  readonly disruptedPods?: Readonly<Record<string, Timestamp>>;
  readonly disruptionsAllowed: number;
  readonly currentHealthy: number;
  readonly desiredHealthy: number;
  readonly expectedPods: number;
  readonly conditions?: readonly Condition[];
}

export type PodDisruptionBudget = Kind<
  "policy/v1",
  "PodDisruptionBudget",
  PodDisruptionBudgetSpec,
  PodDisruptionBudgetStatus
>;

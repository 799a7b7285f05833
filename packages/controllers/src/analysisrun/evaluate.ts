import type { Metric } from "@sluice/api";
import { evaluateCondition } from "@sluice/languages";
import type { CompletedPhase } from "../phases/index.ts";

export interface Assessment {
  readonly phase: CompletedPhase;
  readonly message?: string;
}

/**
 * What one result says, by the metric's conditions. Failure wins over success; neither of two is Inconclusive.
 * Source: argo-rollouts utils/evaluate/evaluate.go.
 */
export function assessResult(
  metric: Pick<Metric, "successCondition" | "failureCondition">,
  result: unknown,
): Assessment {
  const success = conditionOf(metric.successCondition, result);
  if (success.is === "error") return { phase: "Error", message: success.message };
  const failure = conditionOf(metric.failureCondition, result);
  if (failure.is === "error") return { phase: "Error", message: failure.message };

  if (success.is === "unset" && failure.is === "unset") return { phase: "Successful" };
  if (failure.is === "unset") return { phase: success.is === "met" ? "Successful" : "Failed" };
  if (failure.is === "met") return { phase: "Failed" };
  if (success.is === "unset" || success.is === "met") return { phase: "Successful" };
  return { phase: "Inconclusive" };
}

type Outcome = { readonly is: "unset" | "met" | "unmet" } | { readonly is: "error"; readonly message: string };

function conditionOf(condition: string | undefined, result: unknown): Outcome {
  if (condition === undefined || condition === "") return { is: "unset" };
  const outcome = evaluateCondition(condition, result);
  if (outcome.is === "decided") return { is: outcome.answer ? "met" : "unmet" };
  const isEmpty = result === null || result === undefined || (Array.isArray(result) && result.length === 0);
  const message = isEmpty ? `metric result is nil or empty: ${outcome.message}` : outcome.message;
  return { is: "error", message };
}

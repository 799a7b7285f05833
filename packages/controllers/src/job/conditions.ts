import type { JobCondition, JobConditionType, JobStatus } from "@sluice/api";
import { formatInstant, type Instant } from "@sluice/kernel";

type Conditions = JobStatus["conditions"];

export const conditionOf = (status: JobStatus | undefined, type: JobConditionType): JobCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type && condition.status === "True");

export const completionsReached = {
  reason: "CompletionsReached",
  message: "Reached expected number of succeeded pods",
} as const;

/** With one condition more, or another: what is said already keeps its time. */
export function withCondition(
  conditions: Conditions,
  type: JobConditionType,
  { status = "True", reason, message }: { status?: "True" | "False"; reason: string; message: string },
  now: Instant,
): readonly JobCondition[] {
  const known = conditions?.find((condition) => condition.type === type);
  if (known?.status === status && known.reason === reason) return conditions ?? [];
  const at = formatInstant(now);
  const next = { type, status, lastProbeTime: at, lastTransitionTime: at, reason, message };
  return known === undefined
    ? [...(conditions ?? []), next]
    : (conditions ?? []).map((condition) => (condition === known ? next : condition));
}

import type { Condition, RolloutConditionType, RolloutStatus } from "@sluice/api";
import { formatInstant, type Instant } from "@sluice/kernel";

export type RolloutCondition = Condition<RolloutConditionType>;

/** The original's reasons (utils/conditions/conditions.go), and `Quarantined`, ours. */
export type ProgressReason =
  | "NewReplicaSetCreated"
  | "FoundNewReplicaSet"
  | "NewReplicaSetAvailable"
  | "ReplicaSetUpdated"
  | "ProgressDeadlineExceeded"
  | "RolloutPaused"
  | "RolloutResumed"
  | "RolloutRetry"
  | "RolloutAborted"
  | "Quarantined";

/** False while the API refuses to lead all users away from a version that was taken back; absent otherwise. */
export const takenBackCondition = "TrafficTakenBack";

export const conditionOf = (
  conditions: RolloutStatus["conditions"],
  type: RolloutConditionType,
): RolloutCondition | undefined => conditions?.find((condition) => condition.type === type);

/** Unchanged where nothing but time differs; the transition's time moves only with the status. */
export function withCondition(
  conditions: readonly RolloutCondition[],
  next: Pick<RolloutCondition, "type" | "status" | "reason" | "message">,
  now: Instant,
  isTouched = false,
): readonly RolloutCondition[] {
  const known = conditionOf(conditions, next.type);
  const isSame = known?.status === next.status && known.reason === next.reason && known.message === next.message;
  if (isSame && !isTouched) return conditions;
  const at = formatInstant(now);
  const lastTransitionTime = known?.status === next.status ? (known.lastTransitionTime ?? at) : at;
  const condition = { ...next, lastUpdateTime: at, lastTransitionTime };
  return known === undefined
    ? [...conditions, condition]
    : conditions.map((other) => (other === known ? condition : other));
}

export const withoutCondition = (
  conditions: readonly RolloutCondition[],
  type: RolloutConditionType,
): readonly RolloutCondition[] => conditions.filter((condition) => condition.type !== type);

import type { RolloutStatus } from "@sluice/api";
import { heldByJudgeCondition } from "@sluice/api/release";
import { type Instant, type PlannedEvent, sameJson } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { activeSet, hasMoved, isActiveWhole, isCutOver } from "../bluegreen/status.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { holdbackCondition } from "../canary/holdback.ts";
import { surgeLimits } from "../canary/replicas/limits.ts";
import { limitedBy, replicasOf, stepHash } from "../canary/steps.ts";
import { type Changes, statusOf } from "../changes.ts";
import { baselineCondition, baselineConditionType } from "../judging/fresh-baseline.ts";
import { refusedHoldback } from "../judging/policy.ts";
import type { ObservedRollout } from "../observe.ts";
import {
  conditionOf,
  type ProgressReason,
  type RolloutCondition,
  takenBackCondition,
  withCondition,
  withoutCondition,
} from "../status/conditions.ts";
import { phaseOf } from "../status/phase.ts";
import { progressEnd, runsClock, timedOutWords, wasAway } from "../verdict/deadline.ts";
import { heldBy, liftHint } from "../verdict/quarantine.ts";
import { availableOf, type View } from "../view.ts";

export interface Outcome {
  readonly changes: Changes;
  /** Why Progressing changes, where this turn says so; else progress is worked out from the counts. */
  readonly progressing?: { readonly reason: ProgressReason; readonly message: string };
  readonly invalid?: string;
  /** Detail for the Paused condition, e.g. which metric had no data. */
  readonly pausedBecause?: string;
  /** A share of the stable version is held back, and why. */
  readonly holdsBack?: string;
  /** The version's ReplicaSet is written in this turn. */
  readonly isCreating?: boolean;
  /** The judge doubts the version, which waits for that alone. */
  readonly heldByJudge?: string;
  /** It was to be taken back, and why not all of its users are. */
  readonly stranded?: string | undefined;
}

/** All that a turn does. */
export interface Turn extends Outcome {
  readonly because: string;
  readonly actions?: readonly Effect[];
  readonly events?: readonly PlannedEvent[];
  readonly wakes?: readonly (Instant | undefined)[];
}

/** The complete next status: counts as observed, what was decided, conditions, phase and message. */
export function finished(observed: ObservedRollout, view: View, outcome: Outcome, now: Instant): RolloutStatus {
  const { rollout, replicaSets, workload } = observed;
  const sum = (pick: (status: NonNullable<(typeof replicaSets)[number]["status"]>) => number | undefined): number =>
    replicaSets.reduce((total, { status }) => total + (status === undefined ? 0 : (pick(status) ?? 0)), 0);
  // As they are written: only a turn that plans routes says weights by the sides that two Services have by now.
  const { canary } = rollout.status ?? {};
  const counted: RolloutStatus = {
    ...view.status,
    ...(canary === undefined ? {} : { canary }),
    observedGeneration: String(rollout.metadata.generation ?? 0),
    ...(workload.is === "found"
      ? { workloadObservedGeneration: String(workload.object.metadata.generation ?? 0) }
      : {}),
    replicas: sum(({ replicas }) => replicas),
    HPAReplicas: sum(({ replicas }) => replicas),
    readyReplicas: sum(({ readyReplicas }) => readyReplicas),
    availableReplicas: sum(({ availableReplicas }) => availableReplicas),
    updatedReplicas: view.canary?.status?.replicas ?? 0,
    selector: selectorText(rollout.spec.selector?.matchLabels, rollout.spec.selector?.matchExpressions),
    currentPodHash: view.hash,
    currentStepHash: stepHash(rollout),
  };
  const decided = statusOf({ ...counted, ...outcome.changes, ...ofStrategy(view, { ...counted, ...outcome.changes }) });
  const conditions = conditionsOf(observed, view, decided, outcome, now);
  const { phase, message } = phaseOf(rollout, { ...decided, conditions });
  return statusOf({ ...decided, conditions, phase, message });
}

/** Blue-green counts what serves: an autoscaler must not see the preview. Another strategy's status is forgotten. */
function ofStrategy(view: View, { blueGreen }: Changes): Changes {
  if (blueGreenOf(view.rollout) === undefined) return { blueGreen: undefined };
  const active = activeSet(view, blueGreen === undefined ? {} : { blueGreen });
  if (active === undefined) return { canary: undefined };
  const { selector, replicas } = { selector: active.spec.selector, replicas: active.status?.replicas ?? 0 };
  return {
    canary: undefined,
    HPAReplicas: replicas,
    availableReplicas: availableOf(active),
    selector: selectorText(selector?.matchLabels, selector?.matchExpressions),
  };
}

function conditionsOf(observed: ObservedRollout, view: View, next: RolloutStatus, outcome: Outcome, now: Instant) {
  const { rollout } = observed;
  let conditions: readonly RolloutCondition[] = view.status.conditions ?? [];
  const set = (type: RolloutCondition["type"], isTrue: boolean, reason: string, message: string): void => {
    conditions = withCondition(conditions, { type, status: isTrue ? "True" : "False", reason, message }, now);
  };
  if (outcome.invalid !== undefined) {
    const message = `The Rollout "${rollout.metadata.name}" is invalid: ${outcome.invalid}`;
    set("InvalidSpec", true, "InvalidSpec", message);
    return conditions;
  }
  conditions = withoutCondition(conditions, "InvalidSpec");
  conditions = withProgress(conditions, observed, view, next, outcome, now);

  const isPaused = rollout.spec.paused === true || (next.pauseConditions?.length ?? 0) > 0;
  const wasPaused = conditionOf(conditions, "Paused");
  if (isPaused || wasPaused !== undefined) {
    const detail = outcome.pausedBecause ?? (isPaused && wasPaused?.status === "True" ? wasPaused.message : undefined);
    set("Paused", isPaused, "RolloutPaused", isPaused ? (detail ?? "Rollout is paused") : "Rollout is not paused");
  }
  const { availableReplicas = 0, stableRS = "", currentPodHash } = next;
  const replicas = replicasOf(rollout);
  const { maxUnavailable } = surgeLimits(limitedBy(rollout), replicas);
  const isAvailable =
    blueGreenOf(rollout) === undefined ? availableReplicas >= replicas - maxUnavailable : isActiveWhole(view, next);
  const availability = isAvailable ? "Rollout has minimum availability" : "Rollout does not have minimum availability";
  set("Available", isAvailable, "AvailableReason", availability);
  const held = heldBy(view, observed.quarantines);
  if (held !== undefined) set("Quarantined", true, "Quarantined", liftHint(held));
  else conditions = withoutCondition(conditions, "Quarantined");
  const refused = refusedHoldback(rollout, view.policy);
  if (outcome.holdsBack !== undefined) set(holdbackCondition, true, "Comparing", outcome.holdsBack);
  else if (refused !== undefined) set(holdbackCondition, false, "NotHonoured", refused);
  else conditions = withoutCondition(conditions, holdbackCondition);
  if (outcome.heldByJudge !== undefined) set(heldByJudgeCondition, true, "Suspected", outcome.heldByJudge);
  else conditions = withoutCondition(conditions, heldByJudgeCondition);
  if (outcome.stranded !== undefined) set(takenBackCondition, false, "Refused", outcome.stranded);
  else conditions = withoutCondition(conditions, takenBackCondition);
  if (next.promoteFull === true) set("FullPromotion", true, "Requested", "A person asked for all of it");
  else conditions = withoutCondition(conditions, "FullPromotion");
  const baseline = baselineCondition(observed, { ...view, status: next });
  conditions =
    baseline === undefined
      ? withoutCondition(conditions, baselineConditionType)
      : withCondition(conditions, { type: baselineConditionType, ...baseline }, now);
  const isPromoted = stableRS !== "" && stableRS === currentPodHash;
  set("Completed", isPromoted, "RolloutCompleted", "RolloutCompleted");
  const isHealthy = !isPaused && isComplete(view, next);
  if (isHealthy || conditionOf(conditions, "Healthy") !== undefined) {
    set("Healthy", isHealthy, "RolloutHealthy", isHealthy ? "Rollout is healthy" : "Rollout is not healthy");
  }
  return conditions;
}

const isComplete = (view: View, status: RolloutStatus): boolean =>
  (blueGreenOf(view.rollout) === undefined || isCutOver(view, status)) && hasAll(view, status);

const hasAll = ({ rollout }: View, status: RolloutStatus): boolean =>
  (status.updatedReplicas ?? 0) >= replicasOf(rollout) &&
  (status.availableReplicas ?? 0) >= replicasOf(rollout) &&
  (status.stableRS ?? "") !== "" &&
  status.stableRS === status.currentPodHash;

function withProgress(
  conditions: readonly RolloutCondition[],
  { rollout }: ObservedRollout,
  view: View,
  next: RolloutStatus,
  outcome: Outcome,
  now: Instant,
): readonly RolloutCondition[] {
  const known = conditionOf(conditions, "Progressing");
  const name = view.canary?.metadata.name ?? `${rollout.metadata.name}-${view.hash}`;
  const set = (status: "True" | "False" | "Unknown", reason: ProgressReason, message: string, isTouched = false) =>
    withCondition(conditions, { type: "Progressing", status, reason, message }, now, isTouched);

  if (outcome.progressing !== undefined) {
    const { reason, message } = outcome.progressing;
    const isBad = ["RolloutAborted", "Quarantined", "ProgressDeadlineExceeded"].includes(reason);
    return set(isBad ? "False" : reason === "RolloutRetry" ? "Unknown" : "True", reason, message);
  }
  if (next.abort === true) return conditions;
  const isPaused = rollout.spec.paused === true || (next.pauseConditions?.length ?? 0) > 0;
  if (isPaused) return set("Unknown", "RolloutPaused", "Rollout is paused");
  // Both for a moment, as the original writes them: what follows is progress.
  if (outcome.isCreating === true) {
    return set("True", "NewReplicaSetCreated", `Created new replica set "${name}"`, true);
  }
  if (known === undefined && view.canary !== undefined) {
    return set("True", "FoundNewReplicaSet", `Found new replica set "${name}"`);
  }
  if (known?.reason === "RolloutPaused") return set("Unknown", "RolloutResumed", "Rollout is resumed");
  if (isComplete(view, next))
    return set("True", "NewReplicaSetAvailable", `ReplicaSet "${name}" has successfully progressed.`);
  const isMoving = madeProgress(view.status, next);
  if (isMoving || known === undefined || endsWithTheNextTurn.has(known.reason ?? "")) {
    return set("True", "ReplicaSetUpdated", `ReplicaSet "${name}" is progressing.`, isMoving);
  }
  const deadline = progressEnd(view, known);
  const isOver = deadline !== undefined && now > deadline && runsClock(view, now);
  if (isOver && wasAway(deadline, now) && known.reason !== "ProgressDeadlineExceeded") {
    return withCondition(conditions, known, now, true);
  }
  if (isOver) {
    return set("False", "ProgressDeadlineExceeded", timedOutWords(view));
  }
  return conditions;
}

const endsWithTheNextTurn: ReadonlySet<string> = new Set([
  "NewReplicaSetAvailable",
  "NewReplicaSetCreated",
  "FoundNewReplicaSet",
]);

function madeProgress(before: RolloutStatus, next: RolloutStatus): boolean {
  const old = (status: RolloutStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    next.updatedReplicas !== (before.updatedReplicas ?? 0) ||
    old(next) < old(before) ||
    (next.availableReplicas ?? 0) > (before.availableReplicas ?? 0) ||
    next.currentStepIndex !== before.currentStepIndex ||
    next.currentPodHash !== before.currentPodHash ||
    next.stableRS !== before.stableRS ||
    !sameJson(next.canary?.weights, before.canary?.weights) ||
    hasMoved(before, next)
  );
}

function selectorText(
  labels: Readonly<Record<string, string>> = {},
  expressions: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[] = [],
): string {
  const equal = Object.keys(labels)
    .sort()
    .map((key) => `${key}=${labels[key]}`);
  const rest = expressions.map(({ key, operator, values = [] }) => {
    if (operator === "In") return `${key} in (${values.join(",")})`;
    if (operator === "NotIn") return `${key} notin (${values.join(",")})`;
    return operator === "Exists" ? key : `!${key}`;
  });
  return [...equal, ...rest].join(",");
}

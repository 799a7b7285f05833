import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from "@sluice/api";
import { after, formatInstant, type Instant, parseInstant, seconds } from "@sluice/kernel";
import { availableOf, type DeploymentView, replicasOf, sum } from "./view.ts";

/** Kubernetes' reasons. */
export type ProgressReason =
  | "NewReplicaSetCreated"
  | "FoundNewReplicaSet"
  | "ReplicaSetUpdated"
  | "NewReplicaSetAvailable"
  | "ProgressDeadlineExceeded"
  | "DeploymentPaused"
  | "DeploymentResumed"
  | "ReplicaSetCreateError";

export interface StatusInput {
  readonly view: DeploymentView;
  /** A ReplicaSet that this pass creates. */
  readonly created?: ReplicaSet;
  readonly collisionCount: number | undefined;
  readonly now: Instant;
}

export interface StatusResult {
  readonly status: DeploymentStatus;
  /** When its progress deadline runs out. */
  readonly deadlineAt?: Instant;
}

const noDeadline = 2 ** 31 - 1;

/** https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/progress.go syncRolloutStatus */
export function deploymentStatus({ view, created, collisionCount, now }: StatusInput): StatusResult {
  const { deployment, newest, all, replicas, fenceposts } = view;
  const before = deployment.status ?? {};
  const available = sum(all, availableOf);
  const counts = {
    replicas: sum(all, ({ status }) => status?.replicas ?? 0),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum(all, ({ status }) => status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, replicasOf) - available),
  };
  const conditions = new Conditions(before.conditions ?? [], now);
  if (available >= replicas - fenceposts.maxUnavailable) {
    conditions.set("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.");
  } else {
    conditions.set(
      "Available",
      "False",
      "MinimumReplicasUnavailable",
      "Deployment does not have minimum availability.",
    );
  }
  const deadline = deployment.spec.progressDeadlineSeconds ?? 600;
  const isLimited = deadline !== noDeadline;
  if (!isLimited) conditions.remove("Progressing");
  else progress(conditions, { ...view, created, counts, before, deadline, now });
  const progressing = conditions.get("Progressing");
  const isWaiting = isLimited && isUnderWay(progressing) && deployment.spec.paused !== true;
  const since = parseInstant(progressing?.lastUpdateTime ?? "");
  const status: DeploymentStatus = {
    ...(deployment.metadata.generation === undefined ? {} : { observedGeneration: deployment.metadata.generation }),
    ...counts,
    conditions: conditions.all(),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
  // A second more, since times are kept in whole ones.
  if (!isWaiting || since === undefined) return { status };
  return { status, deadlineAt: after(since, seconds(deadline + 1)) };
}

const isUnderWay = (condition: Condition | undefined): boolean =>
  condition?.reason !== "NewReplicaSetAvailable" && condition?.reason !== "ProgressDeadlineExceeded";

type Counts = Required<
  Pick<DeploymentStatus, "replicas" | "updatedReplicas" | "readyReplicas" | "availableReplicas" | "unavailableReplicas">
>;

interface ProgressInput extends Pick<DeploymentView, "deployment" | "newest" | "replicas"> {
  readonly created: ReplicaSet | undefined;
  readonly counts: Counts;
  readonly before: DeploymentStatus;
  readonly deadline: number;
  readonly now: Instant;
}

function progress(conditions: Conditions, input: ProgressInput): void {
  const { deployment, newest, created, counts, before } = input;
  if (created !== undefined) {
    conditions.renew("True", "NewReplicaSetCreated", `Created new replica set "${created.metadata.name}"`);
    return;
  }
  const current = conditions.get("Progressing");
  if (current === undefined && newest !== undefined) {
    conditions.renew("True", "FoundNewReplicaSet", `Found new replica set "${newest.metadata.name}"`);
  }
  if (pauseOrResume(conditions, deployment)) return;
  const isDone = counts.replicas === counts.updatedReplicas && current?.reason === "NewReplicaSetAvailable";
  if (isDone) return;
  const subject =
    newest === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newest.metadata.name}"`;
  if (isComplete(deployment, counts)) {
    conditions.set("Progressing", "True", "NewReplicaSetAvailable", `${subject} has successfully progressed.`);
  } else if (hasProgressed(counts, before)) {
    conditions.renew("True", "ReplicaSetUpdated", `${subject} is progressing.`);
  } else if (isTimedOut(conditions.get("Progressing"), input)) {
    conditions.set("Progressing", "False", "ProgressDeadlineExceeded", `${subject} has timed out progressing.`);
  }
}

/** True while paused: time doesn't run then. */
function pauseOrResume(conditions: Conditions, { spec }: Deployment): boolean {
  const current = conditions.get("Progressing");
  const isPaused = spec.paused === true;
  if (current?.reason === "ProgressDeadlineExceeded") return isPaused;
  if (isPaused) conditions.set("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused");
  else if (current?.reason === "DeploymentPaused") {
    conditions.set("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
  }
  return isPaused;
}

export const isComplete = ({ spec }: Deployment, counts: DeploymentStatus): boolean => {
  const replicas = spec.replicas ?? 1;
  return counts.updatedReplicas === replicas && counts.replicas === replicas && counts.availableReplicas === replicas;
};

const hasProgressed = (now: Counts, before: DeploymentStatus): boolean =>
  now.updatedReplicas > (before.updatedReplicas ?? 0) ||
  now.replicas - now.updatedReplicas < (before.replicas ?? 0) - (before.updatedReplicas ?? 0) ||
  now.readyReplicas > (before.readyReplicas ?? 0) ||
  now.availableReplicas > (before.availableReplicas ?? 0);

function isTimedOut(current: Condition | undefined, { deadline, now }: ProgressInput): boolean {
  if (current === undefined || current.reason === "NewReplicaSetAvailable") return false;
  if (current.reason === "ProgressDeadlineExceeded") return true;
  const since = parseInstant(current.lastUpdateTime ?? "");
  return since !== undefined && now > after(since, seconds(deadline));
}

/** Conditions as Kubernetes keeps them: the same status and reason leave everything else as it was. */
class Conditions {
  readonly #now: string;
  #list: readonly Condition[];

  constructor(list: readonly Condition[], now: Instant) {
    this.#list = list;
    this.#now = formatInstant(now);
  }

  all(): readonly Condition[] {
    return this.#list;
  }

  get(type: string): Condition | undefined {
    return this.#list.find((condition) => condition.type === type);
  }

  remove(type: string): void {
    this.#list = this.#list.filter((condition) => condition.type !== type);
  }

  set(type: string, status: Condition["status"], reason: string, message: string): void {
    const before = this.get(type);
    if (before?.status === status && before.reason === reason) return;
    this.#put(type, status, reason, message);
  }

  /** Progress was seen: the deadline counts from now. */
  renew(status: Condition["status"], reason: ProgressReason, message: string): void {
    this.#put("Progressing", status, reason, message);
  }

  #put(type: string, status: Condition["status"], reason: string, message: string): void {
    const before = this.get(type);
    const kept = before?.status === status ? before.lastTransitionTime : undefined;
    this.remove(type);
    const times = { lastUpdateTime: this.#now, lastTransitionTime: kept ?? this.#now };
    this.#list = [...this.#list, { type, status, reason, message, ...times }];
  }
}

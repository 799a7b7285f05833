import type { ReplicaSet, Rollout, RolloutStatus } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { podHashLabel, podTemplateHash } from "../version/index.ts";
import { type Progress, progressOf } from "./canary/steps.ts";
import { annotations } from "./names.ts";
import type { ObservedRollout } from "./observe.ts";

/** What the observed resources mean, worked out once. */
export interface View {
  readonly rollout: Rollout;
  readonly status: RolloutStatus;
  /** The current template's version. */
  readonly hash: string;
  readonly canary: ReplicaSet | undefined;
  /** Undefined until something was promoted; the same as `canary` once this version is. */
  readonly stable: ReplicaSet | undefined;
  /** Neither. */
  readonly older: readonly ReplicaSet[];
  readonly revision: number;
  readonly isFullyPromoted: boolean;
  readonly isFirst: boolean;
  readonly progress: Progress;
}

export function viewOf({ rollout, replicaSets }: ObservedRollout): View {
  const status = rollout.status ?? {};
  const canary = currentSet(rollout, replicaSets);
  const hash = canary === undefined ? podTemplateHash(rollout.spec.template, status.collisionCount) : hashOf(canary);
  const stableHash = status.stableRS ?? "";
  const stable = stableHash === "" ? undefined : replicaSets.find((set) => hashOf(set) === stableHash);
  const older = replicaSets.filter((set) => set !== canary && set !== stable);
  const highestOther = Math.max(0, ...replicaSets.filter((set) => set !== canary).map(revisionOf));
  return {
    rollout,
    status,
    hash,
    canary,
    stable,
    older,
    revision: Math.max(highestOther + 1, canary === undefined ? 0 : revisionOf(canary)),
    isFullyPromoted: stableHash !== "" && stableHash === hash,
    isFirst: stableHash === "",
    progress: progressOf(rollout),
  };
}

/** By its own hash, else by its content: a live ReplicaSet of the original's is taken over, no Pod restarted. */
function currentSet(rollout: Rollout, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = podTemplateHash(rollout.spec.template, rollout.status?.collisionCount);
  return (
    replicaSets.find((set) => hashOf(set) === wanted) ??
    replicaSets.find((set) => sameJson(withoutHash(set), rollout.spec.template))
  );
}

function withoutHash({ spec }: ReplicaSet): unknown {
  const { [podHashLabel]: _, ...labels } = spec.template?.metadata?.labels ?? {};
  return { ...spec.template, metadata: { ...spec.template?.metadata, labels } };
}

export const hashOf = (set: ReplicaSet): string => set.metadata.labels?.[podHashLabel] ?? "";
export const revisionOf = (set: ReplicaSet): number => Number(set.metadata.annotations?.[annotations.revision] ?? 0);
export const wantedOf = (set: ReplicaSet | undefined): number => (set === undefined ? 0 : (set.spec.replicas ?? 1));
export const availableOf = (set: ReplicaSet | undefined): number => set?.status?.availableReplicas ?? 0;
export const deadlineOf = (set: ReplicaSet): string | undefined =>
  set.metadata.annotations?.[annotations.scaleDownDeadline] || undefined;
/** The ReplicaSet's own controller has caught up with what it should be. */
export const isCaughtUp = (set: ReplicaSet): boolean =>
  (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0);
export const isFullyAvailable = (set: ReplicaSet): boolean => wantedOf(set) > 0 && availableOf(set) >= wantedOf(set);

import type { ReplicaSet } from "@sluice/api";
import { parseInstant } from "@sluice/kernel";
import { annotations } from "../names.ts";
import type { View } from "../view.ts";

/**
 * Whether a version that ran before comes back without steps: fewer than `rollbackWindow.revisions` ReplicaSets are
 * younger than it and older than the stable one. Source: argo-rollouts rollout/sync.go isRollbackWithinWindow; its
 * documentation counts one less.
 */
export function isWithinRollbackWindow({ rollout, canary, stable }: View, replicaSets: readonly ReplicaSet[]): boolean {
  const { revisions = 0 } = rollout.spec.rollbackWindow ?? {};
  const wanted = bornAt(canary);
  const current = bornAt(stable);
  if (wanted === undefined || current === undefined || wanted >= current) return false;
  const between = replicaSets.filter((set) => {
    const at = bornAt(set);
    const isOfExperiment = set.metadata.annotations?.[annotations.experiment] !== undefined;
    return at !== undefined && wanted < at && at < current && !isOfExperiment;
  });
  return between.length < revisions;
}

const bornAt = (set: ReplicaSet | undefined) => parseInstant(set?.metadata.creationTimestamp ?? "");

import type { Deployment, ReplicaSet } from "@sluice/api";
import { parseInstant } from "@sluice/kernel";
import type { Claims } from "../ownership/index.ts";
import { type Fenceposts, fencepostsOf } from "./fenceposts.ts";
import { revisionAnnotation } from "./names.ts";
import { isSameTemplate } from "./template.ts";

export interface ObservedDeployment {
  readonly deployment: Deployment;
  /** Its own, oldest first. */
  readonly replicaSets: readonly ReplicaSet[];
  readonly orphans: Claims<ReplicaSet>["orphans"];
  readonly strays: Claims<ReplicaSet>["strays"];
  /** What stands under the name that the next ReplicaSet would have, and isn't it. */
  readonly nameTakenBy?: ReplicaSet;
  /** Pods of the old ReplicaSets that haven't ended yet; asked for with strategy Recreate. */
  readonly oldPodsRunning: number;
}

/** A Deployment with its ReplicaSets told apart. */
export interface DeploymentView {
  readonly deployment: Deployment;
  readonly replicas: number;
  readonly isRolling: boolean;
  readonly fenceposts: Fenceposts;
  readonly newest: ReplicaSet | undefined;
  /** Oldest first. */
  readonly old: readonly ReplicaSet[];
  readonly all: readonly ReplicaSet[];
}

export function viewOf({ deployment, replicaSets }: ObservedDeployment): DeploymentView {
  const newest = findNewest(deployment, replicaSets);
  const old = replicaSets.filter((replicaSet) => replicaSet !== newest);
  return {
    deployment,
    replicas: deployment.spec.replicas ?? 1,
    isRolling: deployment.spec.strategy?.type !== "Recreate",
    fenceposts: fencepostsOf(deployment),
    newest,
    old,
    all: newest === undefined ? old : [...old, newest],
  };
}

/** The oldest whose template is the Deployment's: with several, the others count as old. */
export const findNewest = (deployment: Deployment, replicaSets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  replicaSets.find(({ spec }) => isSameTemplate(spec.template, deployment.spec.template));

export const replicasOf = ({ spec }: ReplicaSet): number => spec.replicas ?? 1;
export const availableOf = ({ status }: ReplicaSet): number => status?.availableReplicas ?? 0;

export const sum = (replicaSets: readonly ReplicaSet[], of: (replicaSet: ReplicaSet) => number): number =>
  replicaSets.reduce((total, replicaSet) => total + of(replicaSet), 0);

export const revisionOf = ({ metadata }: ReplicaSet): number => {
  const revision = Number(metadata.annotations?.[revisionAnnotation] ?? 0);
  return Number.isInteger(revision) ? revision : 0;
};

export const byAge = (a: ReplicaSet, b: ReplicaSet): number =>
  createdAt(a) - createdAt(b) || (a.metadata.name < b.metadata.name ? -1 : 1);

const createdAt = ({ metadata }: ReplicaSet): number => parseInstant(metadata.creationTimestamp ?? "") ?? 0;

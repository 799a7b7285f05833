import type { ReplicaSet } from "@sluice/api";
import { desiredAnnotation, maxAnnotation } from "./names.ts";
import { availableOf, byAge, type DeploymentView, replicasOf, sum } from "./view.ts";

/** How many replicas a ReplicaSet is to have. */
export type Sizes = ReadonlyMap<ReplicaSet, number>;

/** The Deployment's replicas changed since its ReplicaSets were last sized. */
export const isScaling = ({ all, replicas }: DeploymentView): boolean =>
  all.filter(isActive).some(({ metadata }) => {
    const desired = metadata.annotations?.[desiredAnnotation];
    return desired !== undefined && Number(desired) !== replicas;
  });

export const isActive = (replicaSet: ReplicaSet): boolean => replicasOf(replicaSet) > 0;

/**
 * Sizes while paused or after `replicas` changed: one active ReplicaSet takes all; while a rollout is under way the
 * change is spread in proportion, so that a bad new version doesn't get all of it.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/sync.go scale
 */
export function scaleSizes(view: DeploymentView): Sizes {
  const { all, newest, old, replicas, isRolling, fenceposts } = view;
  const active = all.filter(isActive);
  const single = active.length === 1 ? active[0] : active.length === 0 ? (newest ?? old.at(-1)) : undefined;
  if (active.length <= 1) return single === undefined ? new Map() : new Map([[single, replicas]]);
  if (isSaturated(view)) return new Map(old.filter(isActive).map((replicaSet) => [replicaSet, 0]));
  if (!isRolling) return new Map();

  const allowed = replicas > 0 ? replicas + fenceposts.maxSurge : 0;
  const toAdd = allowed - sum(active, replicasOf);
  const largestFirst = [...active].sort(
    (a, b) => replicasOf(b) - replicasOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)),
  );
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const replicaSet of largestFirst) {
    const share = toAdd === 0 ? 0 : proportion(replicaSet, view, toAdd, added);
    added += share;
    sizes.set(replicaSet, replicasOf(replicaSet) + share);
  }
  const [first] = largestFirst;
  if (first !== undefined && toAdd !== 0) sizes.set(first, Math.max(0, (sizes.get(first) ?? 0) + toAdd - added));
  return sizes;
}

const isSaturated = ({ newest, replicas }: DeploymentView): boolean =>
  newest !== undefined &&
  replicasOf(newest) === replicas &&
  Number(newest.metadata.annotations?.[desiredAnnotation]) === replicas &&
  availableOf(newest) === replicas;

function proportion(replicaSet: ReplicaSet, view: DeploymentView, toAdd: number, added: number): number {
  if (replicasOf(replicaSet) === 0 || toAdd === added) return 0;
  const fraction = fractionOf(replicaSet, view);
  const allowed = toAdd - added;
  return toAdd > 0 ? Math.min(fraction, allowed) : Math.max(fraction, allowed);
}

function fractionOf(replicaSet: ReplicaSet, { deployment, replicas, fenceposts }: DeploymentView): number {
  if (replicas === 0) return -replicasOf(replicaSet);
  const said = Number(replicaSet.metadata.annotations?.[maxAnnotation] ?? 0);
  const before = said > 0 ? said : (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return roundHalfAway((replicasOf(replicaSet) * (replicas + fenceposts.maxSurge)) / before) - replicasOf(replicaSet);
}

const roundHalfAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value));

import type { Deployment, IntOrString } from "@sluice/api";

/** How many Pods may be too many or too few while a Deployment changes. */
export interface Fenceposts {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/**
 * Surge is rounded up, unavailable down; where both come to nothing one may be unavailable.
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/deployment/util/deployment_util.go ResolveFenceposts
 */
export function fencepostsOf({ spec }: Deployment): Fenceposts {
  const replicas = spec.replicas ?? 1;
  if (spec.strategy?.type === "Recreate") return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = "25%", maxUnavailable = "25%" } = spec.strategy?.rollingUpdate ?? {};
  const surge = resolve(maxSurge, replicas, Math.ceil);
  let unavailable = resolve(maxUnavailable, replicas, Math.floor);
  if (surge === 0 && unavailable === 0) unavailable = 1;
  return { maxSurge: surge, maxUnavailable: replicas === 0 ? 0 : Math.min(unavailable, replicas) };
}

/** Text that is no percentage counts as 0; validation has refused it before. */
function resolve(amount: IntOrString, total: number, round: (value: number) => number): number {
  if (typeof amount === "number") return amount;
  const percent = /^(\d+)%$/.exec(amount)?.[1];
  return percent === undefined ? 0 : round((Number(percent) * total) / 100);
}

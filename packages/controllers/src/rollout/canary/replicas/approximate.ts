export interface ReplicaCounts {
  readonly canary: number;
  readonly stable: number;
}

/**
 * How many Pods of each side come nearest to a weight, when Pods are the weight.
 * `weight` and `maxWeight` in the same unit. Source: argo-rollouts utils/replicaset/canary.go
 * approximateWeightedCanaryStableReplicaCounts, options in its order: the first of equally near ones wins.
 */
export function approximateCounts(
  replicas: number,
  weight: number,
  maxWeight: number,
  maxSurge: number,
): ReplicaCounts {
  if (replicas === 0) return { canary: 0, stable: 0 };
  const ceiling = Math.ceil((replicas * weight) / maxWeight);
  const floor = Math.floor((replicas * weight) / maxWeight);
  const isZeroAllowed = weight === maxWeight || weight === 0 || (replicas === 1 && maxSurge === 0);
  const isTied = (total: number): boolean => {
    const exact = (total * weight) / maxWeight;
    return exact - Math.floor(exact) === 0.5;
  };

  const options: { readonly canary: number; readonly total: number }[] = [];
  if (ceiling < replicas || isZeroAllowed) options.push({ canary: ceiling, total: replicas });
  if (!isTied(replicas) && (floor !== 0 || isZeroAllowed)) options.push({ canary: floor, total: replicas });
  if (maxSurge > 0) {
    options.push({ canary: ceiling, total: replicas + 1 });
    if (!isTied(replicas + 1) && (floor !== 0 || isZeroAllowed)) options.push({ canary: floor, total: replicas + 1 });
  }

  // No option is left where a tie would round up to all Pods: one stays stable.
  let best = options[0] ?? { canary: floor, total: replicas };
  const distance = ({ canary, total }: typeof best): number => Math.abs((canary * maxWeight) / total - weight);
  for (const option of options) if (distance(option) < distance(best)) best = option;
  return { canary: best.canary, stable: best.total - best.canary };
}

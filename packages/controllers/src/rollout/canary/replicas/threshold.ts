import type { CanaryStrategy } from "@sluice/api";

/** A quotient of whole numbers may miss its percent by less than this. */
const epsilon = 1e-10;

/**
 * Whether so many available Pods are enough to go on with. Without a threshold, or with a negative one, all are needed.
 * Source: argo-rollouts utils/replicaset/canary.go, replicaProgressThreshold.
 */
export function isEnough(
  available: number,
  wanted: number,
  threshold: CanaryStrategy["replicaProgressThreshold"],
): boolean {
  if (threshold === undefined || threshold.value < 0) return available >= wanted;
  if (threshold.type === "Pod") return available >= Math.min(threshold.value, wanted);
  return wanted === 0 || (available / wanted) * 100 >= threshold.value - epsilon;
}

import type { Pod } from "@sluice/api";
import { after, type Instant, parseInstant, seconds } from "@sluice/kernel";

/** Counts towards a ReplicaSet: neither over nor on its way out. */
export const isActive = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined && pod.status?.phase !== "Succeeded" && pod.status?.phase !== "Failed";

export const isReady = (pod: Pod): boolean => readyCondition(pod)?.status === "True";

/** When it became ready; undefined where it isn't. */
export function readySince(pod: Pod): Instant | undefined {
  const condition = readyCondition(pod);
  if (condition?.status !== "True" || condition.lastTransitionTime === undefined) return undefined;
  return parseInstant(condition.lastTransitionTime);
}

/** Ready for `minReadySeconds`: at once where that is 0. Undefined where it isn't ready. */
export function availableAt(pod: Pod, minReadySeconds: number): Instant | undefined {
  const since = readySince(pod);
  return since === undefined ? undefined : after(since, seconds(minReadySeconds));
}

const readyCondition = (pod: Pod) => pod.status?.conditions?.find(({ type }) => type === "Ready");

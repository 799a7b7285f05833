import { type Job, keyOf, type Pod } from "@sluice/api";
import { formatInstant, instant, parseInstant } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import { endedAt, endingOf } from "./endings.ts";

/** Holds a Pod until its end is counted, and a Job until its Pods are free to go. */
export const trackingFinalizer = "batch.kubernetes.io/job-tracking";

export const isTracked = (resource: Job | Pod | undefined): boolean =>
  resource?.metadata.finalizers?.includes(trackingFinalizer) ?? false;

export const track = (job: Job): StoreAction =>
  withFinalizers(job, [...(job.metadata.finalizers ?? []), trackingFinalizer]);

export const release = (resource: Job | Pod): StoreAction =>
  withFinalizers(
    resource,
    (resource.metadata.finalizers ?? []).filter((finalizer) => finalizer !== trackingFinalizer),
  );

/** On a Job: when a Pod last failed by being deleted. The original remembers it in its process. */
export const lastDeletedAnnotation = "sluice.dev/last-deleted-pod";

/** The next Pod waits after one that was deleted as after any other failure, also once nothing of it is left. */
export function noteDeleted({
  job,
  pods,
}: {
  readonly job: Job;
  readonly pods: readonly Pod[];
}): StoreAction | undefined {
  const failed = pods.filter((pod) => pod.metadata.deletionTimestamp !== undefined && endingOf(pod, job) === "failed");
  if (failed.length === 0) return undefined;
  const noted = parseInstant(job.metadata.annotations?.[lastDeletedAnnotation] ?? "") ?? 0;
  const last = formatInstant(instant(Math.max(noted, ...failed.map(endedAt))));
  if (last === job.metadata.annotations?.[lastDeletedAnnotation]) return undefined;
  const annotations = { [lastDeletedAnnotation]: last };
  return { do: "patch", key: keyOf(job), patch: { type: "merge", value: { metadata: { annotations } } } };
}

// With the version that was seen: a merge patch replaces the whole list, and other finalizers are others' business.
function withFinalizers(resource: Job | Pod, finalizers: readonly string[]): StoreAction {
  const { uid, resourceVersion } = resource.metadata;
  const value = { metadata: { uid, resourceVersion, finalizers } };
  return { do: "patch", key: keyOf(resource), patch: { type: "merge", value } };
}

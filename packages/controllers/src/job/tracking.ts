import { type Job, keyOf, type Pod } from "@sluice/api";
import type { StoreAction } from "../loop/index.ts";

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

// With the version that was seen: a merge patch replaces the whole list, and other finalizers are others' business.
function withFinalizers(resource: Job | Pod, finalizers: readonly string[]): StoreAction {
  const { uid, resourceVersion } = resource.metadata;
  const value = { metadata: { uid, resourceVersion, finalizers } };
  return { do: "patch", key: keyOf(resource), patch: { type: "merge", value } };
}

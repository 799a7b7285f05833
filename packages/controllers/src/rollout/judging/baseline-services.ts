import type { Experiment } from "@sluice/api";
import { isCompleted } from "../../phases/index.ts";

/** On the Experiment whose Pods are the fresh baseline. */
export const roleLabel = "sluice.dev/role";
export const baselineRole = "fresh-baseline";

/** Services that may get a share: their endpoints are looked at first. */
export const baselineServices = (experiments: readonly Experiment[]): readonly string[] =>
  experiments
    .filter(({ metadata, status }) => metadata.labels?.[roleLabel] === baselineRole && !isCompleted(status?.phase))
    .flatMap(({ status }) => status?.templateStatuses ?? [])
    .flatMap(({ serviceName }) => serviceName ?? []);

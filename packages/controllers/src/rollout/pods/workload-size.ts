import type { Deployment, ReplicaSet } from "@sluice/api";
import type { Effect } from "../../loop/index.ts";
import { replicasOf } from "../canary/steps.ts";
import { annotations, keyIn } from "../names.ts";
import { conditionOf } from "../status/conditions.ts";
import { availableOf, type View } from "../view.ts";
import type { ObservedWorkload } from "./workload.ts";

/**
 * The size of the referenced workload's own Pods, where scaleDown lets the Rollout take them over. Before that, what the
 * Rollout doesn't have stays with them; afterwards, which is marked on it, they stay away: also when somebody applies
 * their manifest again, and while the Rollout's own are down or wanted no more.
 */
export function planWorkload(workload: ObservedWorkload, view: View): readonly Effect[] {
  const { scaleDown = "never" } = view.rollout.spec.workloadRef ?? {};
  if (workload.is !== "found" || workload.object.kind === "PodTemplate") return [];
  const { metadata, spec } = workload.object as Deployment | ReplicaSet;
  const { [annotations.replicasBefore]: noted, [annotations.takenOver]: mark } = metadata.annotations ?? {};
  const key = keyIn(workload.object, metadata.namespace, metadata.name);
  if (scaleDown === "never") {
    // What scaled it is switched off: its size is its own again.
    const value = { metadata: { annotations: { [annotations.replicasBefore]: null, [annotations.takenOver]: null } } };
    return (noted ?? mark) === undefined ? [] : [{ do: "patch", key, patch: { type: "merge", value } }];
  }
  const current = spec.replicas ?? 1;
  const before = noted === undefined ? current : Number(noted);
  const isTakenOver = mark !== undefined || isWhole(view) || (wasHealthy(view) && noted !== undefined && current === 0);
  const replicas = isTakenOver ? 0 : sizeFor(scaleDown, view, before, current);
  const isMarked = !isTakenOver || mark !== undefined;
  if (replicas === current && isMarked) return [];
  const value = {
    // Of the size that was looked at: what somebody else wrote meanwhile is looked at first.
    metadata: {
      resourceVersion: metadata.resourceVersion,
      annotations: {
        [annotations.replicasBefore]: String(before),
        ...(isTakenOver ? { [annotations.takenOver]: "true" } : {}),
      },
    },
    spec: { replicas },
  };
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}

// Set from the first time on that it was healthy, which one without Pods is, too.
const wasHealthy = ({ status }: View): boolean => conditionOf(status.conditions, "Healthy") !== undefined;

/** It was healthy, and has all its Pods: those that it took the template from aren't needed any more. */
function isWhole(view: View): boolean {
  const replicas = replicasOf(view.rollout);
  return wasHealthy(view) && replicas > 0 && availableIn(view) >= replicas;
}

const availableIn = ({ canary, stable, older }: View): number =>
  [...new Set([canary, stable, ...older])].reduce((sum, set) => sum + availableOf(set), 0);

function sizeFor(scaleDown: "onsuccess" | "progressively", view: View, before: number, current: number): number {
  const lacking = Math.max(0, before - availableIn(view));
  // Never fewer than there are; and those that the other way took already come back as far as they are needed.
  if (scaleDown === "onsuccess") return Math.max(current, lacking);
  const hasFailed =
    view.status.abort === true ||
    conditionOf(view.status.conditions, "Progressing")?.reason === "ProgressDeadlineExceeded";
  return hasFailed ? before : lacking;
}

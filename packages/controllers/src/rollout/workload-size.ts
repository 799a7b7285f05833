import type { Deployment, ReplicaSet } from "@sluice/api";
import type { Effect } from "../loop/index.ts";
import { replicasOf } from "./canary/steps.ts";
import { conditionOf } from "./conditions.ts";
import { annotations, keyIn } from "./names.ts";
import { availableOf, type View } from "./view.ts";
import type { ObservedWorkload } from "./workload.ts";

/**
 * The size of the referenced workload's own Pods, where scaleDown lets the Rollout take them over. Before that, what the
 * Rollout doesn't have stays with them; afterwards they stay away, also when somebody applies their manifest again and
 * also while the Rollout's own are down.
 */
export function planWorkload(workload: ObservedWorkload, view: View): readonly Effect[] {
  const { scaleDown = "never" } = view.rollout.spec.workloadRef ?? {};
  if (workload.is !== "found" || workload.object.kind === "PodTemplate") return [];
  const { metadata, spec } = workload.object as Deployment | ReplicaSet;
  const noted = metadata.annotations?.[annotations.replicasBefore];
  const key = keyIn(workload.object, metadata.namespace, metadata.name);
  if (scaleDown === "never") {
    // What scaled it is switched off: its size is its own again.
    const value = { metadata: { annotations: { [annotations.replicasBefore]: null } } };
    return noted === undefined ? [] : [{ do: "patch", key, patch: { type: "merge", value } }];
  }
  const current = spec.replicas ?? 1;
  const before = noted === undefined ? current : Number(noted);
  const replicas = sizeFor(scaleDown, view, before, current);
  if (replicas === current && (noted !== undefined || replicas > 0)) return [];
  const value = {
    metadata: { annotations: { [annotations.replicasBefore]: String(before) } },
    spec: { replicas },
  };
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}

function sizeFor(scaleDown: "onsuccess" | "progressively", view: View, before: number, current: number): number {
  const { rollout, status, canary, stable, older } = view;
  if (replicasOf(rollout) === 0) return current;
  // Set from the first time on that it was healthy.
  if (conditionOf(status.conditions, "Healthy") !== undefined) return 0;
  if (scaleDown === "onsuccess") return current;
  const hasFailed =
    status.abort === true || conditionOf(status.conditions, "Progressing")?.reason === "ProgressDeadlineExceeded";
  if (hasFailed) return before;
  const sets = new Set([canary, stable, ...older]);
  const available = [...sets].reduce((sum, set) => sum + availableOf(set), 0);
  return Math.max(0, before - available);
}

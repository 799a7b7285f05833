import type { Resource, SyncOperation } from "@sluice/api";
import type { Comparison } from "../comparison/compare.ts";
import { inOrder, waveOf } from "./order.ts";
import { resourceSyncOptions, type SyncOptions } from "./sync-options.ts";

/** One resource's part of a sync. */
export interface SyncTask {
  readonly text: string;
  readonly act: "apply" | "prune" | "skipPrune";
  readonly comparison: Comparison;
  readonly resource: Resource;
  readonly wave: number;
  readonly kind: string;
  readonly name: string;
  /** Why a prune is skipped. */
  readonly why?: string;
}

/** What is done in one go; the next begins when this is healthy. */
export interface SyncGroup {
  readonly wave: number;
  readonly tasks: readonly SyncTask[];
}

/**
 * Everything an operation has to do, wave by wave, prunes first within a wave.
 * Prunes run in mirrored waves, so that what was made last goes first; with PruneLast after everything else.
 */
export function syncGroups(
  comparisons: readonly Comparison[],
  operation: SyncOperation,
  options: SyncOptions,
): readonly SyncGroup[] {
  const chosen = comparisons.filter((comparison) => isSelected(comparison, operation, options));
  const applies = chosen
    .filter((comparison) => comparison.target !== undefined)
    .map((comparison) => taskOf(comparison, "apply", comparison.target?.wave ?? 0));
  const prunes = chosen
    .filter(({ requiresPruning, live }) => requiresPruning && live !== undefined)
    .map((comparison) => pruneTask(comparison, operation));
  const waves = [...new Set(prunes.filter(({ act }) => act === "prune").map(({ wave }) => wave))].sort((a, b) => a - b);
  const last = Math.max(0, ...applies.map(({ wave }) => wave), ...waves) + 1;
  const moved = prunes.map((task) => {
    if (task.act === "skipPrune") return task;
    const own = resourceSyncOptions(task.resource).options.pruneLast;
    if (own ?? options.pruneLast) return { ...task, wave: last };
    return { ...task, wave: waves[waves.length - 1 - waves.indexOf(task.wave)] ?? task.wave };
  });
  const ordered = inOrder(applies, (task, wave) => ({ ...task, wave }));
  const numbers = [...new Set([...ordered, ...moved].map(({ wave }) => wave))].sort((a, b) => a - b);
  return numbers.map((wave) => ({
    wave,
    tasks: [...moved.filter((task) => task.wave === wave), ...ordered.filter((task) => task.wave === wave)],
  }));
}

function taskOf(comparison: Comparison, act: SyncTask["act"], wave: number, why?: string): SyncTask {
  const { text, target, live, reference } = comparison;
  const resource = target?.resource ?? live;
  if (resource === undefined) throw new Error(`nothing to do for ${text}`);
  const { kind, name } = reference;
  return { text, act, comparison, resource, wave, kind, name, ...(why === undefined ? {} : { why }) };
}

function pruneTask(comparison: Comparison, operation: SyncOperation): SyncTask {
  const live = comparison.live as Resource;
  const wave = waveOf(live);
  const { prune } = resourceSyncOptions(live).options;
  if (prune === "false") return taskOf(comparison, "skipPrune", wave, "ignored (no prune)");
  if (prune === "confirm" && live.metadata.annotations?.["argocd.argoproj.io/deletion-approved"] === undefined) {
    return taskOf(
      comparison,
      "skipPrune",
      wave,
      "ignored (requires confirmation: annotate argocd.argoproj.io/deletion-approved)",
    );
  }
  return operation.prune
    ? taskOf(comparison, "prune", wave)
    : taskOf(comparison, "skipPrune", wave, "ignored (requires pruning)");
}

function isSelected(comparison: Comparison, { resources = [] }: SyncOperation, options: SyncOptions): boolean {
  const { reference, status } = comparison;
  if (options.applyOutOfSyncOnly && status === "Synced") return false;
  if (resources.length === 0) return true;
  return resources.some(
    ({ group = "", kind, name, namespace = "" }) =>
      group === reference.group &&
      kind === reference.kind &&
      name === reference.name &&
      (namespace === "" || namespace === reference.namespace),
  );
}

export const isDeletionSkipped = (live: Resource): boolean => !resourceSyncOptions(live).options.isDeletable;

import type { Application, OperationState, Resource, SyncOperation } from "@sluice/api";
import { applicable, type LiveState } from "../comparison/compare.ts";
import { noClaims } from "../comparison/overlay.ts";
import { keyOfReference } from "../comparison/resource-reference.ts";
import type { ApplyStep, ApplyWork } from "./apply-manifests.ts";
import { parseSyncOptions, type SyncOptions } from "./sync-options.ts";
import type { SyncGroup, SyncTask } from "./sync-tasks.ts";

/** A sync under way: what has to be done, and how far it is. */
export interface SyncProgress {
  readonly groups: readonly SyncGroup[];
  /** The first group that isn't recorded in status; `groups.length` when all are. */
  readonly index: number;
  /** How many results are recorded. */
  readonly recorded: number;
}

/** What it takes to say what is to be applied. */
export interface SyncView {
  readonly application: Application;
  readonly state: OperationState;
  readonly live: LiveState;
  readonly progress: SyncProgress;
  /** Whether the destination namespace is there; undefined where there is none. */
  readonly isNamespaceThere: boolean | undefined;
}

export const optionsOf = (application: Application, sync: SyncOperation): SyncOptions =>
  parseSyncOptions(sync.syncOptions ?? application.spec.syncPolicy?.syncOptions ?? []).options;

/** What is applied of the group that is next: before the first one everything is tried. */
export function workOf(view: SyncView, group: SyncGroup): ApplyWork {
  const { application, state, progress, isNamespaceThere } = view;
  const sync = state.operation.sync ?? {};
  const options = optionsOf(application, sync);
  const isFirst = progress.index === 0;
  const namespace =
    isFirst && options.createNamespace && isNamespaceThere === false ? namespaceOf(application) : undefined;
  const steps = (tasks: readonly SyncTask[]) =>
    tasks.map((task) => stepOf(view, task, options)).filter((step) => step !== undefined);
  const coming = new Set(namespace === undefined ? [] : [namespace.metadata.name]);
  for (const { resource } of progress.groups.flatMap(({ tasks }) => tasks)) {
    if (resource.kind === "Namespace") coming.add(resource.metadata.name);
  }
  const triable = (task: SyncTask) =>
    task.act === "apply" && !task.comparison.target?.isKindNew && !coming.has(task.resource.metadata.namespace ?? "");
  return {
    do: "applyManifests",
    dryRun: isFirst ? steps(progress.groups.flatMap(({ tasks }) => tasks).filter(triable)) : [],
    steps: sync.dryRun ? [] : steps(group.tasks),
    ...(namespace === undefined || sync.dryRun ? {} : { namespace }),
  };
}

/** What Rollouts write into. */
const routed: ReadonlySet<string> = new Set(["VirtualService", "DestinationRule", "Service"]);

function stepOf({ application, live }: SyncView, task: SyncTask, options: SyncOptions): ApplyStep | undefined {
  const { comparison, text } = task;
  const object = live.objects.get(text);
  if (task.act === "prune") {
    if (object?.metadata.uid === undefined) return undefined;
    const key = keyOfReference(comparison.reference);
    return { act: "prune", text, key, uid: object.metadata.uid, propagation: options.prunePropagation };
  }
  const { target } = comparison;
  if (task.act !== "apply" || target === undefined) return undefined;
  const rules = application.spec.ignoreDifferences ?? [];
  const desired = applicable(
    target,
    object,
    live.claims.get(text) ?? noClaims,
    rules,
    options.respectIgnoreDifferences,
  );
  // Where nothing of others stands yet, a Rollout may have written before this comes to it.
  const mayMoveOn = desired !== target.resource || routed.has(desired.kind);
  const resourceVersion = mayMoveOn ? object?.metadata.resourceVersion : undefined;
  return {
    act: "apply",
    text,
    object: desired,
    isReplace: target.options.replace ?? options.replace,
    isValidated: target.options.validate ?? options.validate,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

function namespaceOf({ spec }: Application): Resource | undefined {
  const name = spec.destination.namespace;
  if (name === undefined || name === "") return undefined;
  const { labels, annotations } = spec.syncPolicy?.managedNamespaceMetadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

import { type Application, notRevertible, notRevertibleAnnotation, type Operation } from "@sluice/api";
import { after, type Instant, parseInstant, sameJson } from "@sluice/kernel";
import type { Comparison } from "../comparison/compare.ts";
import { automatedRetry, healWait } from "./backoff.ts";

export type AutoSync =
  | { readonly is: "nothing"; readonly because: string }
  | { readonly is: "later"; readonly because: string; readonly wakeAt: Instant }
  /** Reported as condition SyncError. */
  | { readonly is: "blocked"; readonly message: string }
  | { readonly is: "sync"; readonly operation: Operation; readonly because: string };

/**
 * Whether to sync without being asked. As Argo CD: once for each revision, whatever comes of it; drift is healed only
 * after a successful sync of the same revision, and with growing waits.
 * https://github.com/argoproj/argo-cd/blob/master/controller/appcontroller.go autoSync
 */
export function planAutoSync(
  application: Application,
  revision: string,
  comparisons: readonly Comparison[],
  now: Instant,
): AutoSync {
  const { syncPolicy } = application.spec;
  const automated = syncPolicy?.automated;
  if (automated === undefined || automated.enabled === false)
    return { is: "nothing", because: "automated sync is off" };
  const different = comparisons.filter(({ status }) => status === "OutOfSync");
  if (different.length === 0) return { is: "nothing", because: "in sync" };
  const prune = automated.prune === true;
  if (!prune && different.every(({ requiresPruning }) => requiresPruning)) {
    return { is: "nothing", because: "only pruning is left, and automated prune is off" };
  }
  if (prune && !automated.allowEmpty && comparisons.every(({ requiresPruning }) => requiresPruning)) {
    return { is: "blocked", message: `Skipping sync attempt to ${revision}: auto-sync will wipe out all resources` };
  }
  const lasting = lastingChanges(application, comparisons);
  if (lasting !== undefined) {
    const how = `to go on: sluice app sync ${application.metadata.name}`;
    return {
      is: "blocked",
      message: `Skipping sync attempt to ${revision}: ${lasting}, which can't be taken back; ${how}`,
    };
  }
  const initiatedBy = { automated: true } as const;
  const retry = syncPolicy?.retry ?? automatedRetry;
  const options = syncPolicy?.syncOptions === undefined ? {} : { syncOptions: syncPolicy.syncOptions };
  const base = { revision, ...(prune ? { prune } : {}), ...options };
  const last = application.status?.operationState;
  if (!isAttempted(application, revision)) {
    return { is: "sync", operation: { sync: base, initiatedBy, retry }, because: `revision ${revision} is new` };
  }
  if (last?.phase !== "Succeeded") {
    return { is: "blocked", message: `Failed last sync attempt to [${revision}]: ${last?.message ?? ""}` };
  }
  if (!automated.selfHeal) return { is: "nothing", because: "this revision was synced, and selfHeal is off" };
  const attempts = last.operation.sync?.selfHealAttemptsCount ?? 0;
  const due = after(parseInstant(last.finishedAt ?? "") ?? now, healWait(attempts));
  if (now < due) return { is: "later", because: "drift again: waiting before healing it", wakeAt: due };
  const resources = different
    .filter(({ requiresPruning }) => !requiresPruning || prune)
    .map(({ reference: { group, kind, namespace, name } }) => ({ group, kind, namespace, name }));
  const sync = { ...base, resources, selfHealAttemptsCount: attempts + 1 };
  return {
    is: "sync",
    operation: { sync, initiatedBy, retry },
    because: `healing drift of ${resources.length} resources`,
  };
}

/**
 * What a sync would change for good: a person is asked before it. Not on the first one, when there is nothing yet that
 * could be lost. A CustomResourceDefinition counts where it is there already and its schema changes.
 */
function lastingChanges({ status }: Application, comparisons: readonly Comparison[]): string | undefined {
  if ((status?.history ?? []).length === 0) return undefined;
  for (const { target, live, text, status: state, requiresPruning } of comparisons) {
    if (state !== "OutOfSync" || requiresPruning || target === undefined) continue;
    const reason = notRevertible(target.resource);
    if (reason !== undefined) return `${text} is marked ${notRevertibleAnnotation} (${reason})`;
    if (target.resource.kind === "CustomResourceDefinition" && live !== undefined)
      return `the schema of ${text} changes`;
  }
  return undefined;
}

/** The last operation was about this revision of this source. */
function isAttempted({ status, spec }: Application, revision: string): boolean {
  const last = status?.operationState;
  if (last?.operation.sync === undefined || last.syncResult === undefined) return false;
  return last.syncResult.revision === revision && sameJson(last.syncResult.source, spec.source);
}

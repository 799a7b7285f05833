import type { Application, ApplicationSource, OperationState, RevisionHistory } from "@sluice/api";
import { sameJson } from "@sluice/kernel";

const limitDefault = 10;

/** With the finished sync in it; a selective sync or a dry run is no deployment. */
export function withHistory(
  application: Application,
  state: OperationState,
  source: ApplicationSource,
): readonly RevisionHistory[] {
  const history = application.status?.history ?? [];
  const { sync, initiatedBy } = state.operation;
  if (sync === undefined || sync.dryRun || (sync.resources?.length ?? 0) > 0) return history;
  const last = history.at(-1);
  const entry: RevisionHistory = {
    id: (last?.id ?? -1) + 1,
    revision: state.syncResult?.revision ?? "",
    deployedAt: state.finishedAt ?? state.startedAt,
    deployStartedAt: state.startedAt,
    source,
    ...(initiatedBy === undefined ? {} : { initiatedBy }),
  };
  // The same finish written again after a crash.
  if (last !== undefined && sameJson({ ...last, id: 0 }, { ...entry, id: 0 })) return history;
  return [...history, entry].slice(-(application.spec.revisionHistoryLimit ?? limitDefault));
}

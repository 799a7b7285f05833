import type { Application, Operation, Patch, RevisionHistory } from "@sluice/api";
import { Fault } from "@sluice/kernel";

export interface SyncRequest {
  /** Default: what targetRevision is now. */
  readonly revision?: string;
  readonly prune?: boolean;
  readonly dryRun?: boolean;
  readonly resources?: readonly {
    readonly group?: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
  readonly by?: string;
}

/** Asks an Application to sync, as Argo CD's CLI does. Throws invalid where one is already under way. */
export function syncPatch(application: Application, { by, ...sync }: SyncRequest = {}): Patch {
  const { retry } = application.spec.syncPolicy ?? {};
  return request(application, {
    sync: { ...sync, syncStrategy: { hook: {} } },
    ...initiator(by),
    ...(retry === undefined ? {} : { retry }),
  });
}

/** Asks for what was deployed before: entry `id` of {@link historyRows}, or the one before the last. Throws invalid. */
export function rollbackPatch(
  application: Application,
  id?: number,
  { prune = false, by }: { prune?: boolean; by?: string } = {},
): Patch {
  const { automated } = application.spec.syncPolicy ?? {};
  if (automated !== undefined && automated.enabled !== false) {
    throw new Fault(
      "invalid",
      "rollback cannot be initiated when auto-sync is enabled: remove spec.syncPolicy.automated first",
    );
  }
  const history = application.status?.history ?? [];
  const entry = id === undefined ? history.at(-2) : history.find((known) => known.id === id);
  if (entry === undefined) {
    const known = history.map((row) => row.id).join(", ");
    throw new Fault(
      "invalid",
      id === undefined
        ? "there is no deployment before the last one"
        : `history has no id ${id}; it has ${known || "nothing"}`,
    );
  }
  return request(application, {
    sync: {
      revision: entry.revision ?? "",
      ...(entry.source === undefined ? {} : { source: entry.source }),
      prune,
      syncStrategy: { apply: {} },
    },
    ...initiator(by),
  });
}

/** Newest first, for `sluice app history`. */
export const historyRows = ({ status }: Application): readonly RevisionHistory[] =>
  [...(status?.history ?? [])].reverse();

/** Ends the sync that is under way. */
export const terminatePatch = (): Patch => ({
  type: "merge",
  value: { status: { operationState: { phase: "Terminating" } } },
});

/** Asks git anew; `hard` forgets every cache. */
export const refreshPatch = (how: "normal" | "hard" = "normal"): Patch => ({
  type: "merge",
  value: { metadata: { annotations: { "argocd.argoproj.io/refresh": how } } },
});

function request(application: Application, operation: Operation): Patch {
  const phase = application.status?.operationState?.phase;
  if (application.operation !== undefined || phase === "Running" || phase === "Terminating") {
    throw new Fault("invalid", "another operation is already in progress");
  }
  return { type: "merge", value: { operation } };
}

const initiator = (by: string | undefined) => (by === undefined ? {} : { initiatedBy: { username: by } });

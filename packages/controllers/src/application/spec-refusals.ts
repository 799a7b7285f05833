import type { Application, Operation } from "@sluice/api";
import { ignoreRefusals } from "./comparison/ignore-differences.ts";
import { parseSyncOptions } from "./sync/sync-options.ts";

/** What an Application asks for that can't be honoured, each with its path. They stand in condition InvalidSpecError. */
export function specRefusals({ spec }: Application): readonly string[] {
  const refusals: string[] = [];
  const refuse = (path: string, why: string) => refusals.push(`${path}: ${why}`);
  const { source, sources, destination } = spec;
  if ((sources?.length ?? 0) > 0) refuse("spec.sources", "several sources are not supported yet, use spec.source");
  else if (source === undefined) refuse("spec.source", "is missing");
  if (spec.sourceHydrator !== undefined) refuse("spec.sourceHydrator", "not supported yet, use spec.source");
  for (const tool of ["helm", "kustomize", "plugin", "chart", "ref"] as const) {
    const value = source?.[tool];
    if (value !== undefined && value !== "")
      refuse(`spec.source.${tool}`, "not supported yet, use a folder of YAML or JSON");
  }
  if (source?.directory?.jsonnet !== undefined && Object.keys(source.directory.jsonnet).length > 0) {
    refuse("spec.source.directory.jsonnet", "not supported yet, use a folder of YAML or JSON");
  }
  const { server, name } = destination ?? {};
  if (server !== undefined && server !== "" && server !== "https://kubernetes.default.svc") {
    refuse(
      "spec.destination.server",
      `found ${server}, expected https://kubernetes.default.svc: other clusters are not supported yet`,
    );
  }
  if (name !== undefined && name !== "" && name !== "in-cluster") {
    refuse("spec.destination.name", `found ${name}, expected in-cluster: other clusters are not supported yet`);
  }
  for (const { option, why } of parseSyncOptions(spec.syncPolicy?.syncOptions ?? []).refusals) {
    refuse(`spec.syncPolicy.syncOptions ${option}`, why);
  }
  return [...refusals, ...ignoreRefusals(spec.ignoreDifferences ?? [])];
}

/** Why an operation that somebody asked for can't be carried out. */
export function operationRefusal(application: Application, operation: Operation): string | undefined {
  if (operation.initiatedBy?.automated) return undefined;
  const { sync } = operation;
  if (sync === undefined) return "operation.sync is missing: only syncs can be asked for";
  if (sync.manifests !== undefined) return "operation.sync.manifests: local manifests are not supported yet";
  if ((sync.sources?.length ?? 0) > 0 || (sync.revisions?.length ?? 0) > 0)
    return "operation.sync.sources: several sources are not supported yet";
  const { apply, hook } = (sync.syncStrategy ?? {}) as { apply?: { force?: boolean }; hook?: { force?: boolean } };
  if (apply?.force || hook?.force) return "operation.sync.syncStrategy: force is not supported yet";
  const refusal = parseSyncOptions(sync.syncOptions ?? []).refusals[0];
  if (refusal !== undefined) return `operation.sync.syncOptions ${refusal.option}: ${refusal.why}`;
  const { automated } = application.spec.syncPolicy ?? {};
  const isAutomated = automated !== undefined && automated.enabled !== false;
  const target = application.spec.source?.targetRevision ?? "HEAD";
  const isOther =
    sync.revision !== undefined &&
    sync.revision !== "" &&
    sync.revision !== target &&
    sync.revision !== application.status?.sync?.revision;
  if (isAutomated && !sync.dryRun && sync.source !== undefined)
    return "rollback cannot be initiated when auto-sync is enabled";
  if (isAutomated && !sync.dryRun && isOther)
    return `Cannot sync to ${sync.revision}: auto-sync currently set to ${target}`;
  return undefined;
}

import type { Application } from "@sluice/api";
import type { ReactNode } from "react";
import { useItems } from "../data/use-live.ts";
import { counted, formatDuration, shortRevision } from "../format.ts";
import { AbsentPage } from "../parts/absent-page.tsx";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { Page, Section } from "../parts/page.tsx";
import { Empty, Notice } from "../parts/states.tsx";
import { ResourceTree } from "./resource-tree.tsx";

export function ApplicationPage({ namespace, name }: { readonly namespace: string; readonly name: string }): ReactNode {
  const found = useItems<Application>(
    "applications",
    undefined,
    ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
  );
  const crumbs = [{ text: "Applications", to: "/applications" }, { text: namespace }];
  const [application] = found ?? [];
  if (application === undefined) {
    return (
      <AbsentPage name={name} crumbs={crumbs} isLoading={found === undefined}>
        <Empty title={`There is no application ${name} in ${namespace}`} />
      </AbsentPage>
    );
  }
  const { status } = application;
  return (
    <Page
      title={name}
      crumbs={crumbs}
      beside={
        <>
          <Badge state={status?.sync?.status ?? "Unknown"} />
          <Badge state={status?.health?.status ?? "Unknown"} />
          {status?.health?.message !== undefined && <span className="quiet">{status.health.message}</span>}
        </>
      }
    >
      {status?.conditions?.map(({ type, message }) => (
        <Notice key={`${type} ${message}`} tone="bad" title={type}>
          <p>{message}</p>
        </Notice>
      ))}
      <div className="two-columns">
        <Section title="Resources" beside={<DiffSummary application={application} />}>
          <ResourceTree application={application} />
        </Section>
        <div className="column">
          <SourceCard application={application} />
          <OperationCard application={application} />
          <HistoryCard application={application} />
        </div>
      </div>
    </Page>
  );
}

function DiffSummary({ application: { status } }: { readonly application: Application }): ReactNode {
  const resources = status?.resources ?? [];
  const different = resources.filter((resource) => resource.status === "OutOfSync");
  const pruned = different.filter(({ requiresPruning }) => requiresPruning);
  if (different.length === 0)
    return <span className="quiet">{counted(resources.length, "resource")}, no difference</span>;
  return (
    <span className="warn-text">
      {counted(different.length - pruned.length, "differs", "differ")}
      {pruned.length > 0 && `, ${pruned.length} to be pruned`} of {resources.length}
    </span>
  );
}

function SourceCard({ application: { spec, status } }: { readonly application: Application }): ReactNode {
  const { source, destination, syncPolicy } = spec;
  const automated = syncPolicy?.automated;
  const isAutomatic = automated !== undefined && automated.enabled !== false;
  const extras = [automated?.prune === true && "prunes", automated?.selfHeal === true && "heals itself"].filter(
    Boolean,
  );
  return (
    <Section title="Source">
      <dl className="facts">
        <dt>Repository</dt>
        <dd className="break">{source?.repoURL}</dd>
        <dt>Path</dt>
        <dd>
          <code>{source?.path ?? "."}</code> at <code>{source?.targetRevision ?? "HEAD"}</code>
        </dd>
        <dt>Revision</dt>
        <dd>
          <code title={status?.sync?.revision}>{shortRevision(status?.sync?.revision ?? "none yet")}</code>
        </dd>
        <dt>Namespace</dt>
        <dd>{destination.namespace ?? "of each manifest"}</dd>
        <dt>Sync</dt>
        <dd>{isAutomatic ? ["automatic", ...extras].join(", ") : "by hand: sluice app sync"}</dd>
      </dl>
    </Section>
  );
}

function OperationCard({ application: { status } }: { readonly application: Application }): ReactNode {
  const operation = status?.operationState;
  if (operation === undefined) return null;
  const failed = operation.syncResult?.resources?.filter((result) => result.status === "SyncFailed") ?? [];
  return (
    <Section title="Last sync" beside={<Badge state={operation.phase} />}>
      <p>
        {operation.message} <span className="quiet">·</span> <Ago at={operation.finishedAt ?? operation.startedAt} />
      </p>
      {failed.map(({ kind, name, message }) => (
        <p key={`${kind} ${name}`} className="bad-text">
          {kind} {name}: {message}
        </p>
      ))}
    </Section>
  );
}

function HistoryCard({ application: { status } }: { readonly application: Application }): ReactNode {
  const history = (status?.history ?? []).toReversed();
  if (history.length === 0) return null;
  return (
    <Section title="History">
      <ol className="history">
        {history.map(({ id, revision = "", deployedAt, deployStartedAt, initiatedBy }) => (
          <li key={id}>
            <code title={revision}>{shortRevision(revision)}</code>
            <span className="quiet">
              {initiatedBy?.automated ? "automatic" : (initiatedBy?.username ?? "by hand")}
              {tookOf(deployStartedAt, deployedAt)}
            </span>
            <Ago at={deployedAt} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function tookOf(from: string | undefined, to: string): string {
  const took = from === undefined ? 0 : Date.parse(to) - Date.parse(from);
  return took < 1000 ? "" : `, took ${formatDuration(took)}`;
}

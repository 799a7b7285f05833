import type { Application } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { shortRepository, shortRevision } from "../format.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { FilterField, matches, useFilter } from "../parts/filter.tsx";
import { Page } from "../parts/page.tsx";
import { Empty, Loading } from "../parts/states.tsx";

export function ApplicationsPage(): ReactNode {
  const applications = useCollection<Application>("applications");
  const [filter, setFilter] = useFilter();
  if (applications.is === "loading") {
    return (
      <Page title="Applications">
        <Loading rows={4} />
      </Page>
    );
  }
  const shown = applications.items
    .filter(({ metadata, spec, status }) =>
      matches(filter, [
        metadata.name,
        metadata.namespace,
        spec.source?.repoURL,
        status?.sync?.status,
        status?.health?.status,
      ]),
    )
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return (
    <Page
      title="Applications"
      actions={
        applications.items.length > 0 && <FilterField label="Filter applications" value={filter} onChange={setFilter} />
      }
    >
      {applications.items.length === 0 ? (
        <Empty title="No applications yet">
          <p>An Application says which folder of a git repository should run here.</p>
          <pre>
            <code>sluice apply -f application.yaml</code>
          </pre>
        </Empty>
      ) : shown.length === 0 ? (
        <Empty title="No application matches the filter" />
      ) : (
        <div className="card table-card">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Sync</th>
                <th scope="col">Health</th>
                <th scope="col">Releases</th>
                <th scope="col">Revision</th>
                <th scope="col">Source</th>
                <th scope="col">Last sync</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((application) => (
                <Row key={application.metadata.uid} application={application} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Page>
  );
}

const Row = memo(({ application }: { readonly application: Application }) => {
  const { metadata, spec, status } = application;
  return (
    <tr>
      <th scope="row" data-label="Name">
        <Link href={`/applications/${metadata.namespace}/${metadata.name}`} className="row-link">
          {metadata.name}
        </Link>
      </th>
      <td data-label="Sync">
        <Badge state={status?.sync?.status ?? "Unknown"} />
      </td>
      <td data-label="Health">
        <Badge state={status?.health?.status ?? "Unknown"} />
      </td>
      <td data-label="Releases">
        <Releases application={application} />
      </td>
      <td data-label="Revision">
        <code>{shortRevision(status?.sync?.revision ?? "none yet")}</code>
      </td>
      <td data-label="Source" className="wide" title={spec.source?.repoURL}>
        {shortRepository(spec.source?.repoURL ?? "")} <span className="quiet">{spec.source?.path}</span>
      </td>
      <td data-label="Last sync">
        <Ago at={status?.operationState?.finishedAt ?? status?.operationState?.startedAt} />
      </td>
    </tr>
  );
});

/** The way from an application to what is being released of it. */
function Releases({ application: { status } }: { readonly application: Application }): ReactNode {
  const rollouts = (status?.resources ?? []).filter(({ kind }) => kind === "Rollout");
  const images = status?.summary?.images ?? [];
  if (rollouts.length === 0) return <span className="quiet">{images.join(", ") || "none"}</span>;
  return (
    <span className="releases">
      {rollouts.map(({ namespace, name }) => (
        <Link key={`${namespace}/${name}`} href={`/rollouts/${namespace}/${name}`}>
          {rollouts.length === 1 && images.length === 1 ? images[0] : name}
        </Link>
      ))}
    </span>
  );
}

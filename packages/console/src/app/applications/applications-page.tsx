import type { Application } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { shortRepository, shortRevision } from "../format.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { byName, ListPage } from "../parts/list-page.tsx";
import { Empty } from "../parts/states.tsx";

const headings = ["Name", "Sync", "Health", "Releases", "Revision", "Source", "Last sync"];

export function ApplicationsPage(): ReactNode {
  return (
    <ListPage
      title="Applications"
      noun="application"
      collection={useCollection<Application>("applications")}
      headings={headings}
      row={(application) => <Row key={application.metadata.uid} application={application} />}
      textsOf={({ spec, status }) => [spec.source?.repoURL, status?.sync?.status, status?.health?.status]}
      order={byName}
      empty={
        <Empty title="No applications yet">
          <p>An Application says which folder of a git repository should run here.</p>
          <pre>
            <code>sluice apply -f application.yaml</code>
          </pre>
        </Empty>
      }
    />
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

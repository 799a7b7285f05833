import type { AnalysisRun } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { ListPage, newestFirst, ofNoRelease } from "../parts/list-page.tsx";
import { Owner, ownerOf } from "../parts/object-link.tsx";
import { Empty } from "../parts/states.tsx";

const headings = ["Name", "Namespace", "State", "Made by", "Metrics", "Measured", "Started"];
const order = newestFirst<AnalysisRun>(({ status }) => status?.startedAt);

export function AnalysisRunsPage(): ReactNode {
  return (
    <ListPage
      title="Analysis runs"
      noun="analysis run"
      collection={useCollection<AnalysisRun>("analysisruns", undefined, "brief")}
      headings={headings}
      row={(run) => <Row key={run.metadata.uid} run={run} />}
      textsOf={(run) => [
        run.status?.phase || "Pending",
        ownerOf(run)?.name,
        ...run.spec.metrics.map(({ name }) => name),
      ]}
      order={order}
      narrowing={ofNoRelease}
      empty={
        <Empty title="No analysis has run yet">
          <p>A release's analysis makes them, and so does who creates an AnalysisRun of their own.</p>
        </Empty>
      }
    />
  );
}

const Row = memo(({ run }: { readonly run: AnalysisRun }) => {
  const { metadata, spec, status } = run;
  const results = status?.metricResults ?? [];
  const bad = results.filter(({ phase, dryRun }) => dryRun !== true && (phase === "Failed" || phase === "Error"));
  return (
    <tr>
      <th scope="row" data-label="Name">
        <Link href={`/analysis/${metadata.namespace}/${metadata.name}`} className="row-link">
          {metadata.name}
        </Link>
      </th>
      <td data-label="Namespace">{metadata.namespace}</td>
      <td data-label="State">
        <Badge state={status?.phase || "Pending"} />
      </td>
      <td data-label="Made by">
        <Owner object={run} />
      </td>
      <td data-label="Metrics" className="wide">
        {spec.metrics.map(({ name }) => name).join(", ")}
        {bad.length > 0 && (
          <span className="under wraps bad-text">{bad.map(({ name }) => name).join(", ")} failed</span>
        )}
      </td>
      <td data-label="Measured" className="numbers">
        {results.reduce((sum, { count = 0, error = 0 }) => sum + count + error, 0)} ×
      </td>
      <td data-label="Started">
        <Ago at={status?.startedAt} empty="not yet" />
      </td>
    </tr>
  );
});

import type { Experiment } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { ListPage, newestFirst, ofNoRelease } from "../parts/list-page.tsx";
import { Owner, ownerOf } from "../parts/object-link.tsx";
import { Empty } from "../parts/states.tsx";

const headings = ["Name", "Namespace", "State", "Made by", "Versions", "Pods ready", "Started"];
const order = newestFirst<Experiment>(({ status }) => status?.availableAt);

const imagesOf = ({ spec }: Experiment): readonly string[] =>
  spec.templates.flatMap(({ template }) => template.spec.containers.map(({ image = "" }) => image));

export function ExperimentsPage(): ReactNode {
  return (
    <ListPage
      title="Experiments"
      noun="experiment"
      collection={useCollection<Experiment>("experiments", undefined, "brief")}
      headings={headings}
      row={(experiment) => <Row key={experiment.metadata.uid} experiment={experiment} />}
      textsOf={(experiment) => [
        experiment.status?.phase || "Pending",
        ownerOf(experiment)?.name,
        ...imagesOf(experiment),
      ]}
      order={order}
      narrowing={ofNoRelease}
      empty={
        <Empty title="No experiment has run yet">
          <p>
            An Experiment runs versions beside each other for a while and compares them; a Rollout's step may be one.
          </p>
        </Empty>
      }
    />
  );
}

const Row = memo(({ experiment }: { readonly experiment: Experiment }) => {
  const { metadata, spec, status } = experiment;
  const templates = status?.templateStatuses ?? [];
  const ready = templates.reduce((sum, { readyReplicas }) => sum + readyReplicas, 0);
  const wanted = spec.templates.reduce((sum, { replicas = 1 }) => sum + replicas, 0);
  return (
    <tr>
      <th scope="row" data-label="Name">
        <Link href={`/experiments/${metadata.namespace}/${metadata.name}`} className="row-link">
          {metadata.name}
        </Link>
      </th>
      <td data-label="Namespace">{metadata.namespace}</td>
      <td data-label="State">
        <Badge state={status?.phase || "Pending"} />
      </td>
      <td data-label="Made by">
        <Owner object={experiment} />
      </td>
      <td data-label="Versions" className="wide">
        {spec.templates.map(({ name }) => name).join(", ")}
      </td>
      <td data-label="Pods ready" className="numbers">
        {ready} of {wanted}
      </td>
      <td data-label="Started">
        <Ago at={status?.availableAt ?? metadata.creationTimestamp} empty="not yet" />
      </td>
    </tr>
  );
});

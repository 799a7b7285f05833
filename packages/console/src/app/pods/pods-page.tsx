import type { Pod } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { byName, ListPage } from "../parts/list-page.tsx";
import { Empty } from "../parts/states.tsx";
import { restartsOf } from "../release/versions.ts";
import { stateOf } from "./pod-state.ts";

const headings = ["Name", "Namespace", "State", "Restarts", "Image", "Started"];

export function PodsPage(): ReactNode {
  return (
    <ListPage
      title="Pods"
      noun="pod"
      collection={useCollection<Pod>("pods")}
      headings={headings}
      row={(pod) => <Row key={pod.metadata.uid} pod={pod} />}
      textsOf={(pod) => [stateOf(pod), imagesOf(pod)]}
      order={byName}
      empty={<Empty title="No pods run" />}
    />
  );
}

const imagesOf = ({ spec }: Pod): string => spec.containers.map(({ image }) => image).join(", ");

const Row = memo(({ pod }: { readonly pod: Pod }) => {
  const { metadata, status } = pod;
  const restarts = restartsOf(pod);
  return (
    <tr>
      <th scope="row" data-label="Name">
        <Link href={`/pods/${metadata.namespace}/${metadata.name}`} className="row-link">
          {metadata.name}
        </Link>
      </th>
      <td data-label="Namespace">{metadata.namespace}</td>
      <td data-label="State">
        <Badge state={stateOf(pod)} />
      </td>
      <td data-label="Restarts" className={`numbers ${restarts > 0 ? "warn-text" : ""}`}>
        {restarts}
      </td>
      <td data-label="Image" className="wide">
        <code>{imagesOf(pod)}</code>
      </td>
      <td data-label="Started">
        <Ago at={status?.startTime ?? metadata.creationTimestamp} empty="not yet" />
      </td>
    </tr>
  );
});

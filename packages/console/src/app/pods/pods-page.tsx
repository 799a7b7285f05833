import type { Pod } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { FilterField, matches, useFilter } from "../parts/filter.tsx";
import { Page } from "../parts/page.tsx";
import { Empty, Loading } from "../parts/states.tsx";
import { restartsOf } from "../release/versions.ts";
import { stateOf } from "./pod-state.ts";

const shownMax = 300;

export function PodsPage(): ReactNode {
  const pods = useCollection<Pod>("pods");
  const [filter, setFilter] = useFilter();
  if (pods.is === "loading") {
    return (
      <Page title="Pods">
        <Loading rows={6} />
      </Page>
    );
  }
  const found = pods.items
    .filter((pod) => matches(filter, [pod.metadata.name, pod.metadata.namespace, stateOf(pod), imagesOf(pod)]))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return (
    <Page
      title="Pods"
      actions={pods.items.length > 0 && <FilterField label="Filter pods" value={filter} onChange={setFilter} />}
    >
      {pods.items.length === 0 ? (
        <Empty title="No pods run" />
      ) : found.length === 0 ? (
        <Empty title="No pod matches the filter" />
      ) : (
        <div className="card table-card">
          <table className="list">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Namespace</th>
                <th scope="col">State</th>
                <th scope="col">Restarts</th>
                <th scope="col">Image</th>
                <th scope="col">Started</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, shownMax).map((pod) => (
                <Row key={pod.metadata.uid} pod={pod} />
              ))}
            </tbody>
          </table>
          {found.length > shownMax && <p className="more">{found.length - shownMax} more: narrow the filter.</p>}
        </div>
      )}
    </Page>
  );
}

const keyOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;
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

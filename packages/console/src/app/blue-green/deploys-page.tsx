import type { BlueGreenDeployment } from "@sluice/api";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { Ago } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { ListPage, newestFirst } from "../parts/list-page.tsx";
import { Empty } from "../parts/states.tsx";

const headings = ["Service", "Namespace", "State", "Traffic", "Image", "By", "Began"];
const order = newestFirst<BlueGreenDeployment>(({ status }) => status?.startedAt);

const imageOf = ({ spec, status }: BlueGreenDeployment): string | undefined => status?.image ?? spec.image;
const phaseOf = ({ spec, status }: BlueGreenDeployment): string =>
  status?.release === spec.release ? (status.phase ?? "Pending") : "Pending";

export function DeploysPage(): ReactNode {
  return (
    <ListPage
      title="Blue-green deploys"
      noun="deploy"
      collection={useCollection<BlueGreenDeployment>("bluegreendeployments")}
      headings={headings}
      row={(deploy) => <Row key={deploy.metadata.uid} deploy={deploy} />}
      textsOf={(deploy) => [phaseOf(deploy), imageOf(deploy), deploy.spec.by]}
      order={order}
      empty={
        <Empty title="Nothing was deployed over two colours yet">
          <p>Two Deployments and a Service whose selector switches:</p>
          <pre>sluice bluegreen deploy --service NAME --image IMAGE</pre>
        </Empty>
      }
    />
  );
}

const Row = memo(({ deploy }: { readonly deploy: BlueGreenDeployment }) => {
  const { metadata, spec, status } = deploy;
  const phase = phaseOf(deploy);
  return (
    <tr>
      <th scope="row" data-label="Service">
        <Link href={`/bluegreen/${metadata.namespace}/${metadata.name}`} className="row-link">
          {metadata.name}
        </Link>
      </th>
      <td data-label="Namespace">{metadata.namespace}</td>
      <td data-label="State">
        <Badge state={phase} />
      </td>
      <td data-label="Traffic">
        {status?.from === undefined ? <span className="quiet">unknown</span> : `${status.from} → ${status.to}`}
      </td>
      <td data-label="Image" className="wide">
        <code>{imageOf(deploy)}</code>
        {phase === "Failed" && <span className="under wraps bad-text">{status?.outcome?.message}</span>}
      </td>
      <td data-label="By">{spec.by ?? <span className="quiet">unknown</span>}</td>
      <td data-label="Began">
        <Ago at={status?.startedAt ?? metadata.creationTimestamp} />
      </td>
    </tr>
  );
});

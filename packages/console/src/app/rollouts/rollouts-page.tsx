import type { Rollout } from "@sluice/api";
import { type BlueGreenStage, blueGreenBrief, blueGreenStage } from "@sluice/api/release";
import { memo, type ReactNode } from "react";
import { Link } from "wouter";
import { useCollection } from "../data/use-live.ts";
import { Countdown } from "../parts/ago.tsx";
import { Badge } from "../parts/badge.tsx";
import { byName, ListPage } from "../parts/list-page.tsx";
import { Empty } from "../parts/states.tsx";

const headings = ["Name", "Namespace", "Status", "Step", "Canary", "Image", "Available"];

const imagesOf = ({ spec }: Rollout): string =>
  spec.template?.spec.containers.map(({ image }) => image).join(", ") ?? "";

export function RolloutsPage(): ReactNode {
  return (
    <ListPage
      title="Rollouts"
      noun="rollout"
      collection={useCollection<Rollout>("rollouts")}
      headings={headings}
      row={(rollout) => <Row key={rollout.metadata.uid} rollout={rollout} />}
      textsOf={(rollout) => [rollout.status?.phase, imagesOf(rollout)]}
      order={byName}
      empty={
        <Empty title="No rollouts yet">
          <p>A Rollout takes each new version to its users step by step, and back when it hurts them.</p>
        </Empty>
      }
    />
  );
}

const Row = memo(({ rollout }: { readonly rollout: Rollout }) => {
  const { metadata, spec, status } = rollout;
  const steps = spec.strategy.canary?.steps?.length ?? 0;
  const isKnown = status?.currentPodHash !== undefined;
  const isDone = isKnown && status.stableRS === status.currentPodHash;
  const stage = blueGreenStage(rollout);
  const weight = status?.canary?.weights?.canary.weight;
  return (
    <tr>
      <th scope="row" data-label="Name">
        <Link href={`/rollouts/${metadata.namespace}/${metadata.name}`} className="row-link">
          {metadata.name}
        </Link>
      </th>
      <td data-label="Namespace">{metadata.namespace}</td>
      <td data-label="Status">
        <Badge state={status?.phase ?? "Unknown"} />
      </td>
      <td data-label="Step" className="numbers">
        {stage !== undefined ? (
          <StageText stage={stage} />
        ) : steps === 0 ? (
          "none"
        ) : !isKnown ? (
          "not begun"
        ) : isDone ? (
          "done"
        ) : (
          `${Math.min(status?.currentStepIndex ?? 0, steps) + 1} of ${steps}`
        )}
      </td>
      <td data-label="Canary" className="numbers">
        {isDone || weight === undefined ? <span className="quiet">none</span> : <MiniBar percent={weight} />}
      </td>
      <td data-label="Image" className="wide">
        <code>{imagesOf(rollout)}</code>
      </td>
      <td data-label="Available" className="numbers">
        {status?.availableReplicas ?? 0} of {status?.replicas ?? spec.replicas ?? 1}
      </td>
    </tr>
  );
});

function StageText({ stage }: { readonly stage: BlueGreenStage }): ReactNode {
  if (stage.is === "waiting" && stage.until !== undefined) {
    return (
      <>
        switch: <Countdown until={stage.until} />
      </>
    );
  }
  return blueGreenBrief[stage.is];
}

function MiniBar({ percent }: { readonly percent: number }): ReactNode {
  return (
    <span className="mini-bar">
      <span className="bar" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </span>
      {percent} %
    </span>
  );
}

import type { Application, Pod, ReplicaSet, ResourceStatus } from "@sluice/api";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { useItems } from "../data/use-live.ts";
import { addressOf } from "../parts/addresses.ts";
import { Badge } from "../parts/badge.tsx";
import { stateOf } from "../pods/pod-state.ts";
import { controllerUid, isReady, revisionOf } from "../release/versions.ts";

/** What git asks for, and below each workload what runs of it now. */
export function ResourceTree({ application }: { readonly application: Application }): ReactNode {
  const resources = (application.status?.resources ?? []).toSorted((a, b) => weightOf(a) - weightOf(b));
  return (
    <ul className="tree">
      {resources.map((resource) => (
        <li key={`${resource.group}/${resource.kind}/${resource.namespace}/${resource.name}`}>
          <ResourceRow resource={resource} />
          {isWorkload(resource) && <Children owner={resource} />}
        </li>
      ))}
    </ul>
  );
}

const isWorkload = ({ kind }: ResourceStatus): boolean => kind === "Rollout" || kind === "Deployment";

/** What has health comes first. */
const weightOf = (resource: ResourceStatus): number =>
  isWorkload(resource) ? 0 : resource.health === undefined ? 2 : 1;

function ResourceRow({ resource }: { readonly resource: ResourceStatus }): ReactNode {
  const { kind, namespace, name, status, health, requiresPruning } = resource;
  const address = kind === undefined ? undefined : addressOf(kind, namespace, name);
  return (
    <div className="tree-row">
      <span className="kind">{kind}</span>
      <span className="name">
        {address === undefined ? name : <Link href={address}>{name}</Link>}
        {health?.message !== undefined && health.message !== "" && <span className="quiet"> {health.message}</span>}
      </span>
      {requiresPruning && <Badge state="to be pruned" tone="warn" />}
      {status !== undefined && <Badge state={status} />}
      {health?.status !== undefined && <Badge state={health.status} />}
    </div>
  );
}

function Children({ owner }: { readonly owner: ResourceStatus }): ReactNode {
  const replicaSets = useItems<ReplicaSet>(
    "replicasets",
    owner.namespace,
    ({ metadata, spec }) =>
      (spec.replicas ?? 0) > 0 &&
      (metadata.ownerReferences ?? []).some(({ kind, name }) => kind === owner.kind && name === owner.name),
  );
  const pods = useItems<Pod>("pods", owner.namespace, () => true);
  if (replicaSets === undefined || pods === undefined || replicaSets.length === 0) return null;
  return (
    <ul>
      {replicaSets
        .toSorted((a, b) => revisionOf(b) - revisionOf(a))
        .map((replicaSet) => {
          const mine = pods.filter((pod) => controllerUid(pod) === replicaSet.metadata.uid);
          return (
            <li key={replicaSet.metadata.uid}>
              <div className="tree-row">
                <span className="kind">ReplicaSet</span>
                <span className="name">{replicaSet.metadata.name}</span>
                <span className="quiet numbers">
                  {mine.filter(isReady).length} of {replicaSet.spec.replicas} ready
                </span>
              </div>
              <ul>
                {mine.map((pod) => (
                  <li key={pod.metadata.uid}>
                    <div className="tree-row">
                      <span className="kind">Pod</span>
                      <span className="name">
                        <Link href={`/pods/${pod.metadata.namespace}/${pod.metadata.name}`}>{pod.metadata.name}</Link>
                      </span>
                      <Badge state={stateOf(pod)} />
                    </div>
                  </li>
                ))}
              </ul>
            </li>
          );
        })}
    </ul>
  );
}

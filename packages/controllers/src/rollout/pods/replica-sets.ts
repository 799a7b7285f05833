import { controlledBy, type ReplicaSet, type Rollout } from "@sluice/api";
import type { PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel, templateDigest } from "../../version/index.ts";
import { affinityOf } from "../affinity/anti-affinity.ts";
import { replicasOf } from "../canary/steps.ts";
import { wornMetadata } from "../metadata/ephemeral-metadata.ts";
import { noteOf } from "../metadata/noted.ts";
import { annotations, keyIn, replicaSetKind } from "../names.ts";
import { deadlineOf, isCaughtUp, revisionOf, type View, wantedOf } from "../view.ts";

/** One ReplicaSet at this size, with this deadline and readiness; undefined where it is so already. */
export function scaled(
  set: ReplicaSet,
  replicas: number,
  deadline: string | null | undefined,
  rollout: Rollout,
): Effect | undefined {
  const isSameDeadline = deadline === undefined || (deadline ?? undefined) === deadlineOf(set);
  const minReadySeconds = rollout.spec.minReadySeconds ?? 0;
  const isSameReadiness = (set.spec.minReadySeconds ?? 0) === minReadySeconds;
  if (wantedOf(set) === replicas && isSameDeadline && isSameReadiness) return undefined;
  const value = {
    metadata: {
      annotations: {
        [annotations.desiredReplicas]: String(replicasOf(rollout)),
        ...(isSameDeadline ? {} : { [annotations.scaleDownDeadline]: deadline }),
      },
    },
    spec: { replicas, ...(isSameReadiness ? {} : { minReadySeconds }) },
  };
  const key = keyIn(replicaSetKind, set.metadata.namespace, set.metadata.name);
  return { do: "patch", key, patch: { type: "merge", value } };
}

export const scalingEvent = (set: ReplicaSet, replicas: number): PlannedEvent => {
  const from = wantedOf(set);
  const direction = replicas > from ? "up" : "down";
  return {
    type: "Normal",
    reason: "ScalingReplicaSet",
    message: `Scaled ${direction} ReplicaSet ${set.metadata.name} (revision ${revisionOf(set)}) from ${from} to ${replicas}`,
  };
};

/** The ReplicaSet of the version that begins. */
export function newReplicaSet(view: View, replicas: number): Effect {
  const { rollout, hash } = view;
  const { namespace, name } = rollout.metadata;
  const { selector, minReadySeconds } = rollout.spec;
  const { template, note } = view.version;
  const extra = wornMetadata(view);
  const affinity = affinityOf(view);
  const labels = { ...template?.metadata?.labels, [podHashLabel]: hash };
  const podAnnotations = { ...template?.metadata?.annotations, ...extra.annotations };
  const object: ReplicaSet = {
    ...replicaSetKind,
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: {
        [annotations.revision]: String(view.revision),
        [annotations.desiredReplicas]: String(replicasOf(rollout)),
        [annotations.templateDigest]: templateDigest(template),
        ...(note === undefined ? {} : { [annotations.configuration]: note }),
        ...(noteOf(extra) === noteOf({}) ? {} : { [annotations.ephemeralMetadata]: noteOf(extra) }),
      },
      ownerReferences: [controlledBy(rollout)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [podHashLabel]: hash } },
      template: {
        ...template,
        metadata: {
          ...template?.metadata,
          labels: { ...labels, ...extra.labels },
          ...(Object.keys(podAnnotations).length === 0 ? {} : { annotations: podAnnotations }),
        },
        spec: { ...(template?.spec ?? { containers: [] }), ...(affinity === undefined ? {} : { affinity }) },
      },
    },
  };
  return { do: "create", object };
}

/** Old empty ReplicaSets beyond revisionHistoryLimit, oldest first. */
export function planHistory({ rollout, older }: View): readonly Effect[] {
  const limit = rollout.spec.revisionHistoryLimit ?? 10;
  const surplus = older.length - limit;
  if (surplus <= 0) return [];
  return older
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, surplus)
    .filter((set) => wantedOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && isCaughtUp(set))
    .map((set): Effect => ({ do: "delete", key: keyIn(replicaSetKind, set.metadata.namespace, set.metadata.name) }));
}

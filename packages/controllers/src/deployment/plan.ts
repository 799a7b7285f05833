import { controlledBy, type DeploymentStatus, keyOf, type ReplicaSet } from "@sluice/api";
import type { Instant, Plan, PlannedEvent } from "@sluice/kernel";
import type { StoreAction } from "../loop/index.ts";
import { claimed } from "../ownership/index.ts";
import { podTemplateHash } from "../version/index.ts";
import { deploymentStatus, isComplete } from "./conditions.ts";
import {
  desiredAnnotation,
  hashLabel,
  maxAnnotation,
  notCopied,
  revisionAnnotation,
  revisionHistoryAnnotation,
} from "./names.ts";
import { newSize, oldSizes } from "./rolling.ts";
import { isActive, isScaling, type Sizes, scaleSizes } from "./scale.ts";
import { type DeploymentView, type ObservedDeployment, replicasOf, revisionOf, viewOf } from "./view.ts";

export const replicaSetName = ({ metadata, spec }: DeploymentView["deployment"], collisionCount: number | undefined) =>
  `${metadata.name}-${podTemplateHash(spec.template, collisionCount)}`;

/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/ */
export function planDeployment(observed: ObservedDeployment, now: Instant): Plan<StoreAction, DeploymentStatus> {
  const { deployment, nameTakenBy } = observed;
  const view = viewOf(observed);
  const collisions = deployment.status?.collisionCount;
  const finish = (actions: readonly StoreAction[], because: string, more: Partial<Decided> = {}) => {
    const collisionCount = more.collisionCount ?? collisions;
    const created = more.created === undefined ? {} : { created: more.created };
    const { status, deadlineAt } = deploymentStatus({ view, collisionCount, now, ...created });
    const wake = deadlineAt === undefined ? {} : { wakeAt: deadlineAt };
    return { actions, status, because, ...wake, ...(more.events === undefined ? {} : { events: more.events }) };
  };
  if (deployment.metadata.deletionTimestamp !== undefined) return finish([], "it is being deleted");
  const taken = claimed(deployment, observed);
  if (taken.length > 0) return finish(taken, "ReplicaSets are adopted or let go first");

  const annotated = annotationActions(view);
  if (annotated.length > 0) {
    // Without a status: what this pass has read of the Deployment is older than its own write.
    return { actions: annotated, because: "revisions and annotations are brought in line" };
  }
  if (deployment.spec.paused === true) {
    return resize(view, scaleSizes(view), finish) ?? finish(historyActions(view), "it is paused");
  }
  if (isScaling(view)) {
    const scaled = resize(view, scaleSizes(view), finish);
    if (scaled !== undefined) return scaled;
  }
  if (!view.isRolling) {
    const stopped = resize(view, new Map(view.old.filter(isActive).map((replicaSet) => [replicaSet, 0])), finish);
    if (stopped !== undefined) return stopped;
    if (observed.oldPodsRunning > 0) return finish([], `${observed.oldPodsRunning} old Pods still run`);
  }
  if (view.newest === undefined) {
    if (nameTakenBy !== undefined) {
      const collisionCount = (collisions ?? 0) + 1;
      return finish([], `the name ${nameTakenBy.metadata.name} is taken; another is tried`, { collisionCount });
    }
    const created = newReplicaSet(view, collisions);
    return finish([{ do: "create", object: created }], "there is no ReplicaSet of this template", {
      created,
      events: [scalingEvent(created, 0, replicasOf(created))],
    });
  }
  const size = newSize(view, replicasOf(view.newest));
  const grown = resize(view, new Map([[view.newest, size]]), finish);
  if (grown !== undefined) return grown;
  const shrunk = view.isRolling ? resize(view, oldSizes(view), finish) : undefined;
  if (shrunk !== undefined) return shrunk;
  if (!isComplete(deployment, deployment.status ?? {})) return finish([], "waiting for Pods to become available");
  return finish(historyActions(view), "every Pod is of this template and available");
}

interface Decided {
  readonly collisionCount: number;
  readonly created: ReplicaSet;
  readonly events: readonly PlannedEvent[];
}

type Finish = (
  actions: readonly StoreAction[],
  because: string,
  more?: Partial<Decided>,
) => Plan<StoreAction, DeploymentStatus>;

/** Undefined where every ReplicaSet has its size already. */
function resize(view: DeploymentView, sizes: Sizes, finish: Finish): Plan<StoreAction, DeploymentStatus> | undefined {
  const annotations = sizeAnnotations(view);
  const actions: StoreAction[] = [];
  const events: PlannedEvent[] = [];
  for (const [replicaSet, replicas] of sizes) {
    const isSame = replicasOf(replicaSet) === replicas;
    if (isSame && hasAnnotations(replicaSet, annotations)) continue;
    const value = { metadata: { annotations }, ...(isSame ? {} : { spec: { replicas } }) };
    actions.push({ do: "patch", key: keyOf(replicaSet), patch: { type: "merge", value } });
    if (!isSame) events.push(scalingEvent(replicaSet, replicasOf(replicaSet), replicas));
  }
  if (actions.length === 0) return undefined;
  const because = events.length === 0 ? "sizes are noted" : events.map(({ message }) => message).join(", ");
  return finish(actions, because, { events });
}

function scalingEvent({ metadata }: ReplicaSet, from: number, to: number): PlannedEvent {
  const direction = to > from ? "up" : "down";
  return {
    type: "Normal",
    reason: "ScalingReplicaSet",
    message: `Scaled ${direction} replica set ${metadata.name} from ${from} to ${to}`,
  };
}

const sizeAnnotations = ({ replicas, fenceposts }: DeploymentView) => ({
  [desiredAnnotation]: String(replicas),
  [maxAnnotation]: String(replicas + fenceposts.maxSurge),
});

const hasAnnotations = ({ metadata }: ReplicaSet, wanted: Readonly<Record<string, string>>): boolean =>
  Object.entries(wanted).every(([key, value]) => metadata.annotations?.[key] === value);

const copiedAnnotations = ({ deployment }: DeploymentView): Record<string, string> =>
  Object.fromEntries(Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key)));

const nextRevision = ({ old }: DeploymentView): number => Math.max(0, ...old.map(revisionOf)) + 1;

/** The newest ReplicaSet carries the highest revision, also when an old template came back; the Deployment says it too. */
function annotationActions(view: DeploymentView): StoreAction[] {
  const { deployment, newest } = view;
  if (newest === undefined) return [];
  const actions: StoreAction[] = [];
  const revision = Math.max(revisionOf(newest), nextRevision(view));
  const wanted: Record<string, string> = { ...copiedAnnotations(view), [revisionAnnotation]: String(revision) };
  const before = newest.metadata.annotations?.[revisionAnnotation];
  if (before !== undefined && before !== String(revision)) {
    const history = newest.metadata.annotations?.[revisionHistoryAnnotation];
    wanted[revisionHistoryAnnotation] = history === undefined || history === "" ? before : `${history},${before}`;
  }
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const isReadyTimeSame = (newest.spec.minReadySeconds ?? 0) === minReadySeconds;
  if (!hasAnnotations(newest, wanted) || !isReadyTimeSame) {
    const value = { metadata: { annotations: wanted }, ...(isReadyTimeSame ? {} : { spec: { minReadySeconds } }) };
    actions.push({ do: "patch", key: keyOf(newest), patch: { type: "merge", value } });
  }
  if (deployment.metadata.annotations?.[revisionAnnotation] !== String(revision)) {
    const value = { metadata: { annotations: { [revisionAnnotation]: String(revision) } } };
    actions.push({ do: "patch", key: keyOf(deployment), patch: { type: "merge", value } });
  }
  return actions;
}

function newReplicaSet(view: DeploymentView, collisionCount: number | undefined): ReplicaSet {
  const { deployment } = view;
  const { metadata, spec } = deployment;
  const hash = podTemplateHash(spec.template, collisionCount);
  const labels = { ...spec.template.metadata?.labels, [hashLabel]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: replicaSetName(deployment, collisionCount),
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      annotations: {
        ...copiedAnnotations(view),
        ...sizeAnnotations(view),
        [revisionAnnotation]: String(nextRevision(view)),
      },
      ownerReferences: [controlledBy(deployment)],
    },
    spec: {
      replicas: newSize(view, 0),
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [hashLabel]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

/** Old ReplicaSets beyond the history go, lowest revision first; only those that are empty. */
function historyActions({ deployment, old }: DeploymentView): StoreAction[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const empty = old.filter(
    ({ metadata, spec, status }) =>
      (spec.replicas ?? 1) === 0 &&
      (status?.replicas ?? 0) === 0 &&
      (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0) &&
      metadata.deletionTimestamp === undefined,
  );
  return [...empty]
    .sort((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, Math.max(0, empty.length - limit))
    .map((replicaSet) => ({ do: "delete", key: keyOf(replicaSet) }));
}

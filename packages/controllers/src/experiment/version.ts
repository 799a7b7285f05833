import {
  controlledBy,
  controllerOf,
  type Experiment,
  type ExperimentTemplate,
  type ExperimentTemplatePhase,
  type ExperimentTemplateStatus,
  type ReplicaSet,
  type Service,
} from "@sluice/api";
import { after, formatInstant, type Instant, millis, type PlannedEvent, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import { podHashLabel } from "../version/index.ts";
import { annotations, keyOfChild, replicaSetKind, versionHash } from "./names.ts";
import { isOwnedBy, type ObservedExperiment, refusalOf, type Slot } from "./observe.ts";

export interface VersionPlan {
  readonly status: ExperimentTemplateStatus;
  readonly actions: readonly Effect[];
  readonly events: readonly PlannedEvent[];
  /** When its progress deadline is over. */
  readonly wakeAt: Instant | undefined;
}

export const wantedOf = ({ replicas = 1 }: ExperimentTemplate): number => replicas;

/** One version while the experiment goes on: its Pods, its Service, and how far they are. */
export function planVersion(observed: ObservedExperiment, template: ExperimentTemplate, now: Instant): VersionPlan {
  const { experiment } = observed;
  const slot = observed.replicaSets.get(template.name);
  if (slot === undefined) throw new Error(`template ${template.name} was not observed`);
  const before = statusOf(experiment, template.name);
  const known = countsOf(experiment, template, slot);
  const service = observed.services.get(template.name);
  const isAnothers = service !== undefined && !isOwnedBy(experiment, service);
  // One that ended keeps its Service as long as its Pods: the name is free soon.
  const isTaken = isAnothers && controllerOf(service)?.kind === "Experiment";
  const actions = [...planPods(experiment, template, slot), ...planService(experiment, template, slot, service)];
  if (isAnothers && !isTaken) {
    const message = `Service "${service.metadata.name}" is not this experiment's`;
    return moved(experiment, { ...known, status: "Error", message, serviceName: service.metadata.name }, [], now);
  }
  const whose = `template '${template.name}'`;
  const refusal =
    refusalOf(observed, "ReplicaSet", slot.name, whose) ??
    refusalOf(observed, "Service", template.service?.name ?? slot.name, whose);
  if (refusal !== undefined) return moved(experiment, { ...known, status: "Error", message: refusal }, [], now);
  const phase = before?.status ?? "";
  if (phase === "Failed" || phase === "Error") {
    return moved(experiment, { ...known, status: phase, ...messageOf(before) }, actions, now);
  }
  const hasPods = slot.child !== undefined && isCaughtUp(slot.child) && known.availableReplicas >= wantedOf(template);
  if (hasPods && !isTaken) return moved(experiment, { ...known, status: "Running" }, actions, now);

  const deadlineSeconds = experiment.spec.progressDeadlineSeconds ?? 600;
  const isSame = before?.status === "Progressing" && countsText(before) === countsText(known);
  const since = isSame ? parseInstant(before.lastTransitionTime ?? "") : undefined;
  const deadline = after(since ?? now, seconds(deadlineSeconds));
  if (now > deadline) {
    const message = `Template '${template.name}' exceeded its progressDeadlineSeconds (${deadlineSeconds})`;
    return moved(experiment, { ...known, status: "Failed", message }, actions, now);
  }
  return {
    ...moved(experiment, { ...known, status: "Progressing" }, actions, now),
    wakeAt: after(deadline, millis(1)),
  };
}

const messageOf = (status: ExperimentTemplateStatus | undefined) =>
  status?.message === undefined ? {} : { message: status.message };

export const statusOf = (experiment: Experiment, template: string): ExperimentTemplateStatus | undefined =>
  experiment.status?.templateStatuses?.find(({ name }) => name === template);

/** The ReplicaSet's own controller has caught up with what it should be. */
const isCaughtUp = ({ status, metadata }: ReplicaSet): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);

/** What is there of it now, without a word on where it stands. */
export function countsOf(
  experiment: Experiment,
  template: ExperimentTemplate,
  { child, name, collisions }: Slot<ReplicaSet>,
): ExperimentTemplateStatus {
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0 } = child?.status ?? {};
  return {
    name: template.name,
    replicas,
    updatedReplicas: replicas,
    readyReplicas,
    availableReplicas,
    ...(collisions === 0 ? {} : { collisionCount: collisions }),
    ...(template.service === undefined ? {} : { serviceName: template.service.name ?? name }),
    podTemplateHash: child?.metadata.labels?.[podHashLabel] ?? versionHash(experiment, template),
  };
}

const countsText = (status: ExperimentTemplateStatus | undefined): string =>
  `${status?.replicas}/${status?.readyReplicas}/${status?.availableReplicas}`;

/** With the time of the last step forward, and an Event where its phase changed. */
export function moved(
  experiment: Experiment,
  next: ExperimentTemplateStatus,
  actions: readonly Effect[],
  now: Instant,
): VersionPlan {
  const before = statusOf(experiment, next.name);
  const isOther = before?.status !== next.status;
  const hasMoved = isOther || (next.status === "Progressing" && countsText(before) !== countsText(next));
  const lastTransitionTime = hasMoved ? formatInstant(now) : before?.lastTransitionTime;
  return {
    status: { ...next, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) },
    actions,
    events: isOther ? [transition(next.name, before?.status ?? "", next)] : [],
    wakeAt: undefined,
  };
}

function transition(name: string, from: ExperimentTemplatePhase, { status = "", message }: ExperimentTemplateStatus) {
  const words = `Template '${name}' transitioned from ${from} -> ${status}`;
  return {
    type: status === "Failed" || status === "Error" ? "Warning" : "Normal",
    reason: `Template${status}`,
    message: message === undefined ? words : `${words}: ${message}`,
  } satisfies PlannedEvent;
}

function planPods(
  experiment: Experiment,
  template: ExperimentTemplate,
  { child, name }: Slot<ReplicaSet>,
): readonly Effect[] {
  const replicas = wantedOf(template);
  if (child === undefined) return [{ do: "create", object: newReplicaSet(experiment, template, name) }];
  const isLeaving = child.metadata.annotations?.[annotations.scaleDownDeadline] !== undefined;
  if ((child.spec.replicas ?? 1) === replicas && !isLeaving) return [];
  const metadata = isLeaving ? { metadata: { annotations: { [annotations.scaleDownDeadline]: null } } } : {};
  return [
    {
      do: "patch",
      key: keyOfChild(replicaSetKind, child),
      patch: { type: "merge", value: { ...metadata, spec: { replicas } } },
    },
  ];
}

function newReplicaSet(experiment: Experiment, version: ExperimentTemplate, name: string): ReplicaSet {
  const { template, selector, minReadySeconds } = version;
  const { namespace } = experiment.metadata;
  const hash = versionHash(experiment, version);
  const labels = { ...template.metadata?.labels, [podHashLabel]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: {
        [annotations.experiment]: experiment.metadata.name,
        [annotations.template]: version.name,
      },
      ownerReferences: [controlledBy(experiment)],
    },
    spec: {
      replicas: wantedOf(version),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [podHashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

function planService(
  experiment: Experiment,
  version: ExperimentTemplate,
  { name }: Slot<ReplicaSet>,
  service: Service | undefined,
): readonly Effect[] {
  if (version.service === undefined || service !== undefined) return [];
  const { namespace } = experiment.metadata;
  const ports = version.template.spec.containers.flatMap(({ ports = [] }) => ports);
  const object: Service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: version.service.name ?? name,
      ...(namespace === undefined ? {} : { namespace }),
      annotations: {
        [annotations.experiment]: experiment.metadata.name,
        [annotations.template]: version.name,
      },
      ownerReferences: [controlledBy(experiment)],
    },
    spec: {
      selector: { ...version.selector.matchLabels, [podHashLabel]: versionHash(experiment, version) },
      // A container's ports are the Service's: nothing else says what the version listens to.
      ports: ports.map((port) => ({
        port: port.containerPort,
        targetPort: port.containerPort,
        ...(port.name === undefined ? {} : { name: port.name }),
        ...(port.protocol === undefined ? {} : { protocol: port.protocol }),
      })),
    },
  };
  return [{ do: "create", object }];
}

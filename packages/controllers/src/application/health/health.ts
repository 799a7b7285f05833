import {
  type Deployment,
  type HealthStatusCode,
  type Pod,
  type ReplicaSet,
  type Resource,
  type Rollout,
  type Service,
  splitApiVersion,
} from "@sluice/api";
import { annotations } from "../names.ts";

export interface Health {
  readonly status: HealthStatusCode;
  readonly message?: string;
}

// Best first, as in Argo CD.
const order: readonly HealthStatusCode[] = ["Healthy", "Suspended", "Progressing", "Missing", "Degraded", "Unknown"];

export const isWorse = (current: HealthStatusCode, other: HealthStatusCode): boolean =>
  order.indexOf(other) > order.indexOf(current);

const healthy: Health = { status: "Healthy" };
const progressing = (message: string): Health => ({ status: "Progressing", message });
const degraded = (message: string): Health => ({ status: "Degraded", message });

/**
 * A resource's health by its kind, with Argo CD's rules and texts. Undefined: the kind has no check, and doesn't count.
 * https://github.com/argoproj/argo-cd/tree/master/gitops-engine/pkg/health
 */
export function healthOf(resource: Resource): Health | undefined {
  if (resource.metadata.deletionTimestamp !== undefined) return progressing("Pending deletion");
  return checkOf(resource)?.(resource);
}

/** Whether a resource of this kind counts as Missing when it isn't there. */
export const hasHealthCheck = (resource: Resource): boolean => checkOf(resource) !== undefined;

export const isHealthIgnored = ({ metadata }: Resource): boolean =>
  metadata.annotations?.[annotations.ignoreHealthcheck] === "true";

function checkOf({ apiVersion, kind }: Resource): ((resource: Resource) => Health) | undefined {
  const check = `${splitApiVersion(apiVersion).group}/${kind}`;
  return Object.hasOwn(checks, check) ? checks[check] : undefined;
}

const checks: Readonly<Record<string, (resource: Resource) => Health>> = {
  "apps/Deployment": (resource) => deploymentHealth(resource as Deployment),
  "apps/ReplicaSet": (resource) => replicaSetHealth(resource as ReplicaSet),
  "apps/StatefulSet": statefulSetHealth,
  "apps/DaemonSet": daemonSetHealth,
  "batch/Job": jobHealth,
  "/Pod": (resource) => podHealth(resource as Pod),
  "/Service": (resource) => serviceHealth(resource as Service),
  "/PersistentVolumeClaim": claimHealth,
  "networking.k8s.io/Ingress": ingressHealth,
  "apiregistration.k8s.io/APIService": apiServiceHealth,
  "autoscaling/HorizontalPodAutoscaler": autoscalerHealth,
  "argoproj.io/Rollout": (resource) => rolloutHealth(resource as Rollout),
  "argoproj.io/AnalysisRun": analysisRunHealth,
};

function deploymentHealth({ metadata, spec, status = {} }: Deployment): Health {
  if (spec.paused) return { status: "Suspended", message: "Deployment is paused" };
  if ((metadata.generation ?? 0) > (status.observedGeneration ?? 0)) {
    return progressing("Waiting for rollout to finish: observed deployment generation less than desired generation");
  }
  const condition = status.conditions?.find(({ type }) => type === "Progressing");
  if (condition?.reason === "ProgressDeadlineExceeded") {
    return degraded(`Deployment "${metadata.name}" exceeded its progress deadline`);
  }
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const wanted = spec.replicas ?? 1;
  if (updatedReplicas < wanted) {
    return progressing(
      `Waiting for rollout to finish: ${updatedReplicas} out of ${wanted} new replicas have been updated...`,
    );
  }
  if (replicas > updatedReplicas) {
    return progressing(
      `Waiting for rollout to finish: ${replicas - updatedReplicas} old replicas are pending termination...`,
    );
  }
  if (availableReplicas < updatedReplicas) {
    return progressing(
      `Waiting for rollout to finish: ${availableReplicas} of ${updatedReplicas} updated replicas are available...`,
    );
  }
  return healthy;
}

function replicaSetHealth({ metadata, spec, status }: ReplicaSet): Health {
  if ((metadata.generation ?? 0) > (status?.observedGeneration ?? 0)) {
    return progressing("Waiting for rollout to finish: observed replica set generation less than desired generation");
  }
  const failure = status?.conditions?.find(({ type, status: is }) => type === "ReplicaFailure" && is === "True");
  if (failure !== undefined) return degraded(failure.message ?? "");
  const available = status?.availableReplicas ?? 0;
  const wanted = spec.replicas ?? 1;
  return available < wanted
    ? progressing(`Waiting for rollout to finish: ${available} out of ${wanted} new replicas are available...`)
    : healthy;
}

/** Kinds that the API doesn't know by type: read field by field. */
interface Loose {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
  readonly conditions: readonly { type?: string; status?: string; reason?: string; message?: string }[];
  count(name: string): number;
}

function loose(resource: Resource): Loose {
  const status = (resource.status ?? {}) as Loose["status"];
  const conditions = Array.isArray(status.conditions) ? (status.conditions as Loose["conditions"]) : [];
  const count = (name: string) => (typeof status[name] === "number" ? status[name] : 0);
  return { spec: (resource.spec ?? {}) as Loose["spec"], status, conditions, count };
}

function statefulSetHealth(resource: Resource): Health {
  const { spec, status, count } = loose(resource);
  const observed = count("observedGeneration");
  if (observed === 0 || (resource.metadata.generation ?? 0) > observed) {
    return progressing("Waiting for statefulset spec update to be observed...");
  }
  const replicas = typeof spec.replicas === "number" ? spec.replicas : 1;
  if (count("readyReplicas") < replicas) {
    return progressing(`Waiting for ${replicas - count("readyReplicas")} pods to be ready...`);
  }
  const strategy = (spec.updateStrategy ?? {}) as { type?: string; rollingUpdate?: { partition?: number } };
  if (strategy.type === "RollingUpdate" && strategy.rollingUpdate !== undefined) {
    const { partition } = strategy.rollingUpdate;
    if (partition !== undefined && count("updatedReplicas") < replicas - partition) {
      return progressing(
        `Waiting for partitioned roll out to finish: ${count("updatedReplicas")} out of ${replicas - partition} new pods have been updated...`,
      );
    }
    return healthy;
  }
  if (strategy.type === "OnDelete") return healthy;
  return status.updateRevision === status.currentRevision
    ? healthy
    : progressing(
        `waiting for statefulset rolling update to complete ${count("updatedReplicas")} pods at revision ${String(status.updateRevision)}...`,
      );
}

function daemonSetHealth(resource: Resource): Health {
  const { spec, count } = loose(resource);
  if ((resource.metadata.generation ?? 0) > count("observedGeneration")) {
    return progressing("Waiting for rollout to finish: observed daemon set generation less than desired generation");
  }
  if ((spec.updateStrategy as { type?: string } | undefined)?.type === "OnDelete") return healthy;
  const [desired, updated, available] = [
    count("desiredNumberScheduled"),
    count("updatedNumberScheduled"),
    count("numberAvailable"),
  ];
  if (updated < desired) {
    return progressing(`Waiting for daemon set to finish: ${updated} out of ${desired} new pods have been updated...`);
  }
  return available < desired
    ? progressing(`Waiting for daemon set to finish: ${available} of ${desired} updated pods are available...`)
    : healthy;
}

// Argo CD reads the types alone, so a condition that is False counts too.
function jobHealth(resource: Resource): Health {
  const { conditions } = loose(resource);
  const of = (type: string) => conditions.find((condition) => condition.type === type);
  const failed = of("Failed");
  if (failed !== undefined) return degraded(failed.message ?? "");
  const suspended = of("Suspended");
  if (suspended?.status === "True") return { status: "Suspended", message: suspended.message ?? "" };
  return of("Complete") !== undefined || suspended !== undefined ? healthy : progressing("");
}

function podHealth({ spec, status }: Pod): Health {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const always = (spec.restartPolicy ?? "Always") === "Always";
  if (always) {
    const waiting = containers
      .map(({ state }) => state?.waiting)
      .find((found) => /^Err|Error$|BackOff$/.test(found?.reason ?? ""));
    if (waiting !== undefined) return degraded(waiting.message ?? waiting.reason ?? "");
  }
  switch (status?.phase) {
    case "Pending":
      return progressing(status.message ?? "");
    case "Succeeded":
      return { status: "Healthy", message: status.message ?? "" };
    case "Failed": {
      const ended = containers
        .map(({ state }) => state?.terminated)
        .find((found) => found !== undefined && found.exitCode !== 0);
      const said = ended?.message || (ended?.reason === "OOMKilled" ? "OOMKilled" : undefined);
      return degraded(
        status.message || said || (ended === undefined ? "" : `container failed with exit code ${ended.exitCode}`),
      );
    }
    case "Running": {
      if (!always) return progressing(status.message ?? "");
      const ready = status.conditions?.find(({ type }) => type === "Ready");
      if (ready?.status === "True") return { status: "Healthy", message: status.message ?? "" };
      return containers.some(({ lastState }) => lastState?.terminated !== undefined)
        ? degraded(status.message ?? "")
        : progressing(status.message ?? "");
    }
    default:
      return { status: "Unknown", message: status?.message ?? "" };
  }
}

function serviceHealth({ spec, status }: Service): Health {
  if (spec?.type !== "LoadBalancer") return healthy;
  const ingress = (status as { loadBalancer?: { ingress?: readonly unknown[] } } | undefined)?.loadBalancer?.ingress;
  return (ingress?.length ?? 0) > 0 ? healthy : progressing("");
}

function claimHealth(resource: Resource): Health {
  const { phase } = loose(resource).status;
  if (phase === "Lost") return degraded("");
  if (phase === "Pending") return progressing("");
  return phase === "Bound" ? healthy : { status: "Unknown" };
}

function ingressHealth(resource: Resource): Health {
  const { ingress } = (loose(resource).status.loadBalancer ?? {}) as { ingress?: readonly unknown[] };
  return (ingress?.length ?? 0) > 0 ? healthy : progressing("");
}

function apiServiceHealth(resource: Resource): Health {
  const available = loose(resource).conditions.find(({ type }) => type === "Available");
  const message = `${available?.reason ?? ""}: ${available?.message ?? ""}`;
  if (available?.status === "True") return { status: "Healthy", message };
  return progressing(available === undefined ? "Waiting to be processed" : message);
}

const autoscalerFaults = new Set([
  "FailedGetScale",
  "FailedUpdateScale",
  "FailedGetResourceMetric",
  "FailedGetObjectMetric",
  "FailedGetPodsMetric",
  "FailedGetExternalMetric",
  "FailedComputeMetricsReplicas",
  "InvalidSelector",
]);

function autoscalerHealth(resource: Resource): Health {
  const { conditions } = loose(resource);
  const fault = conditions.find(({ reason }) => autoscalerFaults.has(reason ?? ""));
  if (fault !== undefined) return degraded(fault.message ?? "");
  const able = conditions.find(
    ({ type, status }) => (type === "AbleToScale" || type === "ScalingLimited") && status === "True",
  );
  return able === undefined ? progressing("Waiting to Autoscale") : { status: "Healthy", message: able.message ?? "" };
}

// https://github.com/argoproj/argo-cd/blob/master/resource_customizations/argoproj.io/Rollout/health.lua
function rolloutHealth({ metadata, status }: Rollout): Health {
  const observed = Number(status?.observedGeneration ?? "");
  if (
    status?.observedGeneration === undefined ||
    status.observedGeneration === "" ||
    observed !== metadata.generation
  ) {
    return progressing("Waiting for rollout spec update to be observed");
  }
  const message = status.message ?? "";
  switch (status.phase) {
    case "Healthy":
    case "Progressing":
    case "Degraded":
      return { status: status.phase, message };
    case "Paused":
      return { status: "Suspended", message };
    default:
      return progressing(message);
  }
}

function analysisRunHealth(resource: Resource): Health {
  const { phase, message } = loose(resource).status as { phase?: string; message?: string };
  const said = message ?? "";
  switch (phase) {
    case "Successful":
      return { status: "Healthy", message: said || "Analysis run completed successfully" };
    case "Failed":
    case "Error":
      return degraded(said || "Analysis run failed");
    case "Inconclusive":
      return { status: "Unknown", message: said || "Analysis run inconclusive" };
    default:
      return progressing(said || "Waiting for analysis run to finish: status has not been reconciled.");
  }
}

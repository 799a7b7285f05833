import type { Resource } from "@sluice/api";
import { describe, expect, test } from "vitest";
import { healthOf } from "./health.ts";

describe("health", () => {
  const of = (apiVersion: string, kind: string, spec: object, status: object, generation = 1) =>
    healthOf({ apiVersion, kind, metadata: { name: "x", generation }, spec, status } as Resource)?.status;
  const up = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

  test.each([
    ["Deployment", { paused: true }, {}, "Suspended"],
    ["Deployment", { replicas: 2 }, up, "Healthy"],
    ["Deployment", { replicas: 0 }, { observedGeneration: 1 }, "Healthy"],
    ["Deployment", { replicas: 2 }, { ...up, observedGeneration: 0 }, "Progressing"],
    ["Deployment", { replicas: 2 }, { ...up, updatedReplicas: 1 }, "Progressing"],
    ["Deployment", { replicas: 2 }, { ...up, replicas: 3 }, "Progressing"],
    ["Deployment", { replicas: 2 }, { ...up, availableReplicas: 1 }, "Progressing"],
    [
      "Deployment",
      { replicas: 2 },
      { ...up, conditions: [{ type: "Progressing", reason: "ProgressDeadlineExceeded" }] },
      "Degraded",
    ],
    ["ReplicaSet", { replicas: 2 }, { observedGeneration: 1, availableReplicas: 1 }, "Progressing"],
    [
      "ReplicaSet",
      { replicas: 2 },
      { observedGeneration: 1, conditions: [{ type: "ReplicaFailure", status: "True" }] },
      "Degraded",
    ],
    ["StatefulSet", { replicas: 1 }, {}, "Progressing"],
    [
      "StatefulSet",
      { replicas: 1, updateStrategy: { type: "RollingUpdate", rollingUpdate: {} } },
      { observedGeneration: 1, readyReplicas: 1, updateRevision: "b", currentRevision: "a" },
      "Healthy",
    ],
    [
      "StatefulSet",
      { replicas: 1 },
      { observedGeneration: 1, readyReplicas: 1, updateRevision: "b", currentRevision: "a" },
      "Progressing",
    ],
    [
      "DaemonSet",
      {},
      { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
      "Progressing",
    ],
  ])("apps %s %j %j: %s", (kind, spec, status, expected) => {
    expect(of("apps/v1", kind, spec, status)).toBe(expected);
  });

  const running = (container: object) => ({ phase: "Running", containerStatuses: [container] });
  test.each([
    [{ phase: "Pending" }, {}, "Progressing"],
    [{ phase: "Succeeded" }, {}, "Healthy"],
    [{ phase: "Failed" }, {}, "Degraded"],
    [{ phase: "Running", conditions: [{ type: "Ready", status: "True" }] }, {}, "Healthy"],
    [running({ state: { waiting: { reason: "CrashLoopBackOff" } } }), {}, "Degraded"],
    [running({ state: { waiting: { reason: "ErrImagePull" } } }), {}, "Degraded"],
    [running({ state: { waiting: { reason: "CrashLoopBackOff" } } }), { restartPolicy: "Never" }, "Progressing"],
    [running({ lastState: { terminated: { exitCode: 1 } } }), {}, "Degraded"],
    [running({}), {}, "Progressing"],
  ])("Pod %j %j: %s", (status, spec, expected) => {
    expect(of("v1", "Pod", spec, status)).toBe(expected);
  });

  test.each([
    [{}, "Progressing"],
    [{ observedGeneration: "1", phase: "Healthy" }, "Healthy"],
    [{ observedGeneration: "1", phase: "Paused" }, "Suspended"],
    [{ observedGeneration: "1", phase: "Degraded", message: "aborted" }, "Degraded"],
    [{ observedGeneration: "0", phase: "Healthy" }, "Progressing"],
  ])("Rollout %j: %s", (status, expected) => {
    expect(of("argoproj.io/v1alpha1", "Rollout", {}, status)).toBe(expected);
  });

  test.each([
    ["batch/v1", "Job", {}, { conditions: [{ type: "Suspended", status: "False" }] }, "Healthy"],
    ["batch/v1", "Job", {}, { conditions: [{ type: "Failed", status: "False" }] }, "Degraded"],
    ["v1", "Service", { type: "LoadBalancer" }, {}, "Progressing"],
    ["v1", "Service", {}, {}, "Healthy"],
    ["v1", "ConfigMap", {}, {}, undefined],
    ["v1", "PersistentVolumeClaim", {}, { phase: "Lost" }, "Degraded"],
    ["networking.k8s.io/v1", "Ingress", {}, {}, "Progressing"],
    [
      "autoscaling/v2",
      "HorizontalPodAutoscaler",
      {},
      { conditions: [{ type: "ScalingActive", reason: "FailedGetScale" }] },
      "Degraded",
    ],
  ])("%s %s %j %j: %s", (apiVersion, kind, spec, status, expected) => {
    expect(of(apiVersion, kind, spec, status)).toBe(expected);
  });

  test("what is being deleted is on its way", () => {
    const doomed = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "x", deletionTimestamp: "2026-01-01T00:00:00Z" },
    };

    expect(healthOf(doomed)).toEqual({ status: "Progressing", message: "Pending deletion" });
  });
});

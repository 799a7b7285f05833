import type { Refusal } from "../refuses.ts";

/** Of a Rollout whatever its strategy. */
export const rolloutRefusals: readonly Refusal[] = [
  ["Rollout", { "spec.strategy": {} }, "spec.strategy", "exactly one of canary, blueGreen"],
  ["Rollout", { "spec.selector": undefined }, "spec.selector", "a selector"],
  ["Rollout", { "spec.template": undefined }, "spec.template", "a pod template"],
  ["Rollout", { "spec.workloadRef": { kind: "Deployment", name: "a" } }, "spec.template", "take spec.template out"],
  ["Rollout", { "spec.workloadRef": { kind: "Deployment" } }, "spec.workloadRef.name", "a text"],
  ["Rollout", { "spec.workloadRef": { kind: "StatefulSet", name: "a" } }, "spec.workloadRef.kind", "Deployment"],
  [
    "Rollout",
    { "spec.template": undefined, "spec.workloadRef": { apiVersion: "v1", kind: "Deployment", name: "a" } },
    "spec.workloadRef.apiVersion",
    "apps/v1",
  ],
  [
    "Rollout",
    { "spec.template": undefined, "spec.workloadRef": { kind: "Deployment", name: "a", scaleDown: "always" } },
    "spec.workloadRef.scaleDown",
    "onsuccess",
  ],
  [
    "Rollout",
    {
      "spec.template": undefined,
      "spec.workloadRef": { kind: "PodTemplate", name: "a", scaleDown: "onsuccess" },
    },
    "spec.workloadRef.scaleDown",
    "no pods of its own",
  ],
  [
    "Rollout",
    {
      "spec.template": undefined,
      "spec.selector": undefined,
      "spec.workloadRef": { kind: "PodTemplate", name: "a" },
    },
    "spec.selector",
    "a PodTemplate has none",
  ],
  ["Rollout", { "spec.rollbackWindow": { revisions: -1 } }, "spec.rollbackWindow.revisions", "0"],

  ["Rollout", { "spec.replicas": -1 }, "spec.replicas", "at least 0"],
  ["Rollout", { "spec.minReadySeconds": -1 }, "spec.minReadySeconds", "at least 0"],
  ["Rollout", { "spec.revisionHistoryLimit": -1 }, "spec.revisionHistoryLimit", "at least 0"],
  ["Rollout", { "spec.progressDeadlineSeconds": 0 }, "spec.progressDeadlineSeconds", "at least 1"],
  [
    "Rollout",
    { "spec.progressDeadlineSeconds": 5, "spec.minReadySeconds": 5 },
    "spec.progressDeadlineSeconds",
    "more than minReadySeconds, 5",
  ],
  ["Rollout", { "spec.minReadySeconds": 600 }, "spec.minReadySeconds", "add progressDeadlineSeconds: 1200"],
  ["Rollout", { "spec.selector": {} }, "spec.selector", "name labels of spec.template.metadata.labels"],
  ["Rollout", { "spec.selector": { matchLabels: { app: "no" } } }, "spec.template.metadata.labels", "app=no"],
  [
    "Rollout",
    { "spec.selector": { matchExpressions: [{ key: "app", operator: "In" }] } },
    "spec.selector.matchExpressions[0].values",
    "at least one value for In",
  ],
  [
    "Rollout",
    { "spec.selector": { matchExpressions: [{ key: "app", operator: "Like", values: ["a"] }] } },
    "spec.selector.matchExpressions[0].operator",
    "one of In, NotIn",
  ],
  ["Rollout", { "spec.template.spec.restartPolicy": "Never" }, "spec.template.spec.restartPolicy", "Always"],
  [
    "Rollout",
    { "spec.template.spec.activeDeadlineSeconds": 10 },
    "spec.template.spec.activeDeadlineSeconds",
    "these pods run for ever",
  ],
  [
    "Rollout",
    { "spec.template.spec.containers.0.image": undefined },
    "spec.template.spec.containers[0].image",
    "an image",
  ],
  ["Rollout", { "spec.restartAt": "tomorrow" }, "spec.restartAt", "a time such as"],
  [
    "Rollout",
    { "spec.analysis": { successfulRunHistoryLimit: -1 } },
    "spec.analysis.successfulRunHistoryLimit",
    "at least 0",
  ],
  [
    "Rollout",
    { "spec.analysis": { unsuccessfulRunHistoryLimit: -1 } },
    "spec.analysis.unsuccessfulRunHistoryLimit",
    "at least 0",
  ],
  [
    "Rollout",
    { "spec.strategy.blueGreen": { activeService: "a" } },
    "spec.strategy",
    "exactly one of canary, blueGreen",
  ],
  ["Rollout", { "spec.replica": 1 }, "spec.replica", 'did you mean "replicas"'],
];

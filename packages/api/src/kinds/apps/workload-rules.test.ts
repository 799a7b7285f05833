import { expect, test } from "vitest";
import { type Refusal, saidOf } from "../../testing/refuses.ts";

const refusals: readonly Refusal[] = [
  ["Deployment", { "spec.replicas": -1 }, "spec.replicas", "at least 0"],
  ["Deployment", { "spec.replicas": 3_000_000_000 }, "spec.replicas", "at most 2147483647"],
  ["Deployment", { "spec.replicas": 1.5 }, "spec.replicas", "an integer"],
  ["Deployment", { "spec.selector": { matchLabels: { app: "other" } } }, "spec.template.metadata.labels", "app=other"],
  ["Deployment", { "spec.selector": {} }, "spec.selector", "at least one label"],
  [
    "Deployment",
    { "spec.selector": { matchExpressions: [{ key: "app", operator: "In" }] } },
    "spec.selector.matchExpressions[0].values",
    "at least one value",
  ],
  ["Deployment", { "spec.template.spec.restartPolicy": "Never" }, "spec.template.spec.restartPolicy", "Always"],
  [
    "Deployment",
    { "spec.strategy": { rollingUpdate: { maxSurge: 0, maxUnavailable: "0%" } } },
    "spec.strategy.rollingUpdate.maxUnavailable",
    "one of them above 0",
  ],
  [
    "Deployment",
    { "spec.strategy": { rollingUpdate: { maxUnavailable: "101%" } } },
    "spec.strategy.rollingUpdate.maxUnavailable",
    "at most 100%",
  ],
  [
    "Deployment",
    { "spec.strategy": { type: "Recreate", rollingUpdate: {} } },
    "spec.strategy.rollingUpdate",
    "Recreate",
  ],
  [
    "Deployment",
    { "spec.progressDeadlineSeconds": 5, "spec.minReadySeconds": 5 },
    "spec.progressDeadlineSeconds",
    "more than minReadySeconds",
  ],
  [
    "Deployment",
    { "spec.template.spec.containers.0.image": undefined },
    "spec.template.spec.containers[0].image",
    "an image",
  ],
  ["Job", { "spec.template.spec.restartPolicy": "Always" }, "spec.template.spec.restartPolicy", "Never or OnFailure"],
  ["Job", { "spec.template.spec.restartPolicy": undefined }, "spec.template.spec.restartPolicy", "means Always"],
  ["Job", { "spec.completionMode": "Indexed" }, "spec.completionMode", "not supported yet: Indexed Jobs"],
  ["Job", { "spec.backoffLimitPerIndex": 1 }, "spec.backoffLimitPerIndex", "not supported yet: Indexed Jobs"],
  ["Job", { "spec.managedBy": "example.com/other" }, "spec.managedBy", "not supported yet"],
  ["Job", { "spec.activeDeadlineSeconds": 0 }, "spec.activeDeadlineSeconds", "at least 1"],
  ["Job", { "spec.manualSelector": true }, "spec.selector", "since manualSelector is true"],
  ["Job", { "metadata.uid": "u", "spec.selector": { matchLabels: { a: "b" } } }, "spec.selector", "is made for it"],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [{ action: "FailIndex", onPodConditions: [{ type: "Ready" }] }] } },
    "spec.podFailurePolicy.rules[0].action",
    "use FailJob",
  ],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [{ action: "Ignore" }] } },
    "spec.podFailurePolicy.rules[0]",
    "onExitCodes, onPodConditions",
  ],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [{ action: "Count", onExitCodes: { operator: "In", values: [0] } }] } },
    "spec.podFailurePolicy.rules[0].onExitCodes.values",
    "failures",
  ],
  [
    "Job",
    { "spec.podFailurePolicy": { rules: [] }, "spec.template.spec.restartPolicy": "OnFailure" },
    "spec.template.spec.restartPolicy",
    "Never, since",
  ],
  ["PodDisruptionBudget", { "spec.minAvailable": 1 }, "spec", "one of them"],
];

test.each(refusals)("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});

import type { Refusal } from "../refuses.ts";

const canary = "spec.strategy.canary";
const templates = { templates: [{ templateName: "a" }] };
const canaryVersion = { name: "a", specRef: "canary" };
const container = "spec.containers.0";

/** Of `strategy.canary` and its steps. */
export const canaryRefusals: readonly Refusal[] = [
  [
    "Rollout",
    { [`${canary}.steps.0`]: { setWeight: 1, setCanaryScale: { weight: 10 } } },
    "spec.strategy.canary.steps[0]",
    "write 2 steps",
  ],
  ["Rollout", { [`${canary}.steps.0`]: {} }, "spec.strategy.canary.steps[0]", "exactly one of setWeight"],
  ["Rollout", { [`${canary}.steps.0.setWeight`]: 101 }, "spec.strategy.canary.steps[0].setWeight", "0 to 100"],
  [
    "Rollout",
    { [`${canary}.steps.1.pause.duration`]: "soon" },
    "spec.strategy.canary.steps[1].pause.duration",
    "30s, 5m or 1h",
  ],
  [
    "Rollout",
    { [`${canary}.steps.1.pause.duration`]: -1 },
    "spec.strategy.canary.steps[1].pause.duration",
    "not negative",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { experiment: { templates: [] } } },
    "spec.strategy.canary.steps[0].experiment.templates",
    "at least one version",
  ],
  [
    "Rollout",
    { [`${canary}.steps.1`]: { experiment: { templates: [{ name: "a", specRef: "canary", weight: 91 }] } } },
    "spec.strategy.canary.steps[1].experiment.templates",
    "at most 90 together",
  ],
  [
    "Rollout",
    {
      [`spec.template.${container}.ports`]: undefined,
      [`${canary}.steps.1`]: { experiment: { templates: [{ name: "a", specRef: "canary", weight: 5 }] } },
    },
    "spec.template.spec.containers",
    "steps[1].experiment",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { plugin: { name: "a" } } },
    "spec.strategy.canary.steps[0].plugin",
    "not supported yet: plugin steps",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { setCanaryScale: { weight: 1, replicas: 1 } } },
    "spec.strategy.canary.steps[0].setCanaryScale",
    "exactly one of weight",
  ],
  [
    "Rollout",
    { [`${canary}.trafficRouting`]: undefined, [`${canary}.steps.0`]: { setCanaryScale: { weight: 1 } } },
    "spec.strategy.canary.steps[0].setCanaryScale",
    "only with trafficRouting",
  ],
  [
    "Rollout",
    { [`${canary}.trafficRouting`]: undefined, [`${canary}.scaleDownDelaySeconds`]: 30 },
    "spec.strategy.canary.scaleDownDelaySeconds",
    "only with trafficRouting",
  ],
  [
    "Rollout",
    { [`${canary}.canaryService`]: "a", [`${canary}.stableService`]: "a" },
    "spec.strategy.canary.canaryService",
    "another Service",
  ],
  [
    "Rollout",
    { [`${canary}.trafficRouting`]: undefined, [`${canary}.dynamicStableScale`]: true },
    "spec.strategy.canary.dynamicStableScale",
    "only with trafficRouting",
  ],
  [
    "Rollout",
    { [`${canary}.dynamicStableScale`]: true, [`${canary}.scaleDownDelaySeconds`]: 30 },
    "spec.strategy.canary.dynamicStableScale",
    "take scaleDownDelaySeconds out",
  ],
  [
    "Rollout",
    { [`${canary}.replicaProgressThreshold`]: { type: "Share", value: 1 } },
    "spec.strategy.canary.replicaProgressThreshold.type",
    "Percent",
  ],
  [
    "Rollout",
    { [`${canary}.replicaProgressThreshold`]: { type: "Percent", value: 101 } },
    "spec.strategy.canary.replicaProgressThreshold.value",
    "0 to 100 percent",
  ],
  [
    "Rollout",
    { [`${canary}.replicaProgressThreshold`]: { type: "Pod", value: -1 } },
    "spec.strategy.canary.replicaProgressThreshold.value",
    "0 or more pods",
  ],
  [
    "Rollout",
    { [`${canary}.analysis.templates`]: [] },
    "spec.strategy.canary.analysis.templates",
    "at least one template",
  ],
  [
    "Rollout",
    { [`${canary}.analysis.args`]: [{ name: "ring", value: "{{metadata.labels.ring-id}}" }] },
    "spec.strategy.canary.analysis.args[0].value",
    "metadata.labels['ring-id']",
  ],
  [
    "Rollout",
    { [`${canary}.maxSurge`]: 0, [`${canary}.maxUnavailable`]: 0 },
    "spec.strategy.canary.maxUnavailable",
    "one of them above 0",
  ],

  ["Rollout", { [`${canary}.maxSurge`]: "abc" }, "spec.strategy.canary.maxSurge", "a percentage such as 25%"],
  ["Rollout", { [`${canary}.maxSurge`]: -1 }, "spec.strategy.canary.maxSurge", "0 or more"],
  ["Rollout", { [`${canary}.maxUnavailable`]: "101%" }, "spec.strategy.canary.maxUnavailable", "at most 100%"],
  [
    "Rollout",
    { [`${canary}.abortScaleDownDelaySeconds`]: -1 },
    "spec.strategy.canary.abortScaleDownDelaySeconds",
    "at least 0",
  ],
  [
    "Rollout",
    { [`${canary}.scaleDownDelayRevisionLimit`]: -1 },
    "spec.strategy.canary.scaleDownDelayRevisionLimit",
    "at least 0",
  ],
  ["Rollout", { [`${canary}.minPodsPerReplicaSet`]: -1 }, "spec.strategy.canary.minPodsPerReplicaSet", "at least 0"],
  ["Rollout", { [`${canary}.analysis.startingStep`]: -1 }, "spec.strategy.canary.analysis.startingStep", "at least 0"],
  [
    "Rollout",
    { [`${canary}.replicaProgressThreshold`]: { type: "Percent" } },
    "spec.strategy.canary.replicaProgressThreshold.value",
    "an integer",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { replicaProgressThreshold: { type: "Percent", value: 90 } } },
    "spec.strategy.canary.steps[0].replicaProgressThreshold",
    "use strategy.canary.replicaProgressThreshold",
  ],
  ["Rollout", { [`${canary}.steps.0`]: { setWeight: -1 } }, "spec.strategy.canary.steps[0].setWeight", "0 to 100"],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { setCanaryScale: { weight: 101 } } },
    "spec.strategy.canary.steps[0].setCanaryScale.weight",
    "at most 100",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { setCanaryScale: { replicas: -1 } } },
    "spec.strategy.canary.steps[0].setCanaryScale.replicas",
    "at least 0",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { setCanaryScale: {} } },
    "spec.strategy.canary.steps[0].setCanaryScale",
    "exactly one of weight",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { pause: { duration: "-1s" } } },
    "spec.strategy.canary.steps[0].pause.duration",
    "not negative",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { pause: { duration: "" } } },
    "spec.strategy.canary.steps[0].pause.duration",
    "seconds, or a duration",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { analysis: { templates: [] } } },
    "spec.strategy.canary.steps[0].analysis.templates",
    "at least one template",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { analysis: { templates: [{ templateName: "" }] } } },
    "spec.strategy.canary.steps[0].analysis.templates[0].templateName",
    "a text that isn't empty",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { analysis: { ...templates, args: [{ value: "a" }] } } },
    "spec.strategy.canary.steps[0].analysis.args[0].name",
    "a text",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { analysis: { ...templates, args: [{ name: "a" }, { name: "a" }] } } },
    "spec.strategy.canary.steps[0].analysis.args[1].name",
    "only once",
  ],
  [
    "Rollout",
    {
      [`${canary}.steps.0`]: {
        analysis: { ...templates, args: [{ name: "a", value: "b", valueFrom: { podTemplateHashValue: "Latest" } }] },
      },
    },
    "spec.strategy.canary.steps[0].analysis.args[0]",
    "one of them",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { analysis: { ...templates, args: [{ name: "a", valueFrom: {} }] } } },
    "spec.strategy.canary.steps[0].analysis.args[0].valueFrom",
    "exactly one of podTemplateHashValue",
  ],
  [
    "Rollout",
    {
      [`${canary}.steps.0`]: {
        analysis: { ...templates, args: [{ name: "a", valueFrom: { podTemplateHashValue: "Newest" } }] },
      },
    },
    "spec.strategy.canary.steps[0].analysis.args[0].valueFrom.podTemplateHashValue",
    "one of Stable, Latest",
  ],
  [
    "Rollout",
    {
      [`${canary}.steps.0`]: {
        analysis: { ...templates, args: [{ name: "a", valueFrom: { fieldRef: { fieldPath: "nonsense" } } }] },
      },
    },
    "spec.strategy.canary.steps[0].analysis.args[0].valueFrom.fieldRef.fieldPath",
    "a field of the Rollout",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { analysis: { ...templates, dryRun: [{ metricName: "(" }] } } },
    "spec.strategy.canary.steps[0].analysis.dryRun[0].metricName",
    "a regular expression",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { analysis: { ...templates, measurementRetention: [{ metricName: "(", limit: 1 }] } } },
    "spec.strategy.canary.steps[0].analysis.measurementRetention[0].metricName",
    "a regular expression",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { experiment: { templates: [{ name: "a", specRef: "old" }] } } },
    "spec.strategy.canary.steps[0].experiment.templates[0].specRef",
    "one of stable, canary",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { experiment: { templates: [canaryVersion, canaryVersion] } } },
    "spec.strategy.canary.steps[0].experiment.templates[1].name",
    "only once",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { experiment: { templates: [{ name: "A_1", specRef: "canary" }] } } },
    "spec.strategy.canary.steps[0].experiment.templates[0].name",
    "DNS-1123 label",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { experiment: { templates: [canaryVersion], duration: "soon" } } },
    "spec.strategy.canary.steps[0].experiment.duration",
    "a duration",
  ],
  [
    "Rollout",
    {
      [`${canary}.steps.0`]: {
        experiment: {
          templates: [
            { ...canaryVersion, weight: 60 },
            { name: "b", specRef: "stable", weight: 60 },
          ],
        },
      },
    },
    "spec.strategy.canary.steps[0].experiment.templates",
    "at most 100",
  ],
  [
    "Rollout",
    { [`${canary}.steps.0`]: { experiment: { templates: [canaryVersion], analyses: [{ name: "x" }] } } },
    "spec.strategy.canary.steps[0].experiment.analyses[0].templateName",
    "a text",
  ],
  [
    "Rollout",
    {
      [`${canary}.steps.0`]: { experiment: { templates: [{ ...canaryVersion, weight: 10 }] } },
      [`${canary}.trafficRouting`]: undefined,
    },
    "spec.strategy.canary.steps[0].experiment.templates[0].weight",
    "only with trafficRouting",
  ],
];

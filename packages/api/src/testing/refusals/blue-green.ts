import type { Refusal } from "../refuses.ts";

/** Of `strategy.blueGreen`. */
export const blueGreenRefusals: readonly Refusal[] = [
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { previewService: "b" } } },
    "spec.strategy.blueGreen.activeService",
    "a text",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", previewService: "a" } } },
    "spec.strategy.blueGreen.previewService",
    "another Service than activeService",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", previewReplicaCount: -1 } } },
    "spec.strategy.blueGreen.previewReplicaCount",
    "0",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", scaleDownDelayRevisionLimit: 11 } } },
    "spec.strategy.blueGreen.scaleDownDelayRevisionLimit",
    "at most spec.revisionHistoryLimit, 10",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", prePromotionAnalysis: { templates: [] } } } },
    "spec.strategy.blueGreen.prePromotionAnalysis.templates",
    "at least one template",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", maxUnavailable: "101%" } } },
    "spec.strategy.blueGreen.maxUnavailable",
    "at most 100%",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", antiAffinity: {} } } },
    "spec.strategy.blueGreen.antiAffinity",
    "requiredDuringScheduling",
  ],
  [
    "Rollout",
    {
      "spec.strategy": {
        blueGreen: {
          activeService: "a",
          antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 0 } },
        },
      },
    },
    "spec.strategy.blueGreen.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight",
    "at least 1",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", autoPromotionSeconds: -1 } } },
    "spec.strategy.blueGreen.autoPromotionSeconds",
    "at least 0",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", scaleDownDelaySeconds: -1 } } },
    "spec.strategy.blueGreen.scaleDownDelaySeconds",
    "at least 0",
  ],
  [
    "Rollout",
    { "spec.strategy": { blueGreen: { activeService: "a", abortScaleDownDelaySeconds: -1 } } },
    "spec.strategy.blueGreen.abortScaleDownDelaySeconds",
    "at least 0",
  ],
  [
    "Rollout",
    {
      "spec.strategy": {
        blueGreen: {
          activeService: "a",
          postPromotionAnalysis: { templates: [{ templateName: "a" }], args: [{ name: "a", value: "{{x}}" }] },
        },
      },
    },
    "spec.strategy.blueGreen.postPromotionAnalysis.args[0].value",
    "use valueFrom.fieldRef",
  ],
];

import { anyObject, count, flag, goDuration, list, object, text, time, withoutDefaults } from "../../schema/build.ts";
import { podTemplateSpec } from "../core/pod-schema.ts";
import { conditions, labelSelector } from "../meta-schema.ts";
import { dryRun, measurementRetention, templateArgs } from "./analysis-schema.ts";

export const experimentSpec = object(
  "Versions that run beside each other for a while.",
  {
    templates: list(
      "The versions.",
      object(
        "One version.",
        {
          name: text("Its name."),
          replicas: count("Pods."),
          minReadySeconds: count("How long a pod must be ready."),
          selector: labelSelector,
          template: withoutDefaults(podTemplateSpec),
          service: object("A Service for it.", { name: text("Its name.") }),
        },
        { required: ["name", "selector", "template"] },
      ),
    ),
    duration: goDuration("How long."),
    progressDeadlineSeconds: count("How long until its pods must run."),
    terminate: flag("Ends it."),
    analyses: list(
      "What is measured.",
      object(
        "One analysis.",
        {
          name: text("Its name."),
          templateName: text("The template."),
          clusterScope: flag("It is a ClusterAnalysisTemplate."),
          args: templateArgs,
          requiredForCompletion: flag("The experiment ends with it."),
        },
        { required: ["name", "templateName"] },
      ),
    ),
    scaleDownDelaySeconds: count("How long its pods stay."),
    dryRun,
    measurementRetention,
    analysisRunMetadata: anyObject("Labels and annotations of the AnalysisRuns."),
  },
  { required: ["templates"] },
);

export const experimentStatus = object("Where the experiment stands.", {
  phase: text("Where it stands."),
  message: text("Why."),
  availableAt: time("When its pods ran."),
  templateStatuses: list("Of the versions.", anyObject("")),
  analysisRuns: list("Of the analyses.", anyObject("")),
  conditions,
});

import {
  choice,
  count,
  flag,
  goDuration,
  integer,
  list,
  object,
  text,
  textMap,
  time,
  withoutDefaults,
} from "../../schema/build.ts";
import { podTemplateSpec } from "../core/pod-schema.ts";
import { conditions, labelSelector } from "../meta-schema.ts";
import { dryRun, measurementRetention, runArgs, templateArgs } from "./analysis-schema.ts";

const metadata = (description: string) =>
  object(description, { labels: textMap("Labels."), annotations: textMap("Annotations.") });

const service = object("A Service for its pods.", {
  name: text("Its name; the ReplicaSet's unless given."),
});

const analysisFields = {
  name: text("Its name.", { minLength: 1 }),
  templateName: text("The template.", { minLength: 1 }),
  clusterScope: flag("It is a ClusterAnalysisTemplate."),
  requiredForCompletion: flag("The experiment doesn't end before it, and ends once all such have succeeded."),
};

/** A step of a canary. */
export const experimentStep = object(
  "Runs versions beside each other, and goes on when the Experiment succeeds.",
  {
    templates: list(
      "The versions.",
      object(
        "One version.",
        {
          name: text("Its name.", { minLength: 1 }),
          specRef: choice("Whose pods it has.", ["stable", "canary"]),
          replicas: count("Pods; 1 unless given."),
          metadata: metadata("Further labels and annotations of its pods."),
          selector: labelSelector,
          weight: count("Percent of the traffic while it runs, of what is the stable version's.", { maximum: 100 }),
          service,
        },
        { required: ["name", "specRef"] },
      ),
    ),
    duration: goDuration("How long, from when all its pods are available."),
    analyses: list(
      "What is measured.",
      object("One analysis.", { ...analysisFields, args: runArgs }, { required: ["name", "templateName"] }),
    ),
    dryRun,
    analysisRunMetadata: metadata("Labels and annotations of the AnalysisRuns."),
    scaleDownDelaySeconds: count("How long its pods stay after its end; 30 unless given."),
  },
  { required: ["templates"] },
);

export const experimentSpec = object(
  "Versions that run beside each other for a while.",
  {
    templates: list(
      "The versions.",
      object(
        "One version.",
        {
          name: text("Its name.", { minLength: 1 }),
          replicas: count("Pods; 1 unless given."),
          minReadySeconds: count("How long a pod must be ready to count as available."),
          selector: labelSelector,
          template: withoutDefaults(podTemplateSpec),
          service,
        },
        { required: ["name", "selector", "template"] },
      ),
    ),
    duration: goDuration("How long, from when all pods are available; until terminated where absent."),
    progressDeadlineSeconds: count("Without progress of its pods for so long, it fails; 600 unless given."),
    terminate: flag("Ends it."),
    analyses: list(
      "What is measured.",
      object(
        "One analysis.",
        {
          ...analysisFields,
          args: templateArgs,
        },
        { required: ["name", "templateName"] },
      ),
    ),
    scaleDownDelaySeconds: count("How long its pods stay after its end; 30 unless given."),
    dryRun,
    measurementRetention,
    analysisRunMetadata: metadata("Labels and annotations of the AnalysisRuns."),
  },
  { required: ["templates"] },
);

export const experimentStatus = object("Where the experiment stands.", {
  phase: text("Where it stands."),
  message: text("Why."),
  availableAt: time("When its pods ran."),
  templateStatuses: list(
    "Of the versions.",
    object("Of one version.", {
      name: text("The version."),
      replicas: integer("Pods."),
      updatedReplicas: integer("The same."),
      readyReplicas: integer("Ready pods."),
      availableReplicas: integer("Pods ready for minReadySeconds."),
      collisionCount: integer("Names that were taken."),
      status: text("Progressing, Running, Successful, Failed or Error."),
      message: text("Why."),
      lastTransitionTime: time("When it last came further."),
      serviceName: text("Its Service."),
      podTemplateHash: text("Its pods' label rollouts-pod-template-hash."),
    }),
  ),
  analysisRuns: list(
    "Of the analyses.",
    object("Of one analysis.", {
      name: text("The analysis."),
      analysisRun: text("Its AnalysisRun."),
      phase: text("Where that stands."),
      message: text("Why."),
    }),
  ),
  conditions,
});

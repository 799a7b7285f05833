import type { Schema } from "../../contract/schema.ts";
import {
  anyObject,
  anything,
  count,
  countOrPercent,
  described,
  flag,
  integer,
  intOrString,
  list,
  mapOf,
  object,
  port,
  refused,
  text,
  textList,
  textMap,
  time,
  withoutDefaults,
} from "../../schema/build.ts";
import { podTemplateSpec } from "../core/pod-schema.ts";
import { conditions, labelSelector } from "../meta-schema.ts";
import { dryRun, measurementRetention, runArgs } from "./analysis-schema.ts";
import { experimentStep } from "./experiment-schema.ts";

// Fields of https://github.com/argoproj/argo-rollouts/blob/master/pkg/apis/rollouts/v1alpha1/types.go

const metadata = (description: string): Schema =>
  object(description, { labels: textMap("Labels."), annotations: textMap("Annotations.") });

const analysisFields = {
  templates: list(
    "The AnalysisTemplates whose metrics are measured.",
    object(
      "One template.",
      {
        templateName: text("Its name.", { minLength: 1 }),
        clusterScope: flag("It is a ClusterAnalysisTemplate."),
      },
      { required: ["templateName"] },
    ),
  ),
  args: runArgs,
  dryRun,
  measurementRetention,
  analysisRunMetadata: metadata("Labels and annotations of the AnalysisRun."),
};

const stringMatch = (description: string): Schema =>
  object(description, { exact: text("Equal."), prefix: text("Begins with."), regex: text("Matches.") });

const step = object("One step; exactly one of these.", {
  setWeight: integer("Percent of the traffic that goes to the new version."),
  pause: object("Waits.", {
    duration: intOrString("Seconds, or such as 30s, 5m, 1h; until promoted where absent."),
  }),
  setCanaryScale: object("How many pods the new version has, whatever its traffic. One of these.", {
    weight: integer("Percent of spec.replicas.", { minimum: 0, maximum: 100 }),
    replicas: count("Pods."),
    matchTrafficWeight: flag("As many as its traffic needs."),
  }),
  analysis: object("Goes on when the analysis succeeds.", analysisFields),
  experiment: experimentStep,
  plugin: refused(
    "plugin steps",
    "an analysis step with the web provider",
    object("Runs a plugin.", { name: text("The plugin."), config: anything("Its configuration.") }),
  ),
  // The original's documentation shows it here, its code has it in the strategy.
  replicaProgressThreshold: refused(
    "replicaProgressThreshold as a step",
    "strategy.canary.replicaProgressThreshold",
    anyObject("How many pods are enough."),
  ),
  setHeaderRoute: object("Sends requests by header to the new version; without match they go as all others again.", {
    name: text("The managed route."),
    match: list(
      "Headers; one that matches is enough.",
      object(
        "One header.",
        { headerName: text("Name.", { minLength: 1 }), headerValue: stringMatch("Value.") },
        { required: ["headerName"] },
      ),
    ),
  }),
  setMirrorRoute: object("Copies requests to the new version; without match no longer.", {
    name: text("The managed route."),
    percentage: integer("Percent of the requests; all unless given.", { minimum: 0, maximum: 100 }),
    match: list(
      "Which requests: any of these.",
      object("All of these hold.", {
        method: stringMatch("Method."),
        path: stringMatch("Path."),
        headers: mapOf("Headers.", stringMatch("")),
      }),
    ),
  }),
});

const otherRouter = (name: string): Schema =>
  refused(`trafficRouting by ${name}`, "trafficRouting.istio", anyObject("Held as it came."));

const virtualServiceFields = {
  name: text("Name of the VirtualService, or name.namespace.", { minLength: 1 }),
  routes: textList("Names of its http routes; absent where it has one."),
  tlsRoutes: list(
    "Its tls routes, for a mesh: each by the port and the SNI hosts that it matches.",
    object("One route.", { port: port("Its only port."), sniHosts: textList("All of its SNI hosts.") }),
  ),
  tcpRoutes: list("Its tcp routes, for a mesh.", object("One route.", { port: port("Its only port.") })),
};

const trafficRouting = object("Who sends the requests to the versions.", {
  istio: object("Istio's kinds, honoured by Sluice's router.", {
    virtualService: object("The VirtualService whose weights are set.", virtualServiceFields, { required: ["name"] }),
    virtualServices: list(
      "Several VirtualServices, all of them set to the same weight.",
      object("One of them.", virtualServiceFields, { required: ["name"] }),
    ),
    destinationRule: object(
      "The DestinationRule whose subsets are the versions.",
      {
        name: text("Its name.", { minLength: 1 }),
        canarySubsetName: text("Subset of the new version.", { minLength: 1 }),
        stableSubsetName: text("Subset of the stable version.", { minLength: 1 }),
        additionalSubsetNames: textList("Subsets of neither version, which stay as they are."),
      },
      { required: ["name", "canarySubsetName", "stableSubsetName"] },
    ),
  }),
  nginx: otherRouter("nginx"),
  alb: otherRouter("alb"),
  smi: otherRouter("smi"),
  ambassador: otherRouter("ambassador"),
  appMesh: otherRouter("appMesh"),
  traefik: otherRouter("traefik"),
  apisix: otherRouter("apisix"),
  plugins: otherRouter("plugins"),
  managedRoutes: list(
    "Routes that steps may add, in the order in which they are tried.",
    object("One route.", { name: text("Its name.", { minLength: 1 }) }, { required: ["name"] }),
  ),
  maxTrafficWeight: refused("maxTrafficWeight", "weights of 0 to 100", integer("The largest weight.")),
});

const antiAffinity = object("Keeps the new version's pods away from the stable version's nodes.", {
  preferredDuringSchedulingIgnoredDuringExecution: object(
    "Where possible.",
    { weight: integer("1 to 100.", { minimum: 1, maximum: 100 }) },
    { required: ["weight"] },
  ),
  requiredDuringSchedulingIgnoredDuringExecution: anyObject("Always."),
});

const canary = object("Moves traffic step by step.", {
  canaryService: text("Service of the new version's pods."),
  stableService: text("Service of the stable version's pods."),
  steps: list("What happens one after another; none means a rolling update.", step),
  trafficRouting,
  maxUnavailable: countOrPercent("Pods that may be missing; 25% unless given."),
  maxSurge: countOrPercent("Pods that may be too many; 25% unless given."),
  analysis: object("An analysis beside the steps.", {
    ...analysisFields,
    startingStep: count("The step that it begins with; the first unless given."),
  }),
  antiAffinity,
  canaryMetadata: metadata("Labels and annotations while a pod is of the new version."),
  stableMetadata: metadata("Labels and annotations while a pod is of the stable version."),
  scaleDownDelaySeconds: count("How long the old version's pods stay; 30 unless given."),
  scaleDownDelayRevisionLimit: count("How many old versions stay so."),
  abortScaleDownDelaySeconds: count("How long the pods of an aborted version stay; 30 unless given, 0 for ever."),
  dynamicStableScale: flag("Shrinks the stable version as traffic leaves it."),
  pingPong: object("Two Services that take turns in place of canaryService and stableService.", {
    pingService: text("One."),
    pongService: text("The other."),
  }),
  minPodsPerReplicaSet: count("At least so many pods where a version has any."),
  replicaProgressThreshold: object(
    "How many available pods of a step are enough to go on; all unless given.",
    { type: text("Percent or Pod.", { enum: ["Percent", "Pod"] }), value: integer("How many.") },
    { required: ["type", "value"] },
  ),
});

const blueGreen = object(
  "Switches all traffic at once.",
  {
    activeService: text("Service of the version that everybody gets.", { minLength: 1 }),
    previewService: text("Service of the version that is to come."),
    previewReplicaCount: count("Pods of the new version until its pause is over; spec.replicas unless given."),
    autoPromotionEnabled: flag("Promoted without a person; true unless given."),
    autoPromotionSeconds: count("How long it pauses before that."),
    maxUnavailable: countOrPercent("Pods that may be missing while a restart goes on; 25% unless given."),
    scaleDownDelaySeconds: count("How long the old version's pods stay; 30 unless given."),
    scaleDownDelayRevisionLimit: count("How many old versions stay so."),
    abortScaleDownDelaySeconds: count("How long the pods of an aborted version stay; 30 unless given, 0 for ever."),
    antiAffinity,
    prePromotionAnalysis: object("Must succeed before traffic moves.", analysisFields),
    postPromotionAnalysis: object(
      "Must succeed before the old version leaves; else traffic moves back.",
      analysisFields,
    ),
    previewMetadata: metadata("Labels and annotations while a pod is of the version to come."),
    activeMetadata: metadata("Labels and annotations while a pod is of the active version."),
  },
  { required: ["activeService"] },
);

const strategy = object("How a new version replaces the old one.", {
  canary,
  blueGreen,
});

export const rolloutSpec = object(
  "What the Rollout should be.",
  {
    replicas: count("Pods; 1 unless given."),
    selector: described("The pods that belong to it.", labelSelector),
    template: described("The pods.", withoutDefaults(podTemplateSpec)),
    workloadRef: object(
      "What holds the template instead.",
      {
        apiVersion: text("Its API version."),
        kind: text("Deployment, ReplicaSet or PodTemplate.", { enum: ["Deployment", "ReplicaSet", "PodTemplate"] }),
        name: text("Its name.", { minLength: 1 }),
        scaleDown: text(
          "What becomes of its own pods: they stay (never, unless given), go once the Rollout was healthy, or bit by bit as the Rollout's come.",
          { enum: ["never", "onsuccess", "progressively"] },
        ),
      },
      { required: ["kind", "name"] },
    ),
    minReadySeconds: count("How long a pod must be ready to count as available."),
    strategy,
    revisionHistoryLimit: count("Old versions that are kept for undo; 10 unless given."),
    paused: flag("Holds still."),
    progressDeadlineSeconds: integer("Without progress for so long, it is Degraded; 600 unless given.", { minimum: 1 }),
    progressDeadlineAbort: flag("And aborted."),
    restartAt: time("Pods older than this are replaced."),
    analysis: object("How many AnalysisRuns are kept.", {
      successfulRunHistoryLimit: count("Good ones; 5 unless given."),
      unsuccessfulRunHistoryLimit: count("Others; 5 unless given."),
    }),
    rollbackWindow: object("Recent versions return without steps.", { revisions: count("How many versions.") }),
  },
  { required: ["strategy"] },
);

const runStatus = (description: string): Schema =>
  object(description, { name: text("Its name."), status: text("Its phase."), message: text("Why.") });

const weight = (description: string): Schema =>
  object(description, {
    weight: integer("Percent."),
    serviceName: text("Its Service."),
    podTemplateHash: text("Its version."),
  });

const lastingVersion = (description: string): Schema =>
  object(description, {
    podTemplateHash: text("The version."),
    because: text("What can't be undone."),
    isWayBack: flag("It was there before what can't be undone."),
    acceptedAt: time("When a person let it in."),
  });

export const rolloutStatus = object("Where the Rollout stands.", {
  abort: flag("Traffic goes back to the stable version."),
  pauseConditions: list(
    "Why it waits.",
    object("One reason.", { reason: text("The reason."), startTime: time("Since when.") }),
  ),
  controllerPause: flag("It waits by itself, not because spec.paused says so."),
  abortedAt: time("When it was aborted."),
  currentPodHash: text("The new version."),
  currentStepHash: text("Hash of the steps."),
  replicas: integer("Pods of all versions."),
  updatedReplicas: integer("Pods of the new version."),
  readyReplicas: integer("Ready pods."),
  availableReplicas: integer("Pods ready for minReadySeconds."),
  currentStepIndex: integer("The step that runs."),
  collisionCount: integer("Hash collisions."),
  observedGeneration: text("The generation that this status is of, as text."),
  conditions,
  canary: object("The canary strategy's own.", {
    currentStepAnalysisRunStatus: runStatus("The analysis of this step."),
    currentBackgroundAnalysisRunStatus: runStatus("The analysis beside the steps."),
    currentExperiment: text("The experiment of this step."),
    weights: object("The weights that are set.", {
      canary: weight("The new version's."),
      stable: weight("The stable version's."),
      additional: list("Further ones.", weight("")),
      verified: flag("The router confirmed them."),
    }),
    rings: object("Sluice's own: what the new version really gets of the requests of users in rings.", {
      weight: integer("The weight at which it was counted."),
      share: text("Percent of all requests."),
      requests: integer("How many were counted."),
      rings: list(
        "By the ring of the user.",
        object("One ring.", {
          name: text("Its name."),
          share: text("Percent of its requests."),
          requests: integer("How many."),
        }),
      ),
    }),
    stablePingPong: text("Which Service is the stable one."),
    reachedStepIndex: integer(
      "Sluice's own: the step last gone to; what lies between it and currentStepIndex, a person skipped.",
    ),
    addedRoutes: list("Sluice's own: the routes that steps have added so far, by name.", text("A managed route.")),
    stepPluginStatuses: list("Plugins.", anyObject("")),
  }),
  blueGreen: object("The blueGreen strategy's own.", {
    previewSelector: text("The version that the preview Service leads to."),
    activeSelector: text("The version that the active Service leads to."),
    scaleUpPreviewCheckPoint: flag("The preview got all its pods."),
    prePromotionAnalysisRunStatus: runStatus("The analysis before the switch."),
    postPromotionAnalysisRunStatus: runStatus("The analysis after the switch."),
  }),
  HPAReplicas: integer("Pods, as an autoscaler counts them."),
  selector: text("The selector's text, for the scale subresource."),
  stableRS: text("The stable version."),
  restartedAt: time("When its pods were last replaced."),
  promoteFull: flag("The remaining steps are skipped."),
  phase: text("Healthy, Degraded, Progressing or Paused."),
  message: text("Why."),
  workloadObservedGeneration: text("The generation of the workloadRef, as text."),
  notRevertible: object("Sluice's own: what became of versions that can't be undone.", {
    asked: lastingVersion("The version that waits for a person."),
    accepted: lastingVersion("The version that a person let in: nothing goes back past it by itself."),
    stoppedFor: text("Why it would have been taken back."),
    overruled: list("What a person went on in spite of.", text("")),
  }),
  begunAgain: object("Sluice's own: this version is asked for again; what was seen of it before is no evidence.", {
    at: time("When it began again."),
    restarts: mapOf("How often containers had restarted by then, by pod.", integer("Restarts.")),
  }),
  alb: anyObject("Of the alb router."),
  albs: list("Of the alb router.", anyObject("")),
});

import {
  at,
  choice,
  count,
  described,
  flag,
  integer,
  keyed,
  list,
  long,
  object,
  refused,
  text,
  textSet,
  time,
} from "../../schema/build.ts";
import { podTemplateSpec } from "../core/pod-schema.ts";
import { labelSelector } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const onExitCodes = object(
  "Represents the requirement on the container exit codes.",
  {
    containerName: at(1, text("Restricts the check for exit codes to the container with the specified name.")),
    operator: at(
      2,
      choice("Represents the relationship between the container exit code(s) and the specified values.", [
        "In",
        "NotIn",
      ]),
    ),
    values: at(3, { ...list("Specifies the set of values.", integer("")), "x-kubernetes-list-type": "set" }),
  },
  { required: ["operator", "values"] },
);

const onPodCondition = object(
  "A condition that the Pod must have.",
  {
    type: at(1, text("Specifies the required Pod condition type.")),
    status: at(2, text("Specifies the required Pod condition status.", { default: "True" })),
  },
  { required: ["type"] },
);

const podFailurePolicyRule = object(
  "Describes how a pod failure is handled when the requirements are met.",
  {
    action: at(
      1,
      choice("Specifies the action taken on a pod failure when the requirements are satisfied.", [
        "Count",
        "FailIndex",
        "FailJob",
        "Ignore",
      ]),
    ),
    onExitCodes: at(2, onExitCodes),
    onPodConditions: at(3, list("Represents the requirement on the pod conditions.", onPodCondition)),
  },
  { required: ["action"] },
);

const successPolicyRule = object("Describes rules for declaring a Job as succeeded.", {
  succeededIndexes: at(1, text("Specifies the set of indexes which need to be contained in the actual set.")),
  succeededCount: at(2, integer("Specifies the minimal required size of the actual set of the succeeded indexes.")),
});

const indexes = "Indexed Jobs";
const severalJobs = "one Job for each index";

export const jobSpec = object(
  "JobSpec describes how the job execution will look like.",
  {
    parallelism: at(1, count("Specifies the maximum desired number of pods the job should run at any given time.")),
    completions: at(2, count("Specifies the desired number of successfully finished pods the job should be run with.")),
    activeDeadlineSeconds: at(
      3,
      long(
        "Specifies the duration in seconds relative to the startTime that the job may be continuously active before the system tries to terminate it.",
        { minimum: 1 },
      ),
    ),
    selector: at(4, described("A label query over pods that should match the pod count.", labelSelector)),
    manualSelector: at(5, flag("Controls generation of pod labels and pod selectors.")),
    template: at(6, described("Describes the pod that will be created when executing a job.", podTemplateSpec)),
    backoffLimit: at(7, count("Specifies the number of retries before marking this job failed.", { default: 6 })),
    ttlSecondsAfterFinished: at(
      8,
      count("Limits the lifetime of a Job that has finished execution (either Complete or Failed)."),
    ),
    completionMode: at(
      9,
      choice("Specifies how Pod completions are tracked.", ["Indexed", "NonIndexed"], { default: "NonIndexed" }),
    ),
    suspend: at(10, flag("Specifies whether the Job controller should create Pods or not.", { default: false })),
    podFailurePolicy: at(
      11,
      object(
        "Specifies the policy of handling failed pods.",
        {
          rules: at(
            1,
            list("A list of pod failure policy rules, the first that matches counts.", podFailurePolicyRule),
          ),
        },
        { required: ["rules"] },
      ),
    ),
    backoffLimitPerIndex: at(
      12,
      refused(indexes, severalJobs, count("Specifies the limit for the number of retries within an index.")),
    ),
    maxFailedIndexes: at(13, refused(indexes, severalJobs, count("Specifies the maximal number of failed indexes."))),
    podReplacementPolicy: at(
      14,
      choice("Specifies when to create replacement Pods.", ["Failed", "TerminatingOrFailed"]),
    ),
    managedBy: at(
      15,
      refused(
        "Jobs of other controllers",
        "Sluice's own, by leaving it out",
        text("Indicates the controller that manages a Job."),
      ),
    ),
    successPolicy: at(
      16,
      refused(
        indexes,
        "completions",
        object("Specifies the policy when the Job can be declared as succeeded.", {
          rules: at(1, list("A list of alternative rules.", successPolicyRule)),
        }),
      ),
    ),
  },
  { required: ["template"] },
);

const jobCondition = object(
  "JobCondition describes current state of a job.",
  {
    type: at(1, text("Type of job condition.")),
    status: at(2, text("Status of the condition, one of True, False, Unknown.")),
    lastProbeTime: at(3, time("Last time the condition was checked.")),
    lastTransitionTime: at(4, time("Last time the condition transit from one status to another.")),
    reason: at(5, text("(brief) reason for the condition's last transition.")),
    message: at(6, text("Human readable message indicating details about last transition.")),
  },
  { required: ["type", "status"] },
);

export const jobStatus = object("JobStatus represents the current state of a Job.", {
  conditions: at(
    1,
    keyed("The latest available observations of an object's current state.", ["type"], jobCondition, {
      "x-kubernetes-list-type": "atomic",
      "x-sluice-doubles": "allowed",
    }),
  ),
  startTime: at(2, time("Represents time when the job controller started processing a job.")),
  completionTime: at(3, time("Represents time when the job was completed.")),
  active: at(4, integer("The number of pending and running pods which are not terminating.")),
  succeeded: at(5, integer("The number of pods which reached phase Succeeded.")),
  failed: at(6, integer("The number of pods which reached phase Failed.")),
  completedIndexes: at(7, text("The completed indexes of an Indexed Job.")),
  uncountedTerminatedPods: at(
    8,
    object("Holds UIDs of Pods that have terminated but haven't been accounted in Job status counters.", {
      succeeded: at(1, textSet("Holds UIDs of succeeded Pods.")),
      failed: at(2, textSet("Holds UIDs of failed Pods.")),
    }),
  ),
  ready: at(9, integer("The number of active pods which have a Ready condition and are not terminating.")),
  failedIndexes: at(10, text("The failed indexes of an Indexed Job.")),
  terminating: at(
    11,
    integer("The number of pods which are terminating (in phase Pending or Running and have a deletionTimestamp)."),
  ),
});

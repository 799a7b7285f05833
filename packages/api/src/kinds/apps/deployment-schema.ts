import {
  at,
  choice,
  count,
  countOrPercent,
  described,
  flag,
  integer,
  keyed,
  long,
  object,
  text,
  time,
} from "../../schema/build.ts";
import { podTemplateSpec } from "../core/pod-schema.ts";
import { labelSelector } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const rollingUpdateDeployment = object("Spec to control the desired behavior of rolling update.", {
  maxUnavailable: at(
    1,
    countOrPercent("The maximum number of pods that can be unavailable during the update.", { default: "25%" }),
  ),
  maxSurge: at(
    2,
    countOrPercent("The maximum number of pods that can be scheduled above the desired number of pods.", {
      default: "25%",
    }),
  ),
});

const deploymentStrategy = object("DeploymentStrategy describes how to replace existing pods with new ones.", {
  type: at(1, choice("Type of deployment.", ["Recreate", "RollingUpdate"], { default: "RollingUpdate" })),
  rollingUpdate: at(2, described("Rolling update config params.", rollingUpdateDeployment)),
});

export const deploymentSpec = object(
  "DeploymentSpec is the specification of the desired behavior of the Deployment.",
  {
    replicas: at(1, count("Number of desired pods.", { default: 1 })),
    selector: at(2, described("Label selector for pods.", labelSelector)),
    template: at(3, described("Template describes the pods that will be created.", podTemplateSpec)),
    strategy: at(4, {
      ...deploymentStrategy,
      description: "The deployment strategy to use to replace existing pods with new ones.",
      default: {},
      "x-kubernetes-patch-strategy": "retainKeys",
    }),
    minReadySeconds: at(
      5,
      count(
        "Minimum number of seconds for which a newly created pod should be ready without any of its container crashing, for it to be considered …",
      ),
    ),
    revisionHistoryLimit: at(6, count("The number of old ReplicaSets to retain to allow rollback.", { default: 10 })),
    paused: at(7, flag("Indicates that the deployment is paused.")),
    progressDeadlineSeconds: at(
      9,
      count("The maximum time in seconds for a deployment to make progress before it is considered to be failed.", {
        default: 600,
      }),
    ),
  },
  { required: ["selector", "template"] },
);

const deploymentCondition = object(
  "DeploymentCondition describes the state of a deployment at a certain point.",
  {
    type: at(1, text("Type of deployment condition.")),
    status: at(2, text("Status of the condition, one of True, False, Unknown.")),
    lastUpdateTime: at(6, time("The last time this condition was updated.")),
    lastTransitionTime: at(7, time("Last time the condition transitioned from one status to another.")),
    reason: at(4, text("The reason for the condition's last transition.")),
    message: at(5, text("A human readable message indicating details about the transition.")),
  },
  { required: ["type", "status"] },
);

export const deploymentStatus = object("DeploymentStatus is the most recently observed status of the Deployment.", {
  terminatingReplicas: at(9, integer("Pods that are ending.")),
  observedGeneration: at(1, long("The generation observed by the deployment controller.")),
  replicas: at(
    2,
    count("Total number of non-terminating pods targeted by this deployment (their labels match the selector)."),
  ),
  updatedReplicas: at(
    3,
    integer("Total number of non-terminating pods targeted by this deployment that have the desired template spec."),
  ),
  readyReplicas: at(
    7,
    integer("Total number of non-terminating pods targeted by this Deployment with a Ready Condition."),
  ),
  availableReplicas: at(
    4,
    integer(
      "Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.",
    ),
  ),
  unavailableReplicas: at(5, integer("Total number of unavailable pods targeted by this deployment.")),
  conditions: at(
    6,
    keyed(
      "Represents the latest available observations of a deployment's current state.",
      ["type"],
      deploymentCondition,
      { "x-sluice-doubles": "allowed" },
    ),
  ),
  collisionCount: at(8, integer("Count of hash collisions for the Deployment.")),
});

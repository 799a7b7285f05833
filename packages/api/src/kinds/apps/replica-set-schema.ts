import { at, count, described, integer, keyed, long, object, text, time } from "../../schema/build.ts";
import { podTemplateSpec } from "../core/pod-schema.ts";
import { labelSelector } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const replicaSetSpec = object(
  "ReplicaSetSpec is the specification of a ReplicaSet.",
  {
    replicas: at(1, count("Replicas is the number of desired pods.", { default: 1 })),
    minReadySeconds: at(
      4,
      count(
        "Minimum number of seconds for which a newly created pod should be ready without any of its container crashing, for it to be considered …",
      ),
    ),
    selector: at(
      2,
      described("Selector is a label query over pods that should match the replica count.", labelSelector),
    ),
    template: at(
      3,
      described(
        "Template is the object that describes the pod that will be created if insufficient replicas are detected.",
        podTemplateSpec,
      ),
    ),
  },
  { required: ["selector"] },
);

const replicaSetCondition = object(
  "ReplicaSetCondition describes the state of a replica set at a certain point.",
  {
    type: at(1, text("Type of replica set condition.")),
    status: at(2, text("Status of the condition, one of True, False, Unknown.")),
    lastTransitionTime: at(3, time("The last time the condition transitioned from one status to another.")),
    reason: at(4, text("The reason for the condition's last transition.")),
    message: at(5, text("A human readable message indicating details about the transition.")),
  },
  { required: ["type", "status"] },
);

export const replicaSetStatus = object("ReplicaSetStatus represents the current status of a ReplicaSet.", {
  terminatingReplicas: at(7, integer("Pods that are ending.")),
  replicas: at(1, count("Replicas is the most recently observed number of non-terminating pods.")),
  fullyLabeledReplicas: at(
    2,
    integer(
      "The number of non-terminating pods that have labels matching the labels of the pod template of the replicaset.",
    ),
  ),
  readyReplicas: at(
    4,
    integer("The number of non-terminating pods targeted by this ReplicaSet with a Ready Condition."),
  ),
  availableReplicas: at(
    5,
    integer("The number of available non-terminating pods (ready for at least minReadySeconds) for this replica set."),
  ),
  observedGeneration: at(
    3,
    long("ObservedGeneration reflects the generation of the most recently observed ReplicaSet."),
  ),
  conditions: at(
    6,
    keyed(
      "Represents the latest available observations of a replica set's current state.",
      ["type"],
      replicaSetCondition,
      { "x-sluice-doubles": "allowed" },
    ),
  ),
});

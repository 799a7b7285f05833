import {
  at,
  atomicObject,
  choice,
  described,
  integer,
  list,
  long,
  object,
  text,
  textList,
} from "../../schema/build.ts";
import { labelSelector } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

const nodeSelectorRequirement = object(
  "A node selector requirement is a selector that contains values, a key, and an operator that relates the key and values.",
  {
    key: at(1, text("The label key that the selector applies to.")),
    operator: at(
      2,
      choice("Represents a key's relationship to a set of values.", [
        "DoesNotExist",
        "Exists",
        "Gt",
        "In",
        "Lt",
        "NotIn",
      ]),
    ),
    values: at(3, textList("An array of string values.")),
  },
  { required: ["key", "operator"] },
);

const nodeSelectorTerm = atomicObject("A null or empty node selector term matches no objects.", {
  matchExpressions: at(1, list("A list of node selector requirements by node's labels.", nodeSelectorRequirement)),
  matchFields: at(2, list("A list of node selector requirements by node's fields.", nodeSelectorRequirement)),
});

const nodeSelector = atomicObject(
  "A node selector represents the union of the results of one or more label queries over a set of nodes.",
  {
    nodeSelectorTerms: at(1, list("Required.", nodeSelectorTerm, { minItems: 1 })),
  },
  { required: ["nodeSelectorTerms"] },
);

const preferredSchedulingTerm = object(
  "An empty preferred scheduling term matches all objects with implicit weight 0 (i.e.",
  {
    weight: at(
      1,
      integer("Weight associated with matching the corresponding nodeSelectorTerm, in the range 1-100.", {
        minimum: 1,
        maximum: 100,
      }),
    ),
    preference: at(2, described("A node selector term, associated with the corresponding weight.", nodeSelectorTerm)),
  },
  { required: ["weight", "preference"] },
);

const nodeAffinity = object("Node affinity is a group of node affinity scheduling rules.", {
  requiredDuringSchedulingIgnoredDuringExecution: at(
    1,
    described(
      "If the affinity requirements specified by this field are not met at scheduling time, the pod will not be scheduled onto the node.",
      nodeSelector,
    ),
  ),
  preferredDuringSchedulingIgnoredDuringExecution: at(
    2,
    list(
      "The scheduler will prefer to schedule pods to nodes that satisfy the affinity expressions specified by this field, but it may choose a node …",
      preferredSchedulingTerm,
    ),
  ),
});

const podAffinityTerm = object(
  "Defines a set of pods (namely those matching the labelSelector relative to the given namespace(s)) that this pod should be co-located …",
  {
    labelSelector: at(1, described("A label query over a set of resources, in this case pods.", labelSelector)),
    namespaces: at(2, textList("Namespaces specifies a static list of namespace names that the term applies to.")),
    topologyKey: at(
      3,
      text(
        "This pod should be co-located (affinity) or not co-located (anti-affinity) with the pods matching the labelSelector in the specified …",
        { minLength: 1 },
      ),
    ),
    namespaceSelector: at(
      4,
      described("A label query over the set of namespaces that the term applies to.", labelSelector),
    ),
    matchLabelKeys: at(
      5,
      textList("MatchLabelKeys is a set of pod label keys to select which pods will be taken into consideration."),
    ),
    mismatchLabelKeys: at(
      6,
      textList("MismatchLabelKeys is a set of pod label keys to select which pods will be taken into consideration."),
    ),
  },
  { required: ["topologyKey"] },
);

const weightedPodAffinityTerm = object(
  "The weights of all of the matched WeightedPodAffinityTerm fields are added per-node to find the most preferred node(s).",
  {
    weight: at(
      1,
      integer("Weight associated with matching the corresponding podAffinityTerm, in the range 1-100.", {
        minimum: 1,
        maximum: 100,
      }),
    ),
    podAffinityTerm: at(2, described("Required.", podAffinityTerm)),
  },
  { required: ["weight", "podAffinityTerm"] },
);

const podAffinity = object("Pod affinity is a group of inter pod affinity scheduling rules.", {
  requiredDuringSchedulingIgnoredDuringExecution: at(
    1,
    list(
      "If the affinity requirements specified by this field are not met at scheduling time, the pod will not be scheduled onto the node.",
      podAffinityTerm,
    ),
  ),
  preferredDuringSchedulingIgnoredDuringExecution: at(
    2,
    list(
      "The scheduler will prefer to schedule pods to nodes that satisfy the affinity expressions specified by this field, but it may choose a node …",
      weightedPodAffinityTerm,
    ),
  ),
});

const podAntiAffinity = object("Pod anti affinity is a group of inter pod anti affinity scheduling rules.", {
  requiredDuringSchedulingIgnoredDuringExecution: at(
    1,
    list(
      "If the anti-affinity requirements specified by this field are not met at scheduling time, the pod will not be scheduled onto the node.",
      podAffinityTerm,
    ),
  ),
  preferredDuringSchedulingIgnoredDuringExecution: at(
    2,
    list(
      "The scheduler will prefer to schedule pods to nodes that satisfy the anti-affinity expressions specified by this field, but it may choose a …",
      weightedPodAffinityTerm,
    ),
  ),
});

export const affinity = object("Affinity is a group of affinity scheduling rules.", {
  nodeAffinity: at(1, described("Describes node affinity scheduling rules for the pod.", nodeAffinity)),
  podAffinity: at(2, described("Describes pod affinity scheduling rules (e.g.", podAffinity)),
  podAntiAffinity: at(3, described("Describes pod anti-affinity scheduling rules (e.g.", podAntiAffinity)),
});

export const toleration = object(
  "The pod this Toleration is attached to tolerates any taint that matches the triple <key,value,effect> using the matching operator <operator>.",
  {
    key: at(1, text("Key is the taint key that the toleration applies to.")),
    operator: at(2, choice("Operator represents a key's relationship to the value.", ["Equal", "Exists"])),
    value: at(3, text("Value is the taint value the toleration matches to.")),
    effect: at(
      4,
      choice("Effect indicates the taint effect to match.", ["NoExecute", "NoSchedule", "PreferNoSchedule"]),
    ),
    tolerationSeconds: at(
      5,
      long(
        "TolerationSeconds represents the period of time the toleration (which must be of effect NoExecute, otherwise this field is ignored) …",
      ),
    ),
  },
);

export const topologySpreadConstraint = object(
  "TopologySpreadConstraint specifies how to spread matching pods among the given topology.",
  {
    maxSkew: at(1, integer("MaxSkew describes the degree to which pods may be unevenly distributed.", { minimum: 1 })),
    topologyKey: at(2, text("TopologyKey is the key of node labels.")),
    whenUnsatisfiable: at(
      3,
      choice("WhenUnsatisfiable indicates how to deal with a pod if it doesn't satisfy the spread constraint.", [
        "DoNotSchedule",
        "ScheduleAnyway",
      ]),
    ),
    labelSelector: at(4, described("LabelSelector is used to find matching pods.", labelSelector)),
    minDomains: at(5, integer("MinDomains indicates a minimum number of eligible domains.")),
    nodeAffinityPolicy: at(
      6,
      text(
        "NodeAffinityPolicy indicates how we will treat Pod's nodeAffinity/nodeSelector when calculating pod topology spread skew.",
      ),
    ),
    nodeTaintsPolicy: at(
      7,
      text("NodeTaintsPolicy indicates how we will treat node taints when calculating pod topology spread skew."),
    ),
    matchLabelKeys: at(
      8,
      textList("MatchLabelKeys is a set of pod label keys to select the pods over which spreading will be calculated."),
    ),
  },
  { required: ["maxSkew", "topologyKey", "whenUnsatisfiable"] },
);

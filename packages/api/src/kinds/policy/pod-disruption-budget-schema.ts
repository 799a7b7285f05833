import { at, choice, countOrPercent, integer, keyed, long, mapOf, object, time } from "../../schema/build.ts";
import { condition, labelSelector } from "../meta-schema.ts";

// Fields, numbers and descriptions of https://kubernetes.io/docs/reference/kubernetes-api/ (Apache-2.0).

export const podDisruptionBudgetSpec = object("PodDisruptionBudgetSpec is a description of a PodDisruptionBudget.", {
  minAvailable: at(
    1,
    countOrPercent(
      "An eviction is allowed if at least 'minAvailable' pods selected by 'selector' will still be available after the eviction, i.e.",
    ),
  ),
  selector: at(2, {
    ...labelSelector,
    description: "Label query over pods whose evictions are managed by the disruption budget.",
    "x-kubernetes-patch-strategy": "replace",
  }),
  maxUnavailable: at(
    3,
    countOrPercent(
      "An eviction is allowed if at most 'maxUnavailable' pods selected by 'selector' are unavailable after the eviction, i.e.",
    ),
  ),
  unhealthyPodEvictionPolicy: at(
    4,
    choice(
      "UnhealthyPodEvictionPolicy defines the criteria for when unhealthy pods should be considered for eviction.",
      ["AlwaysAllow", "IfHealthyBudget"],
    ),
  ),
});

export const podDisruptionBudgetStatus = object(
  "PodDisruptionBudgetStatus represents information about the status of a PodDisruptionBudget.",
  {
    observedGeneration: at(1, long("Most recent generation observed when updating this PDB status.")),
    disruptedPods: at(
      2,
      mapOf(
        "DisruptedPods contains information about pods whose eviction was processed by the API server eviction subresource handler but has not yet …",
        time(""),
      ),
    ),
    disruptionsAllowed: at(3, integer("Number of pod disruptions that are currently allowed.")),
    currentHealthy: at(4, integer("Current number of healthy pods.")),
    desiredHealthy: at(5, integer("Minimum desired number of healthy pods.")),
    expectedPods: at(6, integer("Total number of pods counted by this disruption budget.")),
    conditions: at(
      7,
      keyed("Conditions contain conditions for PDB.", ["type"], condition, { "x-sluice-doubles": "allowed" }),
    ),
  },
);

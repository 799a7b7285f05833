import type { KindDefinition } from "../../contract/kind-definition.ts";
import { at } from "../../schema/build.ts";
import { checkSelector } from "../apps/workload-rules.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { resource } from "../meta-schema.ts";
import { invalid } from "../rules.ts";
import type { PodDisruptionBudget } from "./pod-disruption-budget.ts";
import { podDisruptionBudgetSpec, podDisruptionBudgetStatus } from "./pod-disruption-budget-schema.ts";

export const podDisruptionBudgetKind: KindDefinition = {
  group: "policy",
  versions: ["v1"],
  kind: "PodDisruptionBudget",
  plural: "poddisruptionbudgets",
  singular: "poddisruptionbudget",
  shortNames: ["pdb"],
  namespaced: true,
  schema: resource("How many pods may be missing.", {
    spec: at(2, podDisruptionBudgetSpec),
    status: at(3, podDisruptionBudgetStatus),
  }),
  status: true,
  strategicMerge: true,
  columns: [
    nameColumn,
    column<PodDisruptionBudget>("Min Available", ({ spec }) => spec.minAvailable ?? "N/A"),
    column<PodDisruptionBudget>("Max Unavailable", ({ spec }) => spec.maxUnavailable ?? "N/A"),
    column<PodDisruptionBudget>("Allowed Disruptions", ({ status }) => status?.disruptionsAllowed ?? 0, {
      type: "integer",
    }),
    ageColumn,
  ],
  validate: (object) => {
    const spec = (object as Partial<PodDisruptionBudget>).spec;
    if (spec === undefined) return [];
    return [
      ...(spec.minAvailable !== undefined && spec.maxUnavailable !== undefined
        ? [invalid({ path: "spec", found: "minAvailable and maxUnavailable", expected: "one of them" })]
        : []),
      ...(spec.selector === undefined ? [] : checkSelector(spec.selector, "spec.selector")),
    ];
  },
};

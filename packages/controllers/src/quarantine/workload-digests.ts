import type { KindDefinition } from "@sluice/api";
import { applyDefaults, type PodTemplateSpec, prune, type Resource } from "@sluice/api";
import type { KindKey } from "@sluice/kernel";
import { templateDigest } from "../version/index.ts";

/**
 * The digests of a workload as git writes it: as it stands, and as the API would store it. One of them is the
 * digest that a Quarantine holds. Handed to `sources`, which knows nothing of workloads.
 */
export function workloadDigests(kinds: (kind: KindKey) => KindDefinition | undefined) {
  return (workload: Resource): readonly string[] => {
    const definition = kinds(workload);
    const stored = definition === undefined ? workload : applyDefaults(definition, prune(definition, workload));
    return [...new Set([workload, stored].map((resource) => templateDigest(templateOf(resource))))];
  };
}

const templateOf = ({ spec }: Resource): PodTemplateSpec | undefined =>
  (spec as { readonly template?: PodTemplateSpec } | undefined)?.template;

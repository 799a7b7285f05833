import type { KindDefinition } from "@sluice/api";
import { applyDefaults, type PodTemplateSpec, prune, type Resource } from "@sluice/api";
import type { KindKey } from "@sluice/kernel";
import {
  type ConfigurationDigests,
  configurationOf,
  contentDigest,
  pinned,
  referenceId,
  templateDigest,
} from "../version/index.ts";

/**
 * The digests of a workload as git writes it: as it stands, and as the API would store it. One of them is the
 * digest that a Quarantine holds. Handed to `sources`, which knows nothing of workloads. ConfigMaps and Secrets that
 * git doesn't have are taken as the Quarantine knows them.
 */
export function workloadDigests(kinds: (kind: KindKey) => KindDefinition | undefined) {
  return (
    workload: Resource,
    beside: readonly Resource[] = [],
    elsewhere: ConfigurationDigests = {},
  ): readonly string[] => {
    const definition = kinds(workload);
    const stored = definition === undefined ? workload : applyDefaults(definition, prune(definition, workload));
    const isPinned = workload.kind === "Rollout" && workload.metadata.annotations?.[gate] !== "off";
    return [
      ...new Set(
        [workload, stored].map((resource) => {
          const template = templateOf(resource);
          if (!isPinned) return templateDigest(template);
          return templateDigest(pinned(template, digestsFor(template, beside, elsewhere)));
        }),
      ),
    ];
  };
}

const gate = "sluice.dev/gate-configuration";

function digestsFor(
  template: PodTemplateSpec | undefined,
  beside: readonly Resource[],
  elsewhere: ConfigurationDigests,
): ConfigurationDigests {
  const found = configurationOf(template).flatMap((reference) => {
    const id = referenceId(reference);
    const object = beside.find(({ kind, metadata }) => kind === reference.kind && metadata.name === reference.name);
    const digest = object === undefined ? elsewhere[id] : contentDigest(object);
    return digest === undefined ? [] : [[id, digest] as const];
  });
  return Object.fromEntries(found);
}

const templateOf = ({ spec }: Resource): PodTemplateSpec | undefined =>
  (spec as { readonly template?: PodTemplateSpec } | undefined)?.template;

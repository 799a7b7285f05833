import type { ConfigMap, ReplicaSet, Rollout, Secret } from "@sluice/api";
import type { Reader } from "@sluice/kernel";
import { type Claims, readClaims } from "../../ownership/index.ts";
import { type ConfigurationReference, configurationOf, referenceId } from "../../version/index.ts";
import { annotations, configMapKind, gates, keyIn, secretKind, snapshotLabel, snapshotOwner } from "../names.ts";

export interface ObservedConfiguration {
  /** What the template reads; nothing where the gate is off. */
  readonly references: readonly ConfigurationReference[];
  /** By `Kind/name`, those that are there. */
  readonly objects: ReadonlyMap<string, ConfigMap | Secret>;
  /** Copies that were made for this Rollout's versions. */
  readonly snapshots: readonly (ConfigMap | Secret)[];
  /** Copies for versions of a Rollout of this name that was deleted without them. */
  readonly orphans: readonly (ConfigMap | Secret)[];
}

const kindOf = ({ kind }: Pick<ConfigurationReference, "kind">) => (kind === "ConfigMap" ? configMapKind : secretKind);

export async function readConfiguration(
  rollout: Rollout,
  replicaSets: readonly ReplicaSet[],
  read: Reader,
): Promise<ObservedConfiguration> {
  const { namespace } = rollout.metadata;
  const isOff = rollout.metadata.annotations?.[gates.configuration] === "off";
  const references = isOff ? [] : configurationOf(rollout.spec.template);
  const found = await Promise.all(
    references.map(async (reference) => {
      const object = await read.get<ConfigMap | Secret>(keyIn(kindOf(reference), namespace, reference.name));
      return object === undefined ? [] : [[referenceId(reference), object] as const];
    }),
  );
  const hasSnapshots =
    references.length > 0 || replicaSets.some((set) => set.metadata.annotations?.[annotations.configuration]);
  const selector = { matchLabels: { [snapshotLabel]: snapshotOwner(rollout) } };
  const claims: readonly Claims<ConfigMap | Secret>[] = hasSnapshots
    ? await Promise.all([
        readClaims<ConfigMap>(rollout, configMapKind, selector, read),
        readClaims<Secret>(rollout, secretKind, selector, read),
      ])
    : [];
  return {
    references,
    objects: new Map(found.flat()),
    snapshots: claims.flatMap(({ own, strays }) => [...own, ...strays]),
    orphans: claims.flatMap(({ orphans }) => orphans),
  };
}

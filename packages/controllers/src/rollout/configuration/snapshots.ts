import { type ConfigMap, controlledBy, type ReplicaSet, type Secret } from "@sluice/api";
import type { Effect } from "../../loop/index.ts";
import { configurationOf, contentDigest, referenceId, snapshotName } from "../../version/index.ts";
import { configMapKind, keyIn, secretKind, snapshotLabel, snapshotOwner } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";

type Configuration = ConfigMap | Secret;

/** Copies that the current version needs before its Pods, and those that no version needs any more. */
export function planSnapshots(
  { configuration, replicaSets }: ObservedRollout,
  view: View,
): { readonly before: readonly Effect[]; readonly after: readonly Effect[] } {
  const wanted = new Set(
    [view.version.template, ...replicaSets.map(templateOf)].flatMap(configurationOf).map(referenceId),
  );
  const there = new Set(configuration.snapshots.map(idOf));
  const missing = Object.entries(view.version.digests).flatMap(([id, digest]): Effect[] => {
    const object = configuration.objects.get(id);
    if (object === undefined || contentDigest(object) !== digest) return [];
    const copy = snapshotOf(object, digest, view);
    const isUsed =
      view.canary === undefined ||
      configurationOf(templateOf(view.canary)).some((one) => referenceId(one) === idOf(copy));
    return isUsed && !there.has(idOf(copy)) ? [{ do: "create", object: copy }] : [];
  });
  const unused = configuration.snapshots.filter(
    (copy) => copy.metadata.labels?.[snapshotLabel] !== undefined && !wanted.has(idOf(copy)),
  );
  return {
    before: missing,
    after: unused.map(({ kind, metadata }) => ({
      do: "delete",
      key: keyIn(kind === "ConfigMap" ? configMapKind : secretKind, metadata.namespace, metadata.name),
    })),
  };
}

const idOf = ({ kind, metadata }: Configuration): string => referenceId({ kind, name: metadata.name });
const templateOf = ({ spec }: ReplicaSet) => spec.template;

/** Owned by the Rollout: versions with the same content share it. */
function snapshotOf(object: Configuration, digest: string, { rollout }: View): Configuration {
  const { name, namespace } = object.metadata;
  const metadata = {
    name: snapshotName(name, digest),
    ...(namespace === undefined ? {} : { namespace }),
    labels: { [snapshotLabel]: snapshotOwner(rollout) },
    ownerReferences: [controlledBy(rollout)],
  };
  if (object.kind === "ConfigMap") {
    const { data, binaryData } = object as ConfigMap;
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata,
      immutable: true,
      ...(data === undefined ? {} : { data }),
      ...(binaryData === undefined ? {} : { binaryData }),
    };
  }
  const { data, type } = object as Secret;
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata,
    immutable: true,
    ...(data === undefined ? {} : { data }),
    ...(type === undefined ? {} : { type }),
  };
}

/** Which ConfigMaps and Secrets are others than those of the version before, by `Kind name`. */
export function changedConfiguration({ replicaSets }: ObservedRollout, view: View): readonly string[] {
  const before = view.stable === undefined || view.isFullyPromoted ? [] : configurationOf(view.stable.spec.template);
  const known = new Set(before.map(referenceId));
  if (replicaSets.length === 0 || before.length === 0) return [];
  return Object.entries(view.version.digests).flatMap(([id, digest]) => {
    const slash = id.indexOf("/");
    const kind = id.slice(0, slash);
    const name = id.slice(slash + 1);
    return known.has(`${kind}/${snapshotName(name, digest)}`) ? [] : [`${kind} ${name}`];
  });
}

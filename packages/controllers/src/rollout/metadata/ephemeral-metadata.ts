import type { PodTemplateMetadata, ReplicaSet } from "@sluice/api";
import type { Effect } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { annotations, keyIn, podKind, replicaSetKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { hashOf, type View, wantedOf } from "../view.ts";
import { notedMetadata, noteOf } from "./noted.ts";
import { isNothing, metadataOf } from "./worn.ts";

type Texts = Readonly<Record<string, string>>;

/** What the Pods of the current version wear. */
export function wornMetadata({ rollout, isFullyPromoted, isFirst }: View): PodTemplateMetadata {
  const { incoming, promoted } = metadataOf(rollout);
  return isFullyPromoted || isFirst ? promoted : incoming;
}

/**
 * Labels and annotations that change with promotion, and where the spec is edited meanwhile: on the ReplicaSet's template and on
 * its living Pods. A template changed so restarts nothing. Source: argo-rollouts rollout/ephemeralmetadata.go.
 */
export function planMetadata({ pods }: ObservedRollout, view: View): readonly Effect[] {
  const { incoming, promoted } = metadataOf(view.rollout);
  const { canary, stable, older } = view;
  const isIncoming = !(view.isFullyPromoted || view.isFirst);
  const dress = (set: ReplicaSet | undefined, worn: PodTemplateMetadata, other: PodTemplateMetadata) =>
    set === undefined ? [] : dressSet(set, pods, { worn, before: notedMetadata(set) ?? other }, view);
  return [
    ...(isIncoming ? dress(canary, incoming, promoted) : dress(canary, promoted, incoming)),
    ...(stable === canary ? [] : dress(stable, promoted, incoming)),
    // What runs on for a while after its time is neither: nobody may take it for the stable version.
    ...older.filter((set) => wantedOf(set) > 0).flatMap((set) => dress(set, {}, {})),
  ];
}

interface Dress {
  readonly worn: PodTemplateMetadata;
  /** What they may still wear. */
  readonly before: PodTemplateMetadata;
}

function dressSet(set: ReplicaSet, pods: ObservedRollout["pods"], { worn, before }: Dress, view: View): Effect[] {
  if (isNothing(worn) && isNothing(before)) return [];
  const written = view.rollout.spec.template?.metadata;
  const change = (has: ReplicaSet["metadata"] | PodTemplateMetadata | undefined) => ({
    labels: difference(has?.labels, worn.labels, before.labels, written?.labels),
    annotations: difference(has?.annotations, worn.annotations, before.annotations, written?.annotations),
  });
  const effects: Effect[] = [];
  const key = keyIn(replicaSetKind, set.metadata.namespace, set.metadata.name);
  const template = change(set.spec.template?.metadata);
  if (!isNothing(template)) {
    const value = { spec: { template: { metadata: template } } };
    effects.push({ do: "patch", key, patch: { type: "merge", value } });
  }
  for (const { metadata } of pods) {
    if (metadata.labels?.[podHashLabel] !== hashOf(set)) continue;
    const pod = change(metadata);
    if (isNothing(pod)) continue;
    const patch = { type: "merge", value: { metadata: pod } } as const;
    effects.push({ do: "patch", key: keyIn(podKind, metadata.namespace, metadata.name), patch });
  }
  // Only once nobody wears the old any more: until then the note says what is to be taken off.
  const note = noteOf(worn);
  if (effects.length > 0 || set.metadata.annotations?.[annotations.ephemeralMetadata] === note) return effects;
  const value = { metadata: { annotations: { [annotations.ephemeralMetadata]: note } } };
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}

/** A merge patch: null takes off what is worn no longer, unless the template itself has it. */
function difference(has: Texts = {}, worn: Texts = {}, before: Texts = {}, written: Texts = {}) {
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(worn)) if (has[key] !== value) changes[key] = value;
  for (const [key, value] of Object.entries(before)) {
    if (worn[key] !== undefined || has[key] !== value) continue;
    changes[key] = written[key] ?? null;
    if (written[key] === value) delete changes[key];
  }
  return changes;
}

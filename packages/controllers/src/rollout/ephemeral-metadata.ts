import type { PodTemplateMetadata, ReplicaSet, Rollout } from "@sluice/api";
import type { Effect } from "../loop/index.ts";
import { podHashLabel } from "../version/index.ts";
import { blueGreenOf } from "./bluegreen/strategy.ts";
import { canaryOf } from "./canary/steps.ts";
import { keyIn, podKind, replicaSetKind } from "./names.ts";
import type { ObservedRollout } from "./observe.ts";
import type { View } from "./view.ts";

type Texts = Readonly<Record<string, string>>;

/** What Pods wear while their version is on its way, and once it is promoted. */
function metadataOf(rollout: Rollout) {
  const blueGreen = blueGreenOf(rollout);
  const { canaryMetadata, stableMetadata } = canaryOf(rollout);
  return {
    incoming: (blueGreen === undefined ? canaryMetadata : blueGreen.previewMetadata) ?? {},
    promoted: (blueGreen === undefined ? stableMetadata : blueGreen.activeMetadata) ?? {},
  };
}

/** What the Pods of the current version wear. */
export function wornMetadata({ rollout, isFullyPromoted, isFirst }: View): PodTemplateMetadata {
  const { incoming, promoted } = metadataOf(rollout);
  return isFullyPromoted || isFirst ? promoted : incoming;
}

/**
 * Labels and annotations that change with promotion, on the ReplicaSet's template and on its living Pods.
 * A template changed so restarts nothing. Source: argo-rollouts rollout/ephemeralmetadata.go.
 */
export function planMetadata({ pods }: ObservedRollout, view: View): readonly Effect[] {
  const { incoming, promoted } = metadataOf(view.rollout);
  if (view.canary === undefined || Object.keys({ ...incoming, ...promoted }).length === 0) return [];
  const [worn, other] = view.isFullyPromoted || view.isFirst ? [promoted, incoming] : [incoming, promoted];
  const written = view.rollout.spec.template?.metadata;
  const change = (has: ReplicaSet["metadata"] | PodTemplateMetadata | undefined) => ({
    labels: difference(has?.labels, worn.labels, other.labels, written?.labels),
    annotations: difference(has?.annotations, worn.annotations, other.annotations, written?.annotations),
  });
  const effects: Effect[] = [];
  const template = change(view.canary.spec.template?.metadata);
  if (!isNothing(template)) {
    const { namespace, name } = view.canary.metadata;
    const value = { spec: { template: { metadata: template } } };
    effects.push({ do: "patch", key: keyIn(replicaSetKind, namespace, name), patch: { type: "merge", value } });
  }
  for (const { metadata } of pods) {
    if (metadata.labels?.[podHashLabel] !== view.hash) continue;
    const pod = change(metadata);
    if (isNothing(pod)) continue;
    const patch = { type: "merge", value: { metadata: pod } } as const;
    effects.push({ do: "patch", key: keyIn(podKind, metadata.namespace, metadata.name), patch });
  }
  return effects;
}

/** A merge patch: null takes a key of the other side away, unless the template itself has it. */
function difference(has: Texts = {}, worn: Texts = {}, other: Texts = {}, written: Texts = {}) {
  const changes: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(worn)) if (has[key] !== value) changes[key] = value;
  for (const [key, value] of Object.entries(other)) {
    if (worn[key] !== undefined || has[key] !== value) continue;
    changes[key] = written[key] ?? null;
    if (written[key] === value) delete changes[key];
  }
  return changes;
}

const isNothing = ({ labels, annotations }: { readonly labels: object; readonly annotations: object }): boolean =>
  Object.keys(labels).length === 0 && Object.keys(annotations).length === 0;

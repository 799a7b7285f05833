import type { KindDefinition, Resource } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { asOfToday } from "./admission.ts";

/** Kubernetes counts generations only where a controller acts on a spec. */
export const hasGeneration = ({ group, kind }: KindDefinition): boolean =>
  (group !== "" || kind === "Pod" || kind === "PodTemplate") && group !== "coordination.k8s.io";

export const withNextGeneration = (object: Resource): Resource => ({
  ...object,
  metadata: { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 },
});

/** Whether `next` asks for something else than `old`: anything but metadata, and but status where that is a subresource. */
export const asksForMore = (definition: KindDefinition, old: Resource, next: Resource): boolean =>
  // A default that is newer than `old` asks for nothing.
  isOther(definition, old, next) && isOther(definition, asOfToday(definition, old), next);

function isOther(definition: KindDefinition, old: Resource, next: Resource): boolean {
  const { metadata: _1, status: oldStatus, ...oldRest } = old;
  const { metadata: _2, status: nextStatus, ...nextRest } = next;
  return !sameJson(oldRest, nextRest) || (!definition.status && !sameJson(oldStatus, nextStatus));
}

import type { Application, Client, Resource, Rollout } from "@sluice/api";
import { rolloutKind } from "../marks/index.ts";
import { isRoutedBy } from "./claimed-routes.ts";
import { type Comparison, changesOf, compareAll, knownReferences } from "./comparison/compare.ts";
import type { FieldChange } from "./comparison/diff.ts";
import { type Claims, noClaims, selectsUnasked } from "./comparison/overlay.ts";
import { keyOfReference, referenceText } from "./comparison/resource-reference.ts";
import type { RenderedSource } from "./manifests.ts";
import { isSteered } from "./steered.ts";
import { type KindLookup, targetsOf } from "./targets.ts";

/** What `sluice app diff` shows: each resource with what a sync would change. */
export interface Inspection {
  readonly errors: readonly string[];
  readonly resources: readonly { readonly comparison: Comparison; readonly changes: readonly FieldChange[] }[];
}

/** Compares an Application with what was rendered, reading each resource through the API. Writes nothing. */
export async function inspectApplication(
  client: Pick<Client, "get" | "list">,
  application: Application,
  rendered: RenderedSource,
  kinds: KindLookup,
): Promise<Inspection> {
  const { targets, errors } = targetsOf(application, rendered, kinds);
  const objects = new Map<string, Resource | undefined>();
  for (const { text, reference } of targets) objects.set(text, await client.get(keyOfReference(reference)));
  for (const reference of knownReferences(application)) {
    const text = referenceText(reference);
    if (!objects.has(text)) objects.set(text, await client.get(keyOfReference(reference)));
  }
  const claims = new Map<string, Claims>();
  for (const { text, resource } of targets) {
    const live = objects.get(text);
    if (live !== undefined && selectsUnasked(resource, live)) {
      const { items } = await client.list<Rollout>(rolloutKind, { namespace: live.metadata.namespace ?? "default" });
      if (!isSteered(live, items)) claims.set(text, { ...noClaims, isUnsteered: true });
      continue;
    }
    if (resource.kind !== "VirtualService" && resource.kind !== "DestinationRule") continue;
    const rollouts = targets
      .filter(({ resource: other }) => other.kind === "Rollout" && isRoutedBy(other as Rollout, resource))
      .map((target) => objects.get(target.text))
      .filter((found) => found !== undefined);
    if (rollouts.length > 0)
      claims.set(text, { rollouts: rollouts as unknown as readonly Rollout[], isAutoscaled: false });
  }
  const resources = compareAll(application, targets, { objects, claims }).map((comparison) => ({
    comparison,
    changes: changesOf(application, comparison, claims.get(comparison.text)),
  }));
  return { errors, resources };
}

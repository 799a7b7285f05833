import type { Rollout, RolloutAnalysis, RolloutAnalysisTemplateReference } from "@sluice/api";
import type { Manifest } from "../manifests/manifest.ts";
import type { World } from "../manifests/world.ts";
import { list } from "./analysis-arguments.ts";
import { type FoundTemplate, findTemplate, referencesOf } from "./analysis-uses.ts";

/** Each place of a Rollout that names templates, whatever its strategy. */
export function analysesOf({
  resource,
}: Manifest): readonly { readonly path: string; readonly analysis: RolloutAnalysis }[] {
  const { canary, blueGreen } = (resource as Partial<Rollout>).spec?.strategy ?? {};
  const places: readonly (readonly [string, RolloutAnalysis | undefined])[] = [
    ["spec.strategy.canary.analysis", canary?.analysis],
    ...list<{ readonly analysis?: RolloutAnalysis }>(canary?.steps).map(
      ({ analysis }, index) => [`spec.strategy.canary.steps[${index}].analysis`, analysis] as const,
    ),
    ["spec.strategy.blueGreen.prePromotionAnalysis", blueGreen?.prePromotionAnalysis],
    ["spec.strategy.blueGreen.postPromotionAnalysis", blueGreen?.postPromotionAnalysis],
  ];
  return places.flatMap(([path, analysis]) =>
    typeof analysis === "object" && analysis !== null ? [{ path, analysis }] : [],
  );
}

/** All that are named, and those that they name, each once. */
export function namedTogether(
  world: World,
  references: readonly RolloutAnalysisTemplateReference[],
  namespace: string | undefined,
  seen: Set<Manifest> = new Set(),
): readonly FoundTemplate[] {
  return references.flatMap((reference) => {
    const found = findTemplate(world, reference, namespace);
    if (found === undefined || seen.has(found.manifest)) return [];
    seen.add(found.manifest);
    const named = referencesOf({ templates: found.template.spec?.templates } as RolloutAnalysis);
    return [found, ...namedTogether(world, named, namespace, seen)];
  });
}

import { byPlace, type Finding } from "./finding.ts";
import { readManifests, type SourceFile } from "./manifests/manifest.ts";
import { World } from "./manifests/world.ts";
import { analysisFindings } from "./rules/analysis-rules.ts";
import { applicationFindings } from "./rules/application-rules.ts";
import { blueGreenRolloutFindings } from "./rules/blue-green-rollout-rules.ts";
import { blueGreenFindings } from "./rules/blue-green-rules.ts";
import { canaryScaleFindings } from "./rules/canary-scale-rules.ts";
import { evidenceFindings } from "./rules/evidence-rules.ts";
import { experimentFindings } from "./rules/experiment-rules.ts";
import { freshBaselineFindings } from "./rules/fresh-baseline-rules.ts";
import { idleMetricFindings } from "./rules/idle-metric-rules.ts";
import { keptVersionsFindings } from "./rules/kept-versions-rules.ts";
import { mergedTemplateFindings } from "./rules/merged-templates-rules.ts";
import { ringFindings } from "./rules/ring-rules.ts";
import { routingFindings } from "./rules/routing-rules.ts";
import { schemaFindings } from "./rules/schema-rules.ts";
import { sharingFindings } from "./rules/sharing-rules.ts";
import { workloadFindings } from "./rules/workload-rules.ts";

export type { Finding } from "./finding.ts";
export { findingsAsJson, renderFindings } from "./render.ts";
export { fixFiles } from "./repairs/fix.ts";

/** Whether any of them holds one: of a file of comments there is nothing to say. */
export const hasManifest = (files: readonly SourceFile[]): boolean =>
  files.some((file) => readManifests(file).manifests.length > 0);

/** Looks at all manifests at once, so that what one names is searched for in the others. Sorted by place. */
export function lintFiles(files: readonly SourceFile[]): readonly Finding[] {
  const read = files.map(readManifests);
  const world = new World(read.flatMap(({ manifests }) => manifests));
  return [
    ...read.flatMap(({ findings }) => findings),
    ...schemaFindings(world),
    ...analysisFindings(world),
    ...mergedTemplateFindings(world),
    ...idleMetricFindings(world),
    ...routingFindings(world),
    ...ringFindings(world),
    ...canaryScaleFindings(world),
    ...sharingFindings(world),
    ...workloadFindings(world),
    ...blueGreenFindings(world),
    ...evidenceFindings(world),
    ...blueGreenRolloutFindings(world),
    ...experimentFindings(world),
    ...freshBaselineFindings(world),
    ...keptVersionsFindings(world),
    ...applicationFindings(world),
  ].sort(byPlace);
}

import { analysisFindings } from "./analysis-rules.ts";
import { applicationFindings } from "./application-rules.ts";
import { blueGreenRolloutFindings } from "./blue-green-rollout-rules.ts";
import { blueGreenFindings } from "./blue-green-rules.ts";
import { canaryScaleFindings } from "./canary-scale-rules.ts";
import { evidenceFindings } from "./evidence-rules.ts";
import { byPlace, type Finding } from "./finding.ts";
import { freshBaselineFindings } from "./fresh-baseline-rules.ts";
import { keptVersionsFindings } from "./kept-versions-rules.ts";
import { readManifests, type SourceFile } from "./manifest.ts";
import { mergedTemplateFindings } from "./merged-templates-rules.ts";
import { ringFindings } from "./ring-rules.ts";
import { routingFindings } from "./routing-rules.ts";
import { schemaFindings } from "./schema-rules.ts";
import { sharingFindings } from "./sharing-rules.ts";
import { workloadFindings } from "./workload-rules.ts";
import { World } from "./world.ts";

export type { Finding } from "./finding.ts";
export { fixFiles } from "./fix.ts";
export { findingsAsJson, renderFindings } from "./render.ts";

/** Looks at all manifests at once, so that what one names is searched for in the others. Sorted by place. */
export function lintFiles(files: readonly SourceFile[]): readonly Finding[] {
  const read = files.map(readManifests);
  const world = new World(read.flatMap(({ manifests }) => manifests));
  return [
    ...read.flatMap(({ findings }) => findings),
    ...schemaFindings(world),
    ...analysisFindings(world),
    ...mergedTemplateFindings(world),
    ...routingFindings(world),
    ...ringFindings(world),
    ...canaryScaleFindings(world),
    ...sharingFindings(world),
    ...workloadFindings(world),
    ...blueGreenFindings(world),
    ...evidenceFindings(world),
    ...blueGreenRolloutFindings(world),
    ...freshBaselineFindings(world),
    ...keptVersionsFindings(world),
    ...applicationFindings(world),
  ].sort(byPlace);
}

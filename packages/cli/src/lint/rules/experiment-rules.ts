import type { CanaryStep, Experiment, RolloutAnalysisTemplateReference } from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import { canaryOf, findTemplate } from "../analysis/analysis-uses.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, oneOfThatName, type World } from "../manifests/world.ts";

interface Place {
  readonly manifest: Manifest;
  /** Of the experiment in its manifest. */
  readonly path: string;
  readonly analyses: readonly RolloutAnalysisTemplateReference[];
}

/** What an experiment asks of a template that isn't there: it would end in Error, and a release with it. */
export const experimentFindings = (world: World): readonly Finding[] =>
  experiments(world).flatMap(({ manifest, path, analyses }) =>
    analyses.flatMap((reference, index) => {
      const { templateName, clusterScope } = reference;
      const { namespace } = manifest.resource.metadata;
      if (typeof templateName !== "string" || findTemplate(world, reference, namespace) !== undefined) return [];
      const kind = clusterScope === true ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
      const names = world.of(kind).flatMap(({ resource }) => resource.metadata.name ?? []);
      return [
        findingAt(manifest, `${path}.analyses[${index}].templateName`, {
          // Where no template is among the files, they may well be in the cluster.
          severity: names.length > 0 ? "error" : "warning",
          rule: "missing-template",
          what: `there is no ${kind} ${templateName} among the files: the experiment would end in Error`,
          found: templateName,
          expected: names.length === 0 ? oneOfThatName(kind) : `a template: ${names.join(", ")}`,
          repair: `add the ${kind} ${templateName}`,
        }),
      ];
    }),
  );

function experiments(world: World): readonly Place[] {
  const alone = world.of("Experiment").map((manifest): Place => {
    const { spec } = manifest.resource as Partial<Experiment>;
    return { manifest, path: "spec", analyses: list(spec?.analyses) };
  });
  const steps = world.of("Rollout").flatMap((manifest) =>
    list<CanaryStep>(canaryOf(manifest)?.steps).map(
      ({ experiment }, index): Place => ({
        manifest,
        path: `spec.strategy.canary.steps[${index}].experiment`,
        analyses: list(experiment?.analyses),
      }),
    ),
  );
  return [...alone, ...steps];
}

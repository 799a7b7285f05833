import type {
  AnalysisRun,
  AnalysisTemplate,
  DryRun,
  Experiment,
  ExperimentAnalysis,
  ExperimentSpec,
  Rollout,
  RolloutAnalysis,
} from "@sluice/api";
import { list } from "../analysis/analysis-arguments.ts";
import { type FoundTemplate, findTemplate, metricsOf, referencesOf } from "../analysis/analysis-uses.ts";
import { analysesOf, namedTogether } from "../analysis/merged-analysis.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";

const fields = ["dryRun", "measurementRetention"] as const;
type Rules = { readonly [field in (typeof fields)[number]]?: unknown };

/** Rules of dryRun and measurementRetention that name no metric: an AnalysisRun that has one ends in an error at once. */
export function idleMetricFindings(world: World): readonly Finding[] {
  const used = new Set<Manifest>();
  const told = new Set<string>();
  const asking = [...world.of("Rollout"), ...world.of("Experiment")];
  const findings = asking.flatMap((asker) =>
    askedBy(asker).flatMap((asked) => {
      const { path, analysis, rules, rulesPath } = asked;
      const { namespace } = asker.resource.metadata;
      const templates = namedTogether(world, referencesOf(analysis), namespace);
      for (const { manifest } of templates) used.add(manifest);
      if (!areAllThere(world, analysis, templates, namespace)) return [];
      const names = namesOf(templates);
      const where = `${path} of ${asker.describe()}`;
      return [
        ...idle(asker, rulesPath ?? path, rules ?? analysis, names, where),
        ...templates.flatMap(({ manifest, template }) => idle(manifest, "spec", template.spec, names, where)),
      ];
    }),
  );
  const alone = [...world.of("AnalysisTemplate"), ...world.of("ClusterAnalysisTemplate")].filter(
    (manifest) => !used.has(manifest) && list(specOf(manifest)?.templates).length === 0,
  );
  const unasked = [...alone, ...world.of("AnalysisRun")].flatMap((manifest) =>
    idle(
      manifest,
      "spec",
      specOf(manifest),
      metricsOf(manifest).map(({ name }) => name),
      manifest.describe(),
    ),
  );
  // Two Rollouts that name the same template are told once, at the template.
  return [...findings, ...unasked].filter(({ file, line, column }) => {
    const place = `${file}:${line}:${column}`;
    if (told.has(place)) return false;
    told.add(place);
    return true;
  });
}

interface Asked {
  readonly path: string;
  readonly analysis: RolloutAnalysis;
  /** Rules that stand elsewhere than in the analysis, and where. */
  readonly rules?: Rules;
  readonly rulesPath?: string;
}

const askedBy = (manifest: Manifest): readonly Asked[] => [
  ...(manifest.resource.kind === "Rollout" ? analysesOf(manifest) : []),
  ...experimentsOf(manifest),
];

/** Each analysis of an Experiment, or of a Rollout's experiment step, is a run of its own, which all of its rules must fit. */
function experimentsOf({ resource }: Manifest): readonly Asked[] {
  const experiments: readonly (readonly [string, Partial<ExperimentSpec> | undefined])[] =
    resource.kind === "Experiment"
      ? [["spec", (resource as Partial<Experiment>).spec]]
      : list<{ readonly experiment?: Partial<ExperimentSpec> }>(
          (resource as Partial<Rollout>).spec?.strategy?.canary?.steps,
        ).map(({ experiment }, index) => [`spec.strategy.canary.steps[${index}].experiment`, experiment]);
  return experiments.flatMap(([place, experiment]) =>
    list<ExperimentAnalysis>(experiment?.analyses).map(({ templateName, clusterScope = false }, index) => ({
      path: `${place}.analyses[${index}]`,
      analysis: { templates: [{ templateName, clusterScope }] },
      rules: experiment ?? {},
      rulesPath: place,
    })),
  );
}

const specOf = ({ resource }: Manifest) =>
  (resource as Partial<AnalysisTemplate | AnalysisRun>).spec as (Rules & { readonly templates?: unknown }) | undefined;

const namesOf = (templates: readonly FoundTemplate[]): readonly string[] =>
  templates.flatMap(({ metrics }) => metrics.map(({ name }) => name));

/** What a template holds that isn't among the files nobody knows. */
function areAllThere(
  world: World,
  analysis: RolloutAnalysis,
  templates: readonly FoundTemplate[],
  namespace: string | undefined,
): boolean {
  const asked = [
    ...referencesOf(analysis),
    ...templates.flatMap(({ template }) => referencesOf({ templates: template.spec?.templates } as RolloutAnalysis)),
  ];
  return asked.length > 0 && asked.every((reference) => findTemplate(world, reference, namespace) !== undefined);
}

function idle(
  manifest: Manifest,
  path: string,
  rules: Rules | undefined,
  names: readonly string[],
  where: string,
): readonly Finding[] {
  // A name with an argument in it is known only to the run.
  if (names.some((name) => typeof name !== "string" || name.includes("{{"))) return [];
  return fields.flatMap((field) =>
    list<DryRun>(rules?.[field]).flatMap(({ metricName }, index) =>
      typeof metricName !== "string" || names.some((name) => matches(metricName, name))
        ? []
        : [
            findingAt(manifest, `${path}.${field}[${index}].metricName`, {
              severity: "error",
              rule: "idle-metric-rule",
              what: `${field} names ${metricName}, and no metric of ${where} is called so: its AnalysisRun ends in an error before anything is measured`,
              found: metricName,
              expected: names.length === 0 ? "the name of a metric" : `a pattern for one of ${names.join(", ")}`,
              repair: "name a metric that is there, or take the rule out",
            }),
          ],
    ),
  );
}

/** Unanchored, as the run reads it; what is no pattern is told by its schema. */
function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return true;
  }
}

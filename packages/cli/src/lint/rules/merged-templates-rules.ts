import type { Argument, DryRun, Metric, RolloutAnalysis } from "@sluice/api";
import { sameJson } from "@sluice/kernel";
import { list } from "../analysis/analysis-arguments.ts";
import { type FoundTemplate, findTemplate, referencesOf } from "../analysis/analysis-uses.ts";
import { analysesOf, namedTogether } from "../analysis/merged-analysis.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { type Repair, removal, withFix } from "../repairs/repairs.ts";

/** Templates that one analysis names together, and that don't fit together: the Rollout would have an invalid spec. */
export const mergedTemplateFindings = (world: World): readonly Finding[] => {
  // Two Rollouts that name the same pair are told once, at the template.
  const told = new Set<string>();
  return world.of("Rollout").flatMap((rollout) =>
    analysesOf(rollout).flatMap(({ path, analysis }) => {
      const { namespace } = rollout.resource.metadata;
      const found = namedTogether(world, referencesOf(analysis), namespace);
      const where = `${path} of ${rollout.describe()}`;
      return [...measuresNothing(world, rollout, { path, analysis, found }), ...clashes(found, where)].filter(
        ({ file, line, column, rule }) => {
          const place = `${file}:${line}:${column} ${rule}`;
          if (told.has(place)) return false;
          told.add(place);
          return true;
        },
      );
    }),
  );
};

interface Entry<Item> {
  readonly found: FoundTemplate;
  readonly index: number;
  readonly item: Item;
}

function entriesOf<Item extends object>(
  templates: readonly FoundTemplate[],
  field: "metrics" | "dryRun" | "measurementRetention" | "args",
): readonly Entry<Item>[] {
  return templates.flatMap((found) =>
    list<Item>(found.template.spec?.[field]).map((item, index) => ({ found, index, item })),
  );
}

/** Templates may name each other alone, round in a circle: none of them has a metric, and all are there. */
function measuresNothing(
  world: World,
  rollout: Manifest,
  { path, analysis, found }: { path: string; analysis: RolloutAnalysis; found: readonly FoundTemplate[] },
): readonly Finding[] {
  const named = [
    analysis,
    ...found.map(({ template }) => ({ templates: template.spec?.templates }) as RolloutAnalysis),
  ];
  const references = named.flatMap(referencesOf);
  const { namespace } = rollout.resource.metadata;
  const isWhole = references.every((reference) => findTemplate(world, reference, namespace) !== undefined);
  if (references.length === 0 || !isWhole || found.some(({ metrics }) => metrics.length > 0)) return [];
  const names = found.map(({ template }) => template.metadata.name).join(", ");
  return [
    findingAt(rollout, `${path}.templates`, {
      severity: "error",
      rule: "measures-nothing",
      what: "no template that it names has a metric, nor has any that those name: it would be Degraded",
      found: names,
      expected: "at least one metric among them",
      repair: `give one of ${names} a metric`,
    }),
  ];
}

function clashes(templates: readonly FoundTemplate[], where: string): readonly Finding[] {
  const metrics = pairs(entriesOf<Metric>(templates, "metrics"), ({ name }) => name);
  const args = pairs(
    entriesOf<Argument>(templates, "args").filter(({ item }) => hasDefault(item)),
    ({ name }) => name,
  );
  return [
    ...metrics.map(({ first, second }) =>
      findingAt(second.found.manifest, `spec.metrics[${second.index}].name`, {
        severity: "error",
        rule: "clashing-templates",
        what: `${first.found.manifest.describe()} measures ${second.item.name}, too, and ${where} names both: it would be Degraded`,
        found: second.item.name,
        expected: "a name that no metric of the other template has",
        repair: "give each metric a name of its own",
      }),
    ),
    ...(["dryRun", "measurementRetention"] as const).flatMap((field) =>
      pairs(entriesOf<DryRun>(templates, field), ({ metricName }) => metricName).map(({ first, second }) =>
        doubledRule(field, first, second, where),
      ),
    ),
    ...args
      .filter(({ first, second }) => !sameJson(first.item, second.item))
      .map(({ first, second }) =>
        findingAt(second.found.manifest, `spec.args[${second.index}]`, {
          severity: "error",
          rule: "clashing-templates",
          what: `${first.found.manifest.describe()} has another default for ${second.item.name}, and ${where} names both: it would be Degraded`,
          found: JSON.stringify(second.item.value ?? second.item.valueFrom),
          expected: `${JSON.stringify(first.item.value ?? first.item.valueFrom)}, as there`,
          repair: "take one of the defaults out, and give the argument in the analysis",
        }),
      ),
  ];
}

function doubledRule(
  field: "dryRun" | "measurementRetention",
  first: Entry<DryRun>,
  second: Entry<DryRun>,
  where: string,
): Finding {
  const { metricName } = second.item;
  const needless = [second, first].find(({ found }) => !measures(found, metricName));
  const path = `spec.${field}[${second.index}].metricName`;
  const finding = findingAt(second.found.manifest, path, {
    severity: "error",
    rule: "clashing-templates",
    what: `${first.found.manifest.describe()} has a rule of ${field} for ${metricName}, too, and ${where} names both: it would be Degraded`,
    found: metricName,
    expected: `one rule of ${field} for it: those of all templates hold for all metrics`,
    repair:
      needless === undefined
        ? "let each rule name the metrics of its own template alone"
        : `take it out of ${needless.found.manifest.describe()}, which doesn't measure it`,
  });
  return withFix(finding, needless === undefined ? undefined : without(needless, field));
}

/** By itself a template whose rule names none of its metrics is an error: nobody who uses it alone misses the rule. */
const measures = ({ metrics }: FoundTemplate, metricName: string): boolean => {
  try {
    const pattern = new RegExp(metricName);
    return metrics.some(({ name }) => pattern.test(name));
  } catch {
    return true;
  }
};

const without = ({ found, index }: Entry<DryRun>, field: "dryRun" | "measurementRetention"): Repair => {
  const isOnly = list(found.template.spec?.[field]).length === 1;
  return removal(found.manifest, isOnly ? `spec.${field}` : `spec.${field}[${index}]`);
};

const hasDefault = ({ value, valueFrom }: Argument): boolean => value !== undefined || valueFrom !== undefined;

/** What has the name of something in an earlier template. Within one template the API says so. */
function pairs<Item>(
  entries: readonly Entry<Item>[],
  nameOf: (item: Item) => unknown,
): readonly { readonly first: Entry<Item>; readonly second: Entry<Item> }[] {
  return entries.flatMap((second, index) => {
    const first = entries.slice(0, index).find(({ item }) => nameOf(item) === nameOf(second.item));
    return first === undefined || first.found === second.found || typeof nameOf(second.item) !== "string"
      ? []
      : [{ first, second }];
  });
}

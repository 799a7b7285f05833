import type { AnalysisRunArgument, Argument } from "@sluice/api";
import { argumentValues, filledIn, list } from "../analysis/analysis-arguments.ts";
import {
  type AnalysisUse,
  type FoundTemplate,
  findTemplate,
  metricsOf,
  referencesOf,
} from "../analysis/analysis-uses.ts";
import { blindnessOf, describeBlindness, isPooled } from "../analysis/pooled-query.ts";
import { readQuery } from "../analysis/query-shape.ts";
import type { Finding } from "../finding.ts";
import { madeTemplate } from "../manifests/made-documents.ts";
import { findingAt, oneOfThatName, type World } from "../manifests/world.ts";
import {
  byVersion,
  givenVersion,
  type Repair,
  removal,
  replacement,
  together,
  withField,
  withFix,
} from "../repairs/repairs.ts";

/** What a Rollout asks of a template that isn't there, can't be filled in, or can't tell its versions apart. */
export function checkUse(world: World, use: AnalysisUse): readonly Finding[] {
  const { rollout, analysis, path, canary } = use;
  const namespace = rollout.resource.metadata.namespace;
  const findings: Finding[] = [];
  const background = canary.analysis;
  const steps = list(canary.steps).length;
  if (
    path.endsWith("canary.analysis") &&
    typeof background?.startingStep === "number" &&
    steps > 0 &&
    background.startingStep >= steps
  ) {
    findings.push(
      findingAt(rollout, `${path}.startingStep`, {
        severity: "error",
        rule: "analysis-never-starts",
        what: `the analysis begins with step ${background.startingStep}, and the last one is ${steps - 1}`,
        found: String(background.startingStep),
        expected: `0 to ${steps - 1}`,
      }),
    );
  }
  findings.push(...checkFieldReferences(world, use));
  for (const [index, reference] of referencesOf(analysis).entries()) {
    const found = findTemplate(world, reference, namespace);
    if (found === undefined) {
      findings.push(missingTemplate(world, use, index, reference.templateName, reference.clusterScope === true));
    } else {
      findings.push(...checkArguments(use, found, index), ...checkPooling(use, found));
    }
  }
  return findings;
}

/** A label that the Rollout doesn't have makes its AnalysisRun fail before the first measurement. */
function checkFieldReferences(world: World, { rollout, analysis, path }: AnalysisUse): readonly Finding[] {
  const { metadata } = rollout.resource;
  const templates = referencesOf(analysis).map((reference) => findTemplate(world, reference, metadata.namespace));
  const isUnused = (argument: string): boolean =>
    templates.every((found) => found !== undefined && !JSON.stringify(found.template.spec ?? {}).includes(argument));
  return list<AnalysisRunArgument>(analysis.args).flatMap(({ name, value, valueFrom }, index) => {
    const text = valueFrom?.fieldRef?.fieldPath ?? (typeof value === "string" ? value : "");
    const match = /metadata\.(labels|annotations)(?:\[['"]?([^'"\]]+)['"]?\]|\.([^}\s]+))/.exec(text);
    const part = match?.[1] === "annotations" ? "annotations" : "labels";
    const key = match?.[2] ?? match?.[3];
    if (key === undefined || metadata[part]?.[key] !== undefined) return [];
    const at = `${path}.args[${index}]`;
    const finding = findingAt(rollout, at, {
      severity: "error",
      rule: "missing-label",
      what: `the argument ${name} reads metadata.${part}['${key}'], which the Rollout doesn't have`,
      found: Object.keys(metadata[part] ?? {}).join(", ") || `no ${part}`,
      expected: key,
      repair: isUnused(name)
        ? `take ${name} out: no template asks for it`
        : `add ${key} to metadata.${part} of the Rollout`,
    });
    return [isUnused(name) ? withFix(finding, removal(rollout, at)) : finding];
  });
}

function missingTemplate(world: World, use: AnalysisUse, index: number, name: string, clusterScope: boolean): Finding {
  const kind = clusterScope ? "ClusterAnalysisTemplate" : "AnalysisTemplate";
  const known = world.of(kind);
  const holder = known.find((manifest) => metricsOf(manifest).some((metric) => metric.name === name));
  const names = known.map(({ resource }) => resource.metadata.name).filter((other) => other !== undefined);
  const path = `${use.path}.templates[${index}].templateName`;
  if (holder !== undefined) {
    const holderName = holder.resource.metadata.name;
    const listed = referencesOf(use.analysis).some(({ templateName }) => templateName === holderName);
    const finding = findingAt(use.rollout, path, {
      severity: "error",
      rule: "missing-template",
      what: `there is no ${kind} ${name}: it exists only as a metric inside ${holderName}`,
      found: name,
      expected: `a template: ${names.join(", ")}`,
      repair: listed
        ? `take it out: ${holderName}, which is listed, measures it`
        : `use templateName: ${holderName}, which measures it`,
    });
    const item = `${use.path}.templates[${index}]`;
    return withFix(finding, listed ? removal(use.rollout, item) : replacement(use.rollout, path, String(holderName)));
  }
  const other = clusterScope ? "AnalysisTemplate" : "ClusterAnalysisTemplate";
  const inOther = world.find(other, name, undefined) !== undefined;
  const finding = findingAt(use.rollout, path, {
    // Where no template is among the files, they may well be in the cluster.
    severity: known.length > 0 || inOther ? "error" : "warning",
    rule: "missing-template",
    what: `there is no ${kind} ${name} among the files`,
    found: name,
    expected: names.length === 0 ? oneOfThatName(kind) : `a template: ${names.join(", ")}`,
    repair: inOther ? `${clusterScope ? "take out" : "add"} clusterScope: true` : `add the ${kind} ${name}`,
  });
  const reference = `${use.path}.templates[${index}]`;
  if (!inOther) {
    // Where no template is among the files, this one may well be in the cluster.
    return clusterScope || known.length === 0 ? finding : withFix(finding, newTemplate(world, use, name));
  }
  const scoped = clusterScope
    ? removal(use.rollout, `${reference}.clusterScope`)
    : withField(use.rollout, reference, "clusterScope: true");
  return withFix(finding, scoped);
}

function newTemplate(world: World, { rollout, analysis, path }: AnalysisUse, name: string): Repair {
  const given = list<AnalysisRunArgument>(analysis.args).map((argument) => argument.name);
  return together(madeTemplate(world, rollout, name, given), givenVersion(rollout, path));
}

function checkArguments(
  { rollout, analysis, path }: AnalysisUse,
  found: FoundTemplate,
  index: number,
): readonly Finding[] {
  const given = list<Argument>(analysis.args).map(({ name }) => name);
  const name = found.manifest.resource.metadata.name;
  return list<Argument>(found.template.spec?.args)
    .filter(
      (argument) => argument.value === undefined && argument.valueFrom === undefined && !given.includes(argument.name),
    )
    .map((argument) =>
      findingAt(rollout, `${path}.templates[${index}].templateName`, {
        severity: "error",
        rule: "missing-argument",
        what: `${name} needs the argument ${argument.name}, which has no default and isn't given`,
        found: given.length === 0 ? "no arguments" : given.join(", "),
        expected: argument.name,
        repair: `add - name: ${argument.name} with a value to ${path}.args`,
      }),
    );
}

function checkPooling(use: AnalysisUse, found: FoundTemplate): readonly Finding[] {
  const values = argumentValues(found, use.analysis);
  return found.metrics.flatMap((metric, index) => {
    const query = metric.provider.prometheus?.query;
    if (typeof query !== "string") return [];
    const read = readQuery(filledIn(query, values));
    if (read.is === "refused" || !isPooled(read.shape, use)) return [];
    const at = `spec.metrics[${index}].provider.prometheus.query`;
    const blindness = blindnessOf(metric, read.shape, use);
    const number = blindness === undefined ? "" : `: ${describeBlindness(blindness)}`;
    const labels = [
      ...new Set(read.shape.selectors.flatMap(({ matchers }) => matchers.map(({ label }) => label))),
    ].filter((label) => label !== "__name__");
    return [
      withFix(
        findingAt(found.manifest, at, {
          severity: "error",
          rule: "pooled-query",
          what: `${metric.name} counts the stable version and the canary of ${use.rollout.describe()} together${number}`,
          found: labels.length === 0 ? "no labels" : `only ${labels.join(", ")}`,
          expected: "a label that tells the versions apart",
          repair:
            'add the argument canary-hash with valueFrom: {podTemplateHashValue: Latest}, and pod_template_hash="{{args.canary-hash}}" to each selector',
        }),
        byVersion({ template: found.manifest, query: at }, { rollout: use.rollout, analysis: use.path }),
      ),
    ];
  });
}

import { type AnalysisTemplate, type Argument, canaryComparisonPlugin, judgePlugin, type Metric } from "@sluice/api";
import { checkCondition, lineAndColumn } from "@sluice/languages";
import { argumentsIn, filledIn, list } from "../analysis/analysis-arguments.ts";
import { analysisUses, metricsOf } from "../analysis/analysis-uses.ts";
import { accepts, limitOf, type QueryShape, readQuery } from "../analysis/query-shape.ts";
import type { Finding } from "../finding.ts";
import type { Manifest } from "../manifests/manifest.ts";
import { findingAt, type World } from "../manifests/world.ts";
import { inQuery, inSelectors, orZero, type Repair, withField, withFix } from "../repairs/repairs.ts";
import { checkUse } from "./analysis-use-rules.ts";

/** What AnalysisTemplates measure, and what Rollouts ask of them. */
export function analysisFindings(world: World): readonly Finding[] {
  const uses = analysisUses(world);
  const templates = [...world.of("AnalysisTemplate"), ...world.of("ClusterAnalysisTemplate")];
  return [...templates.flatMap(checkTemplate), ...uses.flatMap((use) => checkUse(world, use))];
}

function checkTemplate(manifest: Manifest): readonly Finding[] {
  const spec = (manifest.resource as Partial<AnalysisTemplate>).spec;
  const findings: Finding[] = [];
  const declared = list<Argument>(spec?.args).map(({ name }) => name);
  const asked = new Set<string>();
  for (const [index, metric] of metricsOf(manifest).entries()) {
    const path = `spec.metrics[${index}]`;
    for (const name of argumentsIn(JSON.stringify(metric))) {
      if (!asked.has(name) && !declared.includes(name)) {
        findings.push(
          findingAt(manifest, `${path}.provider.prometheus.query`, {
            severity: "error",
            rule: "undeclared-argument",
            what: `{{args.${name}}} is asked for and not declared`,
            found: `{{args.${name}}}`,
            expected: declared.length === 0 ? "an argument of spec.args" : `one of ${declared.join(", ")}`,
            repair: `add - name: ${name} to spec.args`,
          }),
        );
      }
      asked.add(name);
    }
    findings.push(...checkConditions(manifest, metric, path), ...checkQuery(manifest, metric, path));
  }
  const nested = list((spec as { templates?: unknown } | undefined)?.templates).length > 0;
  for (const [index, name] of declared.entries()) {
    if (asked.has(name) || nested || typeof name !== "string") continue;
    findings.push(
      withFix(
        findingAt(manifest, `spec.args[${index}].name`, {
          severity: "warning",
          rule: "unused-argument",
          what:
            name === "namespace"
              ? "namespace is given and no query filters by it: a Service of the same name elsewhere is counted, too"
              : `${name} is given and nothing uses it`,
          found: name,
          expected: `a query with {{args.${name}}}`,
          repair:
            name === "namespace" ? 'add namespace="{{args.namespace}}" to each selector' : "use it or take it out",
        }),
        name === "namespace" ? filteredByNamespace(manifest) : undefined,
      ),
    );
  }
  return findings;
}

function filteredByNamespace(manifest: Manifest): Repair {
  const parts = metricsOf(manifest).map(({ provider }, index) =>
    typeof provider.prometheus?.query === "string"
      ? inSelectors(manifest, `spec.metrics[${index}].provider.prometheus.query`, 'namespace="{{args.namespace}}"')
      : [],
  );
  return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? []);
}

function checkConditions(manifest: Manifest, metric: Metric, path: string): readonly Finding[] {
  const findings: Finding[] = [];
  for (const name of ["successCondition", "failureCondition"] as const) {
    const text = metric[name];
    if (typeof text !== "string" || text === "" || text.includes("{{")) continue;
    const fault = checkCondition(text);
    if (fault === undefined) continue;
    findings.push(
      findingAt(manifest, `${path}.${name}`, {
        severity: "error",
        rule: "bad-condition",
        what: `${name} can't be evaluated: ${fault.message} (column ${fault.at.column} of it)`,
        found: text,
        expected: "a condition such as result[0] >= 0.95",
      }),
    );
  }
  // A Job says itself whether it succeeded, a comparison has thresholds of its own, and the judge gives a verdict.
  const { job, plugin = {} } = metric.provider ?? {};
  const isJudged =
    job !== undefined || Object.hasOwn(plugin, canaryComparisonPlugin) || Object.hasOwn(plugin, judgePlugin);
  if (!isJudged && metric.successCondition === undefined && metric.failureCondition === undefined) {
    findings.push(
      findingAt(manifest, `${path}.name`, {
        severity: "warning",
        rule: "no-condition",
        what: `the metric ${metric.name} has no condition: every measurement is good`,
        expected: "a successCondition or a failureCondition",
        repair: "add successCondition: result[0] >= 0.95",
      }),
    );
  }
  findings.push(...checkBand(manifest, metric, path));
  return findings;
}

/** Between both conditions a measurement is neither good nor bad, and without inconclusiveLimit the first such one pauses. */
function checkBand(manifest: Manifest, metric: Metric, path: string): readonly Finding[] {
  if (typeof metric.successCondition !== "string" || typeof metric.failureCondition !== "string") return [];
  const good = limitOf(metric.successCondition);
  const bad = limitOf(metric.failureCondition);
  if (good === undefined || bad === undefined || good.is === bad.is || good.value === bad.value) return [];
  const overlaps = good.is === "at least" ? bad.value > good.value : bad.value < good.value;
  if (overlaps) {
    return [
      findingAt(manifest, `${path}.failureCondition`, {
        severity: "warning",
        rule: "overlapping-conditions",
        what: "a result can be good and bad at once, and then counts as bad",
        found: `${metric.successCondition} and ${metric.failureCondition}`,
        expected: "conditions that don't overlap",
      }),
    ];
  }
  if (metric.inconclusiveLimit !== undefined) return [];
  const [low, high] = [Math.min(good.value, bad.value), Math.max(good.value, bad.value)];
  const line = "inconclusiveLimit: 2";
  return [
    withFix(
      findingAt(manifest, `${path}.failureCondition`, {
        severity: "warning",
        rule: "inconclusive-band",
        what: `a result between ${low} and ${high} is neither good nor bad: the first one pauses the release until somebody decides`,
        found: `${metric.successCondition} and ${metric.failureCondition}, inconclusiveLimit 0`,
        expected: "an inconclusiveLimit above 0, or one condition only",
        repair: `add ${line}, so that only the third one pauses, or drop failureCondition`,
      }),
      withField(manifest, path, line),
    ),
  ];
}

function checkQuery(manifest: Manifest, metric: Metric, path: string): readonly Finding[] {
  const query = metric.provider.prometheus?.query;
  if (typeof query !== "string" || query === "") return [];
  const at = `${path}.provider.prometheus.query`;
  const text = filledIn(query, new Map());
  const read = readQuery(text);
  if (read.is === "refused") {
    const { line, column } = lineAndColumn(text, read.position);
    return [
      findingAt(manifest, at, {
        severity: "error",
        rule: "bad-query",
        what: `the query can't be read at its line ${line}, column ${column}`,
        found: read.found,
        expected: read.expected,
      }),
    ];
  }
  return [
    ...onlyTwoHundreds(manifest, at, read.shape, metric),
    ...emptyWithoutErrors(manifest, at, read.shape, metric),
  ];
}

const codeLabel =
  /^(code|status|status_code|response_code|http_code|http_status|http_status_code|http_response_status_code|grpc_status)$/;

/** Success counted as 2xx among everything: a 304 from a cache or a 404 for a mistyped address is then a failure. */
function onlyTwoHundreds(
  manifest: Manifest,
  path: string,
  { measure }: QueryShape,
  metric: Metric,
): readonly Finding[] {
  if (measure.is !== "share" || measure.flipped) return [];
  const limit = typeof metric.successCondition === "string" ? limitOf(metric.successCondition) : undefined;
  if (limit?.is === "at most") return [];
  const wholeFilters = measure.whole.some(({ matchers }) => matchers.some(({ label }) => codeLabel.test(label)));
  const matcher = measure.part
    .flatMap(({ matchers }) => matchers)
    .find((candidate) => codeLabel.test(candidate.label) && accepts(candidate, "200") && !accepts(candidate, "304"));
  if (matcher === undefined || wholeFilters) return [];
  const failures = ["304", "404"].filter((code) => !accepts(matcher, code));
  return [
    withFix(
      findingAt(manifest, path, {
        severity: "warning",
        rule: "only-2xx",
        what: `only ${matcher.label}${matcher.operator}"${matcher.value}" counts as success: ${failures.join(" and ")} count as failures and fail good releases`,
        found: `${matcher.label}${matcher.operator}"${matcher.value}"`,
        expected: "a success that is everything but a server error",
        repair: `use ${matcher.label}!~"5.."`,
      }),
      inQuery(manifest, path, `${matcher.label}${matcher.operator}"${matcher.value}"`, `${matcher.label}!~"5.."`),
    ),
  ];
}

/** A share of failures whose sum is no series until something fails: a version without an error gets no answer at all. */
function emptyWithoutErrors(
  manifest: Manifest,
  path: string,
  { measure }: QueryShape,
  { successCondition = "", failureCondition = "" }: Metric,
): readonly Finding[] {
  if (measure.is !== "share" || measure.empty === undefined) return [];
  if (/\b(len|default|isNil)\s*\(/.test(`${successCondition} ${failureCondition}`)) return [];
  const parts = measure.part.flatMap(({ matchers }) => matchers).filter(({ label }) => codeLabel.test(label));
  const failures = parts.find((matcher) => accepts(matcher, "500") && !accepts(matcher, "200"));
  const successes = parts.find((matcher) => accepts(matcher, "200") && !accepts(matcher, "500"));
  if (failures === undefined) return successes === undefined ? [] : [emptyWithoutSuccesses(manifest, path, successes)];
  return [
    withFix(
      findingAt(manifest, path, {
        severity: "warning",
        rule: "empty-without-errors",
        what: "it answers nothing while nothing fails: a version without a single error has no data to be judged by, and isn't released",
        found: `a sum of ${failures.label}${failures.operator}"${failures.value}", which is no series until there is one`,
        expected: "0 where nothing fails",
        repair: "write (… or vector(0)) around the part that is divided",
      }),
      orZero(manifest, path),
    ),
  ];
}

/** A share of successes is no series either until something succeeds: of all versions the worst one gets no answer. */
const emptyWithoutSuccesses = (
  manifest: Manifest,
  path: string,
  { label, operator, value }: { readonly label: string; readonly operator: string; readonly value: string },
): Finding =>
  withFix(
    findingAt(manifest, path, {
      severity: "warning",
      rule: "empty-without-successes",
      what: "it answers nothing while everything fails: a version without a single success has no data, and pauses in place of being taken back",
      found: `a sum of ${label}${operator}"${value}", which is no series until there is one`,
      expected: "0 where nothing succeeds",
      repair: "write (… or vector(0)) around the part that is divided",
    }),
    orZero(manifest, path),
  );

import { type AnalysisTemplate, type EvidencePolicy, judgePlugin, type Rollout } from "@sluice/api";
import { describeRefusal, type LabelMatcher, parsePromql } from "@sluice/languages";
import { type Family, familyOf, isEndpointLabel, metricNameOf, shapeOf } from "../model/vocabulary.ts";
import { silent, type Unanswerable } from "../policy/foreign-providers.ts";
import type { Policy } from "../policy/policy.ts";
import { analysesOf, selects } from "../policy/surroundings.ts";

/** What all queries of a policy ask of the modelled world. */
export interface Queries {
  readonly families: ReadonlySet<Family>;
  readonly labels: ReadonlySet<string>;
  /** Named in queries; undefined where none tells endpoints apart. */
  readonly endpoints: readonly string[] | undefined;
  readonly scrapeSeconds: number;
  /** Rates in whose range a Prometheus that scrapes as it is said to, or as usual, has no two samples. */
  readonly shortRates: readonly ShortRate[];
  /** The router's finer buckets are asked for. */
  readonly isOfTheRouter: boolean;
  /** Some analysis asks what the judge says, with its figures. */
  readonly asksJudge: boolean;
  /** By template: metrics that can't be answered, and why. They decide nothing. */
  readonly unanswerable: readonly Unanswerable[];
}

export interface ShortRate {
  readonly template: string;
  readonly metric: string;
  readonly millis: number;
}

/** As Prometheus scrapes by default. */
const usualScrape = 60_000;

/** `scrapeMillis`: how often the real ones are scraped; absent: often enough for each query. */
export function queriesOf(policy: Policy, scrapeMillis?: number): Queries {
  const families = new Set<Family>();
  const labels = new Set<string>();
  const endpoints = new Set<string>();
  const unanswerable: Unanswerable[] = [...policy.unsupported];
  const shortRates: ShortRate[] = [];
  let isOfTheRouter = false;
  let asksJudge = false;
  let shortest = 300_000;
  for (const template of templatesOf(policy)) {
    for (const { name, provider } of template.spec.metrics ?? []) {
      const refuse = (because: string) =>
        unanswerable.push({ template: template.metadata.name, metric: name, because });
      if (Object.hasOwn(provider.plugin ?? {}, judgePlugin)) {
        asksJudge = true;
        continue;
      }
      const query = provider.prometheus?.query;
      if (query === undefined) {
        refuse(`its provider ${Object.keys(provider)[0] ?? "?"} isn't modelled`);
        continue;
      }
      const filled = withoutArguments(query, policy.rollout, template);
      const parsed = parsePromql(filled);
      if (parsed.is === "refused") {
        refuse(`its query can't be read, ${describeRefusal(parsed.refusal, filled)}`);
        continue;
      }
      const shape = shapeOf(parsed.value);
      const unknown = shape.selectors.find((matchers) => familyOf(metricNameOf(matchers) ?? "") === undefined);
      if (unknown !== undefined) {
        refuse(`nobody can tell from its name what ${metricNameOf(unknown) ?? "a metric without a name"} counts`);
        continue;
      }
      const isOwn = shape.selectors.every((matchers) => matchers.some(isRouterJob));
      const rate = Math.min(...shape.rates);
      if (!isOwn && rate < 2 * (scrapeMillis ?? usualScrape))
        shortRates.push({ template: template.metadata.name, metric: name, millis: rate });
      for (const range of shape.ranges) shortest = Math.min(shortest, range);
      for (const label of shape.labels) labels.add(label);
      for (const matchers of shape.selectors) {
        families.add(familyOf(metricNameOf(matchers) ?? "") as Family);
        for (const { label, value, operator } of matchers) {
          if (isEndpointLabel(label) && operator === "=") endpoints.add(value);
        }
        if (matchers.some(isRouterJob)) isOfTheRouter = true;
      }
    }
  }
  for (const { metadata, spec } of evidenceOf(policy)) {
    for (const { name, job } of spec.syntheticChecks ?? []) {
      if (job !== undefined)
        unanswerable.push({ template: metadata.name, metric: name, because: "what its Job does isn't modelled" });
    }
  }
  unanswerable.push(...unaskedOfPolicies(policy));
  const tellsEndpoints = [...labels].some(isEndpointLabel);
  return {
    families,
    labels,
    endpoints: tellsEndpoints ? [...endpoints, "/", "/other", "/search"].slice(0, 3) : undefined,
    // Nobody asks: then only how finely load and failures wander counts.
    scrapeSeconds: families.size === 0 ? 300 : scrapeSecondsOf(shortest, scrapeMillis),
    shortRates,
    isOfTheRouter,
    asksJudge,
    unanswerable,
  };
}

const isRouterJob = ({ label, value }: LabelMatcher): boolean => label === "job" && value === "sluice-router";

const scrapeSecondsOf = (shortest: number, scrapeMillis: number | undefined): number =>
  Math.max(1, scrapeMillis === undefined ? Math.min(30, Math.floor(shortest / 5000)) : Math.round(scrapeMillis / 1000));

/** What a team's own RollbackPolicy looks at beyond what users meet: nobody knows what it would say of a modelled release. */
function unaskedOfPolicies({ rollout, surroundings }: Policy): readonly Unanswerable[] {
  const because = "what it says of a release isn't modelled";
  return surroundings
    .filter((object) => selects(object, rollout))
    .flatMap(({ metadata, spec: { model, metrics = [] } }) =>
      [...(model === undefined ? [] : ["model"]), ...metrics.map(({ name }) => name)].map((metric) => ({
        template: `RollbackPolicy ${metadata.name}`,
        metric,
        because,
      })),
    );
}

export const templatesOf = ({ surroundings }: Policy): readonly AnalysisTemplate[] =>
  surroundings.filter(({ kind }) => kind.endsWith("AnalysisTemplate")) as readonly AnalysisTemplate[];

const evidenceOf = ({ surroundings }: Policy): readonly EvidencePolicy[] =>
  surroundings.filter(({ kind }) => kind === "EvidencePolicy") as readonly EvidencePolicy[];

/** Arguments filled in where their values stand in the files, else by a word: enough to read a query. */
function withoutArguments(query: string, rollout: Rollout, template: AnalysisTemplate): string {
  const values = new Map<string, string>();
  const given = analysesOf(rollout).flatMap(({ analysis }) => analysis.args ?? []);
  for (const { name, value } of [...(template.spec.args ?? []), ...given]) {
    if (value !== undefined) values.set(name, value);
  }
  return query.replaceAll(/\{\{\s*args\.([\w.-]+)\s*\}\}/g, (_, name: string) => values.get(name) ?? "x");
}

/** The templates with what can't be answered made dry, so that the rest decides. */
export function answerable(policy: Policy, { unanswerable }: Queries): Policy {
  const surroundings = policy.surroundings.map((object) => {
    const blind = unanswerable.filter(({ template }) => template === object.metadata.name);
    if (blind.length > 0 && object.kind === "EvidencePolicy") return withoutJobs(object as EvidencePolicy);
    if (blind.length === 0 || !object.kind.endsWith("AnalysisTemplate")) return object;
    const { spec, ...rest } = object as AnalysisTemplate;
    const metrics = (spec.metrics ?? []).map((metric) =>
      blind.some((one) => one.metric === metric.name) ? silent(metric) : metric,
    );
    return { ...rest, spec: { ...spec, metrics } };
  });
  return { ...policy, surroundings };
}

const withoutJobs = ({ spec, ...rest }: EvidencePolicy): EvidencePolicy => ({
  ...rest,
  spec: { ...spec, syntheticChecks: (spec.syntheticChecks ?? []).filter(({ job }) => job === undefined) },
});

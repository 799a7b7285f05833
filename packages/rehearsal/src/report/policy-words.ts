import { millis } from "@sluice/kernel";
import { formatPrometheusDuration } from "@sluice/languages";
import type { Policy } from "../policy/policy.ts";
import type { Queries, ShortRate } from "../release/queries.ts";

/** What the manifests alone tell: true whatever the releases did. */
export const policyWords = (policy: Policy, queries: Queries, scrapeMillis?: number): readonly string[] => [
  ...queries.shortRates.map((rate) => tooSeldom(rate, queries.scrapeSeconds, scrapeMillis)),
  ...unseenExperiments(policy),
];

/** A rate needs two samples, and a minute holds one where a minute lies between them. */
function tooSeldom({ template, metric, millis: range }: ShortRate, assumed: number, scrapeMillis?: number): string {
  const length = (each: number) => formatPrometheusDuration(millis(each));
  const has = (scrape: number) => (range <= scrape ? "it has no data" : "it has none now and then");
  const what = `${template}/${metric} takes a rate over ${length(range)}, which needs two samples`;
  return scrapeMillis === undefined
    ? `${what}: with one a minute, as Prometheus takes them by default, ${has(60_000)}. Here one was taken each ${length(1000 * assumed)}; --scrape says how often it really is.`
    : `${what}: with one each ${length(scrapeMillis)} ${has(scrapeMillis)}.`;
}

/** Pods of an experiment get users only by the weight that its template asks for, where routes carry the shares. */
function unseenExperiments({ rollout }: Policy): readonly string[] {
  const { steps = [], trafficRouting } = rollout.spec.strategy.canary ?? {};
  if (trafficRouting === undefined) return [];
  return steps.flatMap(({ experiment }, index) => {
    const { templates = [], analyses = [] } = experiment ?? {};
    const unseen = templates.filter(({ weight }) => weight === undefined).map(({ name }) => name);
    if (unseen.length === 0 || analyses.length === 0) return [];
    const which = unseen.length === 1 ? `template ${unseen[0]} gets` : `templates ${unseen.join(", ")} get`;
    const looks = analyses.map(({ name }) => name).join(", ");
    return [
      `The experiment of step ${index + 1} sees no users: without a weight its ${which} no traffic, so that what ${looks} asks of its Pods' requests is about nobody's.`,
    ];
  });
}

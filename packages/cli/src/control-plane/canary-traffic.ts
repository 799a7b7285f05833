import type { TaskHandler } from "@sluice/controllers";
import { Fault } from "@sluice/kernel";
import { queryInstant } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { realClock } from "./real-clock.ts";
import type { RouterCount } from "./router-counts.ts";
import { countedSince } from "./router-series.ts";

/**
 * `{ do: "canaryTraffic", namespace, services, podTemplateHash, sinceSeconds }` -> `{ requests }`: what the router sent
 * it by these Services; testers who come by another one prove nothing. Without `services`: by any.
 * Counted, not extrapolated as `increase` would: the first two samples of a young canary tell already. A canary that
 * the last scrape saw nothing of may have got its first request since: then the router itself is asked.
 */
export const canaryTraffic =
  (store: MetricsStore, current: () => Promise<readonly RouterCount[]>): TaskHandler =>
  async (work) => {
    const since = Math.max(5, Math.ceil(Number(work.sinceSeconds) || 60));
    const labels = [
      'job="sluice-router"',
      `namespace=${JSON.stringify(text(work.namespace))}`,
      `pod_template_hash=${JSON.stringify(text(work.podTemplateHash))}`,
      ...servicesLabel(work.services),
    ].join();
    const now = ask(store, `sum(last_over_time(http_requests_total{${labels}}[${since}s]))`) ?? 0;
    const before = ask(store, `sum(http_requests_total{${labels}} offset ${since}s)`) ?? 0;
    const scraped = countedSince(now, before);
    if (scraped > 0) return { requests: scraped };
    // Without an agent that answers, what was scraped is all that is known.
    const counts = await current().catch(() => []);
    const services = servicesOf(work.services);
    const mine = counts.filter(
      ({ namespace, service = "", podTemplateHash }) =>
        namespace === work.namespace &&
        podTemplateHash === work.podTemplateHash &&
        (services.length === 0 || services.includes(service)),
    );
    const requests = mine.reduce((sum, count) => sum + count.requests, 0);
    return { requests: countedSince(requests, before) };
  };

function ask(store: MetricsStore, query: string): number | undefined {
  const outcome = queryInstant(store, query, realClock.now());
  if (outcome.is !== "answered") throw new Fault("unavailable", "the router's counts can't be read");
  return outcome.result.type === "vector" ? outcome.result.samples[0]?.value : undefined;
}

/** Names of Services have no character that means something in a pattern. */
const servicesOf = (services: unknown): readonly string[] =>
  Array.isArray(services) ? services.map(text).filter((name) => /^[a-z0-9-]+$/.test(name)) : [];

function servicesLabel(services: unknown): readonly string[] {
  const names = servicesOf(services);
  return names.length === 0 ? [] : [`service=~${JSON.stringify(names.join("|"))}`];
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

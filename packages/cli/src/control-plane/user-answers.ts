import type { TaskHandler } from "@sluice/controllers";
import type { MetricsStore } from "@sluice/metrics/node";
import { countedSince, quoted, routerRows } from "./router-series.ts";

const names = ["pod_template_hash", "code"];

/** How far back the answers of before the switch are looked for. */
const usualSeconds = 3600;

/**
 * `{ do: "userAnswers", namespace, service, hashes, sinceSeconds }` -> `{ requests, failed, usual: { requests, failed } }`:
 * what the router counted of a Service: since so many seconds of the Pods with one of the hashes, and before of all others.
 */
export const userAnswers =
  (store: MetricsStore): TaskHandler =>
  async (work) => {
    const since = Math.max(1, Math.ceil(Number(work.sinceSeconds) || 1));
    const hashes = new Set(Array.isArray(work.hashes) ? work.hashes.map(String) : []);
    const labels = `job="sluice-router",namespace=${quoted(work.namespace)},service=${quoted(work.service)}`;
    const counts = (seconds: number) =>
      routerRows(store, `sum by (${names}) (last_over_time(http_requests_total{${labels}}[${seconds}s]))`, names);
    const before = routerRows(store, `sum by (${names}) (http_requests_total{${labels}} offset ${since}s)`, names);
    const ours = { requests: 0, failed: 0 };
    const usual = { requests: 0, failed: 0 };
    for (const [key, { values, count }] of counts(since)) {
      const [hash = "", code = ""] = values;
      if (hashes.has(hash)) add(ours, code, countedSince(count, before.get(key)?.count));
    }
    for (const { values, count } of counts(since + usualSeconds).values()) {
      const [hash = "", code = ""] = values;
      if (!hashes.has(hash)) add(usual, code, count);
    }
    return { ...ours, usual };
  };

function add(sum: { requests: number; failed: number }, code: string, count: number): void {
  sum.requests += count;
  if (code.startsWith("5")) sum.failed += count;
}

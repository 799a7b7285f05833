import type { TaskHandler } from "@sluice/controllers";
import type { MetricsStore } from "@sluice/metrics/node";
import { countedSince, quoted, routerRows } from "./router-series.ts";

const names = ["ring", "by", "destination"];

interface Counts {
  canary: number;
  stable: number;
}

/**
 * `{ do: "ringTraffic", namespace, rollout, sinceSeconds }` -> `{ rings: [{ name, canary, stable }] }`: requests of those
 * whom a ring names, by the version that answered them, as the router counted; of all others under the name "". Strangers
 * that are dealt by a ring's share aren't of that ring.
 */
export const ringTraffic =
  (store: MetricsStore): TaskHandler =>
  async (work) => {
    const since = Math.max(5, Math.ceil(Number(work.sinceSeconds) || 60));
    const labels = `job="sluice-router",namespace=${quoted(work.namespace)},rollout=${quoted(work.rollout)}`;
    const series = `http_ring_requests_total{${labels}}`;
    const now = routerRows(store, `sum by (${names}) (last_over_time(${series}[${since}s]))`, names);
    const before = routerRows(store, `sum by (${names}) (${series} offset ${since}s)`, names);
    const counts = new Map<string, Counts>();
    for (const [key, { values, count }] of now) {
      const [name = "", by, destination] = values;
      const ring = by === "who" ? name : "";
      const ringCounts = counts.get(ring) ?? { canary: 0, stable: 0 };
      counts.set(ring, ringCounts);
      ringCounts[destination === "canary" ? "canary" : "stable"] += countedSince(count, before.get(key)?.count);
    }
    return { rings: [...counts].map(([name, ringCounts]) => ({ name, ...ringCounts })) };
  };

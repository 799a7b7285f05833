import type { TaskHandler } from "@sluice/controllers";
import { Fault } from "@sluice/kernel";
import { labelValue, queryInstant } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { realClock } from "./real-clock.ts";

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
    const now = ask(store, `sum by (ring, by, destination) (last_over_time(${series}[${since}s]))`);
    const before = ask(store, `sum by (ring, by, destination) (${series} offset ${since}s)`);
    const counts = new Map<string, Counts>();
    for (const [key, { ring, destination, count }] of now) {
      const earlier = before.get(key)?.count ?? 0;
      const ringCounts = counts.get(ring) ?? { canary: 0, stable: 0 };
      counts.set(ring, ringCounts);
      // Fewer than before: a new agent counts from zero, and all of it is of this time.
      ringCounts[destination === "canary" ? "canary" : "stable"] += count >= earlier ? count - earlier : count;
    }
    return { rings: [...counts].map(([name, ringCounts]) => ({ name, ...ringCounts })) };
  };

interface Counted {
  readonly ring: string;
  readonly destination: string;
  readonly count: number;
}

function ask(store: MetricsStore, query: string): ReadonlyMap<string, Counted> {
  const outcome = queryInstant(store, query, realClock.now());
  if (outcome.is !== "answered") throw new Fault("unavailable", "the router's counts can't be read");
  const samples = outcome.result.type === "vector" ? outcome.result.samples : [];
  return new Map(
    samples.map(({ labels, value }) => {
      const [name, by] = [labelValue(labels, "ring"), labelValue(labels, "by")];
      const destination = labelValue(labels, "destination");
      return [JSON.stringify([name, by, destination]), { ring: by === "who" ? name : "", destination, count: value }];
    }),
  );
}

const quoted = (value: unknown): string => JSON.stringify(typeof value === "string" ? value : "");

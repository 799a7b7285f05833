import { labelsOf, MemoryStore } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { expect, test } from "vitest";
import { canaryTraffic } from "./canary-traffic.ts";
import { realClock } from "./real-clock.ts";
import type { RouterCount } from "./router-counts.ts";

const never = { isCancelled: false, onCancel: () => {} };

/** What the router sent one version by each Service in the last minute. */
function counted(requests: Readonly<Record<string, number>>): MetricsStore {
  const store = new MemoryStore();
  const now = realClock.now();
  for (const [service, count] of Object.entries(requests)) {
    const labels = { job: "sluice-router", namespace: "shop", pod_template_hash: "v2", service, code: "200" };
    const series = store.seriesFor(labelsOf({ __name__: "http_requests_total", ...labels }));
    store.append(series, now - 30_000, 0);
    store.append(series, now - 1_000, count);
  }
  return store as unknown as MetricsStore;
}

test.each([
  [["web"], 7],
  [["web-preview"], 40],
  [["web", "web-preview"], 47],
  [["nobody"], 0],
  [[], 47],
])("requests by %j: %i", async (services, expected) => {
  const task = canaryTraffic(counted({ web: 7, "web-preview": 40 }), async () => []);
  const work = { do: "canaryTraffic", namespace: "shop", services, podTemplateHash: "v2", sinceSeconds: 60 };

  expect(await task(work, never)).toEqual({ requests: expected });
});

const now = (requests: number, service = "web"): RouterCount => ({
  namespace: "shop",
  service,
  podTemplateHash: "v2",
  requests,
});

test.each<[RouterCount[] | undefined, number]>([
  [[now(3)], 3],
  [[now(3), now(40, "web-preview"), { ...now(5), podTemplateHash: "v1" }, { ...now(5), namespace: "other" }], 3],
  [[], 0],
  [undefined, 0],
])("nothing scraped yet, and the router says %j: %i", async (counts, expected) => {
  const task = canaryTraffic(counted({ web: 0 }), async () => counts ?? Promise.reject(new Error("no agent")));
  const work = { do: "canaryTraffic", namespace: "shop", services: ["web"], podTemplateHash: "v2", sinceSeconds: 60 };

  expect(await task(work, never)).toEqual({ requests: expected });
});

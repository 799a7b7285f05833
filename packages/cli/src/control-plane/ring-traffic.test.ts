import { labelsOf, MemoryStore } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { expect, test } from "vitest";
import { realClock } from "./real-clock.ts";
import { ringTraffic } from "./ring-traffic.ts";

const never = { isCancelled: false, onCancel: () => {} };

test("requests of whom each ring names and of all others, by the version that answered, of this time only", async () => {
  const store = new MemoryStore();
  const now = realClock.now();
  const counted = (ring: string, destination: string, before: number, count: number, by = "who") => {
    const labels = { job: "sluice-router", namespace: "shop", rollout: "web", ring, destination, by };
    const series = store.seriesFor(labelsOf({ __name__: "http_ring_requests_total", ...labels }));
    store.append(series, now - 61_000, before);
    store.append(series, now - 1_000, count);
  };
  counted("staff", "canary", 100, 190);
  counted("staff", "stable", 5, 15);
  counted("", "stable", 1000, 40, "weight");
  // Dealt while the ring `staff` is on, and none of its people.
  counted("staff", "canary", 0, 3, "share");
  counted("staff", "stable", 10, 20, "share");

  const task = ringTraffic(store as unknown as MetricsStore);

  expect(await task({ do: "ringTraffic", namespace: "shop", rollout: "web", sinceSeconds: 60 }, never)).toEqual({
    rings: expect.arrayContaining([
      { name: "staff", canary: 90, stable: 10 },
      { name: "", canary: 3, stable: 50 },
    ]),
  });
  expect(await task({ do: "ringTraffic", namespace: "other", rollout: "web" }, never)).toEqual({ rings: [] });
});

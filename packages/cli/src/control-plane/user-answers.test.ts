import { labelsOf, MemoryStore } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { expect, test } from "vitest";
import { realClock } from "./real-clock.ts";
import { userAnswers } from "./user-answers.ts";

const never = { isCancelled: false, onCancel: () => {} };
const work = { do: "userAnswers", namespace: "shop", service: "web", hashes: ["green"], sinceSeconds: 20 };

/** Counters by version and code, as they stood so many seconds ago. */
function scraped(...rows: readonly [hash: string, code: string, ...samples: [secondsAgo: number, count: number][]][]) {
  const store = new MemoryStore();
  const now = realClock.now();
  for (const [hash, code, ...samples] of rows) {
    const labels = { job: "sluice-router", namespace: "shop", service: "web", pod_template_hash: hash, code };
    const series = store.seriesFor(labelsOf({ __name__: "http_requests_total", ...labels }));
    for (const [secondsAgo, count] of samples) store.append(series, now - secondsAgo * 1000, count);
  }
  return store as unknown as MetricsStore;
}

test("the new colour's answers count since the switch, the old one's before it", async () => {
  const store = scraped(
    ["green", "200", [30, 40], [1, 100]],
    ["green", "500", [1, 7]],
    ["green", "404", [1, 3]],
    ["blue", "200", [60, 990], [25, 995]],
    ["blue", "503", [60, 5], [25, 5]],
  );

  expect(await userAnswers(store)(work, never)).toEqual({
    requests: 70,
    failed: 7,
    usual: { requests: 1000, failed: 5 },
  });
});

test("what a colour failed in an earlier deploy is not held against it, and a router that began anew counts from zero", async () => {
  const store = scraped(["green", "500", [600, 300]], ["green", "200", [30, 5000], [1, 12]], ["blue", "200", [25, 10]]);

  expect(await userAnswers(store)(work, never)).toEqual({
    requests: 12,
    failed: 0,
    usual: { requests: 10, failed: 0 },
  });
});

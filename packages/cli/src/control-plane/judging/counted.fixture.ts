import type { JudgementSpec } from "@sluice/api";
import { formatInstant, type Instant, instant } from "@sluice/kernel";
import { labelsOf, MemoryStore } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";

export const began = instant(1_800_000_000_000);
export const never = { isCancelled: false, onCancel: () => {} };

/** Of a release from `stable` to `canary` that began then. */
export const countedSpec: JudgementSpec = {
  rollout: { name: "shop", uid: "r" },
  revision: "2",
  canary: { podTemplateHash: "canary", name: "v2" },
  stable: { podTemplateHash: "stable", name: "v1" },
  beganAt: formatInstant(began, "millis"),
  plan: [{ weight: 20, seconds: 600 }],
  windowSeconds: 5,
  mode: "enforce",
};

/** A version as the router counts it, from `from` seconds on until five minutes into the release. */
export interface Counted {
  readonly hash: string;
  readonly perSecond: number;
  readonly from: number;
  /** How many of the first `total` requests failed; asked once for each sample, in order. */
  failed(total: number): number;
}

/** What the router counts of versions, each `every` seconds. */
export function counted(versions: readonly Counted[], every = 1): MemoryStore {
  const store = new MemoryStore();
  for (const { hash, perSecond, from, failed } of versions) {
    const base = { job: "sluice-router", namespace: "shop", pod_template_hash: hash, method: "GET" };
    const series = (name: string, labels: Record<string, string>) =>
      store.seriesFor(labelsOf({ __name__: name, ...base, ...labels }));
    const good = series("http_requests_total", { code: "200" });
    const bad = series("http_requests_total", { code: "500" });
    const fast = series("http_request_duration_seconds_bucket", { code: "200", le: "0.05" });
    const all = series("http_request_duration_seconds_bucket", { code: "200", le: "+Inf" });
    for (let second = from; second <= 300; second += every) {
      const total = (second - from) * perSecond;
      const time: Instant = instant(began + second * 1000);
      const lost = failed(total);
      store.append(good, time, Math.max(0, total - lost));
      store.append(bad, time, lost);
      store.append(fast, time, Math.round(total * 0.9));
      store.append(all, time, total);
    }
  }
  return store;
}

export const asMetrics = (store: MemoryStore): MetricsStore => store as unknown as MetricsStore;

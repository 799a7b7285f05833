import type { TaskHandler } from "@sluice/controllers";
import { Fault, instant } from "@sluice/kernel";
import { queryInstant } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";

/** `{ do: "canaryTraffic", namespace, podTemplateHash, sinceSeconds }` -> `{ requests }`: what the router sent it. */
export const canaryTraffic =
  (store: MetricsStore): TaskHandler =>
  async (work) => {
    const namespace = text(work.namespace);
    const hash = text(work.podTemplateHash);
    const since = Math.max(5, Math.ceil(Number(work.sinceSeconds) || 60));
    const labels = `job="sluice-router",namespace=${JSON.stringify(namespace)},pod_template_hash=${JSON.stringify(hash)}`;
    const outcome = queryInstant(
      store,
      `sum(increase(http_requests_total{${labels}}[${since}s]))`,
      instant(Date.now()),
    );
    if (outcome.is !== "answered") throw new Fault("unavailable", "the router's counts can't be read");
    const { result } = outcome;
    const value = result.type === "vector" ? (result.samples[0]?.value ?? 0) : 0;
    return { requests: Number.isFinite(value) ? Math.round(value) : 0 };
  };

const text = (value: unknown): string => (typeof value === "string" ? value : "");

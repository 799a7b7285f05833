import type { TaskHandler } from "@sluice/controllers";
import { Fault } from "@sluice/kernel";
import { labelValue, queryInstant } from "@sluice/metrics";
import type { MetricsStore } from "@sluice/metrics/node";
import { realClock } from "./real-clock.ts";

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
      ask(store, `sum by (pod_template_hash, code) (last_over_time(http_requests_total{${labels}}[${seconds}s]))`);
    const before = ask(store, `sum by (pod_template_hash, code) (http_requests_total{${labels}} offset ${since}s)`);
    const ours = { requests: 0, failed: 0 };
    const usual = { requests: 0, failed: 0 };
    for (const [key, counted] of counts(since)) {
      if (!hashes.has(counted.hash)) continue;
      const earlier = before.get(key)?.count ?? 0;
      // Fewer than before: a new agent counts from zero, and all of it is of this time.
      add(ours, counted.code, counted.count >= earlier ? counted.count - earlier : counted.count);
    }
    for (const { hash, code, count } of counts(since + usualSeconds).values()) {
      if (!hashes.has(hash)) add(usual, code, count);
    }
    return { ...ours, usual };
  };

function add(sum: { requests: number; failed: number }, code: string, count: number): void {
  sum.requests += count;
  if (code.startsWith("5")) sum.failed += count;
}

interface Counted {
  readonly hash: string;
  readonly code: string;
  readonly count: number;
}

function ask(store: MetricsStore, query: string): ReadonlyMap<string, Counted> {
  const outcome = queryInstant(store, query, realClock.now());
  if (outcome.is !== "answered") throw new Fault("unavailable", "the router's counts can't be read");
  const samples = outcome.result.type === "vector" ? outcome.result.samples : [];
  return new Map(
    samples.map(({ labels, value }) => {
      const [hash, code] = [labelValue(labels, "pod_template_hash"), labelValue(labels, "code")];
      return [`${hash} ${code}`, { hash, code, count: value }];
    }),
  );
}

const quoted = (value: unknown): string => JSON.stringify(typeof value === "string" ? value : "");

import { readFileSync } from "node:fs";
import type { Connection } from "../connection.ts";
import { sparkline } from "../terminal/sparkline.ts";

const sparkColumns = 20;

/** What each version in a namespace answers now, by the router's own counts. */
export interface TrafficReader {
  refresh(namespace: string): Promise<void>;
  describe(podTemplateHash: string): string;
}

interface Answer {
  readonly data?: {
    readonly result?: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

/** Reads rates, error shares and p95 by version over the last ten seconds; silent where there are none. */
export function readTraffic({ state, record }: Connection): TrafficReader {
  const { queryToken } = JSON.parse(readFileSync(state.credentials, "utf8")) as { queryToken: string };
  let rates = new Map<string, number>();
  let errors = new Map<string, number>();
  let latencies = new Map<string, number>();
  const history = new Map<string, number[]>();

  async function query(text: string): Promise<Map<string, number>> {
    const response = await fetch(`http://127.0.0.1:${record.port}/api/v1/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${queryToken}` },
      body: new URLSearchParams({ query: text }),
    }).catch(() => undefined);
    const answer = response?.ok ? ((await response.json()) as Answer) : {};
    return new Map(
      (answer.data?.result ?? []).map(({ metric, value }) => [metric.pod_template_hash ?? "", Number(value[1])]),
    );
  }

  return {
    async refresh(namespace) {
      const labels = `job="sluice-router",namespace="${namespace}",pod_template_hash!=""`;
      [rates, errors, latencies] = await Promise.all([
        query(`sum by (pod_template_hash) (rate(http_requests_total{${labels}}[10s]))`),
        query(`sum by (pod_template_hash) (rate(http_requests_total{${labels},code=~"5.."}[10s]))`),
        query(
          `histogram_quantile(0.95, sum by (pod_template_hash, le) (rate(http_request_duration_seconds_bucket{${labels}}[10s])))`,
        ),
      ]);
      for (const hash of new Set([...rates.keys(), ...history.keys()])) {
        history.set(hash, [...(history.get(hash) ?? []), rates.get(hash) ?? 0].slice(-sparkColumns));
      }
    },
    describe(hash) {
      const rate = rates.get(hash);
      if (rate === undefined || rate === 0) return "";
      const past = history.get(hash) ?? [];
      // Of all versions on one scale, so that their shares can be seen.
      const highest = Math.max(...[...history.values()].flat());
      const line = past.length < 2 ? "" : `${sparkline(past, sparkColumns, highest).padEnd(sparkColumns)}  `;
      const share = ((errors.get(hash) ?? 0) / rate) * 100;
      const p95 = latencies.get(hash);
      return `${line}${rate.toFixed(1)}/s  ${share.toFixed(2)} % errors${p95 === undefined || Number.isNaN(p95) ? "" : `  p95 ${(p95 * 1000).toFixed(0)} ms`}`;
    },
  };
}

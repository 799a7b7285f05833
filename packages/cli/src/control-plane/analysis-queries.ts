import type { CanaryComparison, Client } from "@sluice/api";
import { askJudge, type Cancellation, type TaskHandler } from "@sluice/controllers";
import {
  isEmbeddedAddress,
  type MetricsStore,
  type PrometheusQuery,
  queryEmbedded,
  queryPlugin,
  queryPrometheus,
  queryWeb,
  type WebQuery,
} from "@sluice/metrics/node";
import { canaryComparison } from "./canary-comparison.ts";
import { pluginDoor } from "./metric-plugins.ts";
import { realClock, wallClock } from "./real-clock.ts";

/** The tasks behind AnalysisRuns: queries of the own store in this process, of any other Prometheus over HTTP. */
export function analysisQueries(store: MetricsStore, client: Client): Readonly<Record<string, TaskHandler>> {
  const ask = async (query: PrometheusQuery, signal: AbortSignal) =>
    isEmbeddedAddress(query.address)
      ? queryEmbedded(store, query, realClock)
      : queryPrometheus(query, signal, wallClock);
  return {
    queryPrometheus: (work, cancellation) => ask(work as PrometheusQuery, signalOf(cancellation)),
    queryWeb: (work, cancellation) => queryWeb(work as WebQuery, signalOf(cancellation), wallClock),
    async queryPlugin({ plugin, config, metric, namespace }, cancellation) {
      const door = await pluginDoor(client, String(plugin));
      const question = { metric: String(metric), namespace: namespace as string | undefined, config };
      return queryPlugin(door, question, signalOf(cancellation));
    },
    askJudge: askJudge(client),
    compareVersions({ comparison, timeoutSeconds }, cancellation) {
      const signal = signalOf(cancellation);
      const seconds = Number(timeoutSeconds) / 2;
      return canaryComparison(comparison as CanaryComparison, (query) =>
        ask({ ...query, timeoutSeconds: seconds }, signal),
      );
    },
  };
}

function signalOf(cancellation: Cancellation): AbortSignal {
  const controller = new AbortController();
  cancellation.onCancel(() => controller.abort());
  return controller.signal;
}

import type { Cancellation, TaskHandler } from "@sluice/controllers";
import {
  isEmbeddedAddress,
  type MetricsStore,
  type PrometheusQuery,
  queryEmbedded,
  queryPrometheus,
  queryWeb,
  type WebQuery,
} from "@sluice/metrics/node";
import { realClock, wallClock } from "./real-clock.ts";

/** The tasks behind AnalysisRuns: queries of the own store in this process, of any other Prometheus over HTTP. */
export function analysisQueries(store: MetricsStore): Readonly<Record<string, TaskHandler>> {
  return {
    async queryPrometheus(work, cancellation) {
      const query = work as PrometheusQuery;
      if (isEmbeddedAddress(query.address)) return queryEmbedded(store, query, realClock);
      return queryPrometheus(query, signalOf(cancellation), wallClock);
    },
    queryWeb: (work, cancellation) => queryWeb(work as WebQuery, signalOf(cancellation)),
  };
}

function signalOf(cancellation: Cancellation): AbortSignal {
  const controller = new AbortController();
  cancellation.onCancel(() => controller.abort());
  return controller.signal;
}

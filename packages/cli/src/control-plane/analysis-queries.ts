import type { Cancellation, TaskHandler } from "@sluice/controllers";
import { Fault, instant, millis, seconds } from "@sluice/kernel";
import { formatValue, type QueryOutcome, type QueryResult, queryInstant, queryRange } from "@sluice/metrics";
import { type MetricsStore, queryPrometheus, queryWeb } from "@sluice/metrics/node";
import { realClock } from "./real-clock.ts";

/** How an AnalysisTemplate names the store of the Sluice it runs in. */
const ownAddress = /^https?:\/\/prometheus\.monitoring\.svc(\.cluster\.local)?(:9090)?\/?$/;

/** The tasks behind AnalysisRuns: queries of the own store in this process, of any other Prometheus over HTTP. */
export function analysisQueries(store: MetricsStore): Readonly<Record<string, TaskHandler>> {
  return {
    async queryPrometheus(work, cancellation) {
      const address = typeof work.address === "string" ? work.address : "";
      // Without an address the original's controller asks the one it was started with; ours is our own.
      if (address === "" || ownAddress.test(address)) return askOwnStore(store, work);
      return queryPrometheus(work as never, signalOf(cancellation));
    },
    queryWeb: (work, cancellation) => queryWeb(work as never, signalOf(cancellation)),
  };
}

interface Asked {
  readonly query?: unknown;
  readonly rangeQuery?: unknown;
  readonly timeoutSeconds?: unknown;
}

function askOwnStore(store: MetricsStore, { query, rangeQuery, timeoutSeconds }: Asked): { value: string; parsed: unknown } {
  const now = realClock.now();
  const text = String(query ?? "");
  const options = { clock: realClock, timeout: seconds(Number(timeoutSeconds) || 30) };
  const range = rangeQuery as { start?: number; end?: number; stepMillis?: number } | undefined;
  const outcome: QueryOutcome =
    range?.start === undefined
      ? queryInstant(store, text, now, options)
      : queryRange(store, text, { start: instant(range.start), end: instant(range.end ?? now), step: millis(range.stepMillis ?? 60_000) }, options);
  if (outcome.is === "refused") {
    const { kind, message } = outcome.refusal;
    throw new Fault(kind === "timeout" ? "unavailable" : "invalid", `${kind}: ${message}`);
  }
  return asMeasured(outcome.result);
}

/** As the original's provider reads answers: a scalar is a number, a vector or matrix the list of all its values. */
function asMeasured(result: QueryResult): { value: string; parsed: unknown } {
  switch (result.type) {
    case "scalar":
      return { value: formatValue(result.value), parsed: result.value };
    case "vector":
      return list(result.samples.map(({ value }) => value));
    case "matrix":
      return list(result.series.flatMap(({ values }) => [...values]));
    case "string":
      throw new Fault("invalid", "Prometheus metric type not supported: string");
  }
}

const list = (values: readonly number[]) => ({ value: `[${values.map(formatValue).join(",")}]`, parsed: values });

function signalOf(cancellation: Cancellation): AbortSignal {
  const controller = new AbortController();
  cancellation.onCancel(() => controller.abort());
  return controller.signal;
}

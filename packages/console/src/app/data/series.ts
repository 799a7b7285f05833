/** What one version did over time: a value for each of `times`, null where there is none. */
export interface VersionSeries {
  /** Epoch seconds, evenly spaced. */
  readonly times: readonly number[];
  readonly byHash: ReadonlyMap<string, readonly (number | null)[]>;
}

export interface TrafficSeries {
  readonly rate: VersionSeries;
  readonly errors: VersionSeries;
  readonly p95: VersionSeries;
}

interface Matrix {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly values: readonly (readonly [number, string])[];
    }[];
  };
}

export interface TimeWindow {
  /** Seconds. */
  readonly length: number;
  /** Epoch seconds, a multiple of `step`: so points don't wander between two readings. */
  readonly end: number;
  readonly step: number;
}

export function windowOf(length: number, nowSeconds: number): TimeWindow {
  const step = Math.max(1, Math.ceil(length / 180));
  return { length, step, end: Math.floor(nowSeconds / step) * step };
}

/** The router's own counts, by version. Throws an Error that says what is wrong. */
export async function readTraffic(
  namespace: string,
  hashes: readonly string[],
  window: TimeWindow,
  signal: AbortSignal,
): Promise<TrafficSeries> {
  const labels = `job="sluice-router",namespace="${namespace}",pod_template_hash=~"${hashes.join("|")}"`;
  // Rates are of now: a version that was taken back must not look as if it still served. Shares need more to stand on.
  const now = `sum by (pod_template_hash) (rate(http_requests_total{${labels}}[${Math.max(4, window.step * 2)}s]))`;
  const range = `[${Math.max(10, window.step * 4)}s]`;
  const total = `sum by (pod_template_hash) (rate(http_requests_total{${labels}}${range}))`;
  const failed = `sum by (pod_template_hash) (rate(http_requests_total{${labels},code=~"5.."}${range}))`;
  const buckets = `sum by (pod_template_hash, le) (rate(http_request_duration_seconds_bucket{${labels}}${range}))`;
  const [rate, errors, p95] = await Promise.all([
    queryRange(now, window, signal),
    // A version that never failed has no series of failures: its share is 0, not unknown.
    queryRange(`((${failed}) or (${total}) * 0) / ((${total}) > 0) and (${now} > 0)`, window, signal),
    queryRange(`histogram_quantile(0.95, ${buckets}) and (${now} > 0)`, window, signal),
  ]);
  return { rate, errors, p95 };
}

async function queryRange(query: string, window: TimeWindow, signal: AbortSignal): Promise<VersionSeries> {
  const start = window.end - window.length;
  const response = await fetch("/prometheus/api/v1/query_range", {
    method: "POST",
    signal,
    body: new URLSearchParams({
      query,
      start: String(start),
      end: String(window.end),
      step: String(window.step),
    }),
  });
  const answer = (await response.json().catch(() => ({ status: "error" }))) as Matrix;
  if (answer.status !== "success") throw new Error(answer.error ?? `the metrics answered ${response.status}`);
  return seriesOf(answer, window);
}

export function seriesOf(answer: Matrix, { length, end, step }: TimeWindow): VersionSeries {
  const start = end - length;
  const times = Array.from({ length: Math.floor(length / step) + 1 }, (_, index) => start + index * step);
  const byHash = new Map<string, (number | null)[]>();
  for (const { metric, values } of answer.data?.result ?? []) {
    const row = new Array<number | null>(times.length).fill(null);
    for (const [time, text] of values) {
      const value = Number(text);
      if (Number.isFinite(value)) row[Math.round((time - start) / step)] = value;
    }
    byHash.set(metric.pod_template_hash ?? "", row);
  }
  return { times, byHash };
}

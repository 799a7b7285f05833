import { labelValue, type MatrixSeries } from "@sluice/metrics";
import type { HistoryPoint } from "@sluice/rehearsal";

const shares = ["0.5", "0.95", "0.99"] as const;

export interface FoundQuantiles {
  /** By the end of each step, in milliseconds. */
  readonly byTime: ReadonlyMap<number, NonNullable<HistoryPoint["quantilesMs"]>>;
  /** Which metric it was, and why it was used or not. */
  readonly words: readonly string[];
}

/**
 * Latency where there are no buckets: of a native histogram, or of a summary. `buckets` is the selector of the ones that
 * aren't there, `ask` a query over the whole period.
 */
export async function fetchQuantiles(
  buckets: string,
  bucketMs: number,
  ask: (query: string) => Promise<readonly MatrixSeries[]>,
): Promise<FoundQuantiles> {
  const base = buckets.replace(/_bucket(?=\{|$)/, "");
  const byShare = new Map<string, readonly MatrixSeries[]>();
  for (const share of ["0.95", "0.5", "0.99"]) {
    // Where the first of them isn't told, none is: the rest would only cost.
    if (byShare.get("0.95")?.length === 0) break;
    byShare.set(share, await ask(`histogram_quantile(${share}, sum(rate(${base}[5m])))`));
  }
  const ofNative = gathered(byShare, bucketMs);
  if (ofNative.size > 0) return { byTime: ofNative, words: [`latencies from the native histogram ${base}`] };
  const answered = await ask(`avg by (quantile) (${base})`);
  const there = [...new Set(answered.map(({ labels }) => labelValue(labels, "quantile")))].filter((one) => one !== "");
  if (there.length === 0) return { byTime: new Map(), words: [] };
  const ofSummary = gathered(
    new Map(there.map((share) => [share, answered.filter(({ labels }) => labelValue(labels, "quantile") === share)])),
    bucketMs,
  );
  const found = `the summary ${base} with quantiles ${there.toSorted().join(", ")}`;
  return ofSummary.size > 0
    ? {
        byTime: ofSummary,
        words: [`latencies from ${found}, its Pods averaged: those of summaries can't be put together exactly`],
      }
    : { byTime: ofSummary, words: [`found but not used: ${found}, expected 0.5 and 0.95 among them`] };
}

/** Of each time at which the middle and the 95th percentile are known. */
function gathered(byShare: ReadonlyMap<string, readonly MatrixSeries[]>, bucketMs: number) {
  const [middle, high, highest] = shares.map((share) => {
    const values = new Map<number, number>();
    for (const { times, values: own } of byShare.get(share) ?? []) {
      for (const [place, time] of times.entries()) {
        const value = (own[place] ?? Number.NaN) * bucketMs;
        if (Number.isFinite(value) && value > 0) values.set(time, value);
      }
    }
    return values;
  });
  const all = new Map<number, NonNullable<HistoryPoint["quantilesMs"]>>();
  for (const [time, p95] of high ?? []) {
    const p50 = middle?.get(time);
    const p99 = highest?.get(time);
    if (p50 !== undefined) all.set(time, { p50, p95, ...(p99 === undefined ? {} : { p99 }) });
  }
  return all;
}

import { readFileSync } from "node:fs";
import { Fault, type Instant } from "@sluice/kernel";
import { compileMatcher, type LabelMatcher } from "@sluice/languages";
import { type Labels, labelsOf, type SeriesSamples, type SeriesSource } from "@sluice/metrics";
import type { Connection } from "../connection.ts";

/** Something that speaks Prometheus' HTTP API. */
export interface PrometheusDoor {
  /** Without /api/v1. */
  readonly url: string;
  readonly token?: string;
}

export interface Answered {
  readonly metric: Readonly<Record<string, string>>;
  /** Of an instant query. */
  readonly value?: readonly [number, string];
  /** Of a range, and of a selector with a range: seconds and text. */
  readonly values?: readonly (readonly [number, string])[];
}

/** Sluice's own, of the server that runs here. */
export function ownPrometheus({ state, record }: Pick<Connection, "state" | "record">): PrometheusDoor {
  const { queryToken } = JSON.parse(readFileSync(state.credentials, "utf8")) as { queryToken: string };
  return { url: `http://127.0.0.1:${record.port}`, token: queryToken };
}

/** Faults: unavailable where nobody answers, invalid with what was answered. */
export async function askPrometheus(
  { url, token }: PrometheusDoor,
  path: "query" | "query_range",
  parameters: Readonly<Record<string, string>>,
): Promise<readonly Answered[]> {
  const address = `${url.replace(/\/+$/, "")}/api/v1/${path}`;
  const response = await fetch(address, {
    method: "POST",
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: new URLSearchParams(parameters),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: Error) => {
    throw new Fault("unavailable", `${url} doesn't answer: ${cause.message}`, { cause });
  });
  const text = await response.text();
  let answer: { status?: string; error?: string; data?: { result?: readonly Answered[] } };
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Fault("invalid", `${address} answers ${response.status} and no JSON: is this a Prometheus?`);
  }
  if (answer.status === "success") return answer.data?.result ?? [];
  throw new Fault("invalid", `${url}: ${answer.error ?? `answered ${response.status}`} (${parameters.query})`);
}

/** The raw samples of a selector, fetched once. */
export async function fetchSeries(
  door: PrometheusDoor,
  selector: string,
  from: Instant,
  until: Instant,
): Promise<SeriesSource> {
  const seconds = Math.ceil((until - from) / 1000);
  const found = await askPrometheus(door, "query", {
    query: `${selector}[${seconds}s]`,
    time: String(until / 1000),
  });
  const all = found.map(({ metric, values = [] }) => ({
    labels: metric,
    known: labelsOf(metric),
    times: Float64Array.from(values, ([time]) => Math.round(time * 1000)),
    values: Float64Array.from(values, ([, text]) => Number(text)),
  }));
  return {
    *select(matchers: readonly LabelMatcher[], after: number, to: number): Iterable<SeriesSamples> {
      const tests = matchers.map((matcher) => ({ label: matcher.label, test: testOf(matcher) }));
      for (const { labels, known, times, values } of all) {
        if (!tests.every(({ label, test }) => test(labels[label] ?? ""))) continue;
        const first = placeAfter(times, after);
        const last = placeAfter(times, to);
        if (first < last) yield samples(known, times.subarray(first, last), values.subarray(first, last));
      }
    },
  };
}

const samples = (labels: Labels, times: Float64Array, values: Float64Array): SeriesSamples => ({
  labels,
  times,
  values,
  staleAt: new Float64Array(0),
});

/** How many samples are at or before this time. */
function placeAfter(times: Float64Array, time: number): number {
  const found = times.findIndex((one) => one > time);
  return found === -1 ? times.length : found;
}

function testOf(matcher: LabelMatcher): (value: string) => boolean {
  const compiled = compileMatcher(matcher);
  return compiled.is === "parsed" ? compiled.value : () => false;
}

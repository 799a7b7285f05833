import type { Instant } from "@sluice/kernel";
import { type Labels, labelValue } from "./labels.ts";
import type { SeriesSamples, SeriesSource } from "./series-source.ts";

/** What was served within a time: counts of that time, never cumulative. */
export interface ServedCounts {
  readonly requests: number;
  readonly failures: number;
  /** By latency, one more than the edges: the last is beyond all. */
  readonly latencyCounts: readonly number[];
}

export interface ServedByEndpoint extends ServedCounts {
  /** By name, such as `GET /orders/:id`; `other` are those that have none. */
  readonly endpoints: ReadonlyMap<string, ServedCounts>;
}

export interface ServedQuery {
  readonly namespace: string;
  readonly podTemplateHash: string;
  /** Upper edges of the latency buckets, in seconds, rising. */
  readonly edges: readonly number[];
}

/** A sample this old still tells what a counter stood at: without one it counts as new, and all of it as of this time. */
const lookBackMillis = 300_000;
/** Scraped each second a counter has a sample as young as this: then no older one is read, which is most of the work. */
const nearMillis = 10_000;

interface Counting {
  requests: number;
  failures: number;
  /** Cumulative by `le`, as they are scraped. */
  readonly upTo: number[];
}

/**
 * What a version served after `from` and up to `until`, as the router counted it: the rises of its counters. Nothing is
 * extrapolated, so that the counts of two windows side by side add up to those of both.
 */
export function servedBetween(
  source: SeriesSource,
  { namespace, podTemplateHash, edges }: ServedQuery,
  from: Instant,
  until: Instant,
): ServedByEndpoint {
  const places = new Map(edges.map((edge, place) => [String(edge), place]));
  const counting = new Map<string, Counting>();
  const matchers = [
    { label: "__name__", operator: "=~", value: "http_requests_total|http_request_duration_seconds_bucket" },
    { label: "job", operator: "=", value: "sluice-router" },
    { label: "namespace", operator: "=", value: namespace },
    { label: "pod_template_hash", operator: "=", value: podTemplateHash },
  ] as const;
  const select = (back: number) => source.select(matchers, from - back, until);
  for (const { labels, rise } of sureRises(select(nearMillis), from) ?? rises(select(lookBackMillis), from)) {
    const endpoint = labelValue(labels, "endpoint");
    let known = counting.get(endpoint);
    if (known === undefined) {
      known = { requests: 0, failures: 0, upTo: new Array<number>(edges.length + 1).fill(0) };
      counting.set(endpoint, known);
    }
    if (labelValue(labels, "__name__") === "http_requests_total") {
      known.requests += rise;
      if (labelValue(labels, "code").startsWith("5")) known.failures += rise;
    } else {
      const le = labelValue(labels, "le");
      const place = le === "+Inf" ? edges.length : places.get(String(Number(le)));
      if (place !== undefined) known.upTo[place] = (known.upTo[place] ?? 0) + rise;
    }
  }
  const endpoints = new Map(
    [...counting].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, one]) => [name, counted(one)]),
  );
  return { ...sumOf([...endpoints.values()], edges.length + 1), endpoints };
}

interface Rise {
  readonly labels: Labels;
  readonly rise: number;
  /** Whether a sample tells what it stood at before. */
  readonly isKnown: boolean;
}

function* rises(all: Iterable<SeriesSamples>, from: Instant): Generator<Rise> {
  for (const series of all) {
    const rise = riseOf(series, from);
    if (rise !== 0) yield { labels: series.labels, rise, isKnown: (series.times[0] ?? 0) <= from };
  }
}

/** Undefined where one may be new, or wasn't scraped for a while. */
function sureRises(all: Iterable<SeriesSamples>, from: Instant): readonly Rise[] | undefined {
  const sure: Rise[] = [];
  for (const one of rises(all, from)) {
    if (!one.isKnown) return undefined;
    sure.push(one);
  }
  return sure;
}

/** A counter that fell began anew, and what it stands at since then came after `from`. */
function riseOf({ times, values }: SeriesSamples, from: Instant): number {
  let before = 0;
  let rise = 0;
  for (let at = 0; at < times.length; at++) {
    const value = values[at] ?? 0;
    if ((times[at] ?? 0) > from) rise += value >= before ? value - before : value;
    before = value;
  }
  return rise;
}

const counted = ({ requests, failures, upTo }: Counting): ServedCounts => ({
  requests,
  failures,
  latencyCounts: upTo.map((count, place) => Math.max(0, count - (place === 0 ? 0 : (upTo[place - 1] ?? 0)))),
});

function sumOf(all: readonly ServedCounts[], buckets: number): ServedCounts {
  const latencyCounts = new Array<number>(buckets).fill(0);
  let requests = 0;
  let failures = 0;
  for (const one of all) {
    requests += one.requests;
    failures += one.failures;
    for (let bucket = 0; bucket < buckets; bucket++) {
      latencyCounts[bucket] = (latencyCounts[bucket] ?? 0) + (one.latencyCounts[bucket] ?? 0);
    }
  }
  return { requests, failures, latencyCounts };
}

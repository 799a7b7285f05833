import { Fault, hours, type Instant, instant, isFault, type Millis, minutes } from "@sluice/kernel";
import { labelValue, type MatrixSeries } from "@sluice/metrics";
import type { History, HistoryPoint } from "@sluice/rehearsal";
import { codeLabels, type Outcome, outcomeOf } from "./codes.ts";
import type { HistoryDoor } from "./door.ts";
import { type FoundQuantiles, fetchQuantiles } from "./quantiles.ts";
import type { CountedFailures, HistorySource } from "./sources.ts";

/** One point tells of this long: long enough for a rate of what is scraped each minute. */
export const step = minutes(5);
const rateWindow = "5m";
const day = hours(24);
const least = hours(1);
const patience = minutes(2);

export interface Period {
  readonly from: Instant;
  readonly until: Instant;
}

/** What a source has of a period. */
export interface Found {
  readonly source: HistorySource;
  /** Groups by code: 0 where there is nothing. */
  readonly series: number;
  /** Those that tell what became of a request; one of them is enough for a failure. */
  readonly codeLabels: readonly string[];
  readonly period: Period;
}

/** Looks each hour, which costs a server little, and says from when to when there is something. */
export async function look(door: HistoryDoor, source: HistorySource, period: Period): Promise<Found> {
  const query = source.isRate ? `count(${source.requests})` : `count by (${codeLabels.join(",")}) (${source.requests})`;
  const found = await door.range(query, { start: period.from, end: period.until, step: least });
  const times = found.flatMap((series) => series.times);
  const telling = source.isOfSomeCodes ? [] : codeLabels;
  const present = telling.filter((label) => found.some(({ labels }) => labelValue(labels, label) !== ""));
  // What is seen at one hour may have begun since the one before, and may go on until the next.
  const from = instant(Math.max(period.from, Math.min(...times) - least));
  const until = instant(Math.min(period.until, Math.max(...times) + least));
  const most = found.map(({ values }) => Math.max(...values));
  return {
    source,
    series: most.reduce((sum, one) => sum + one, 0),
    codeLabels: present,
    period: found.length === 0 ? period : { from, until },
  };
}

export interface Fetched {
  readonly history: History;
  /** Parts of the period that couldn't be had, in words. */
  readonly missing: readonly string[];
  /** Where latencies came from, if not from buckets. */
  readonly latencyWords: readonly string[];
}

/** All of a period, a day at a time, so that no answer and no query grows too large. What can't be had is named. */
export async function fetchHistory(door: HistoryDoor, found: Found): Promise<Fetched> {
  const { source, codeLabels: told, period } = found;
  const asked = new Chunks(door, period);
  const by = told.length === 0 ? "" : ` by (${told.join(",")})`;
  const rate = source.isRate ? `sum(${source.requests})` : `sum${by} (${rateOf(door, source.requests)})`;
  const requests = await asked.all("requests", rate);
  const failures =
    source.failures === undefined ? [] : await asked.all("failures", `sum(${rateIn(door, source.failures)})`);
  const buckets =
    source.buckets === undefined ? [] : await asked.all("latencies", `sum by (le) (${rateOf(door, source.buckets)})`);
  const edges = [...new Set(buckets.map(({ labels }) => labelValue(labels, "le")))]
    .filter((le) => le !== "" && Number.isFinite(Number(le)))
    .sort((one, other) => Number(one) - Number(other));
  const points = new Map<number, HistoryPoint>();
  for (const { labels, times, values } of requests) {
    const codes = Object.fromEntries(told.map((label) => [label, labelValue(labels, label)]));
    const outcome = outcomeOf(codes, source.failures === undefined);
    for (const [place, time] of times.entries()) add(points, time, outcome, values[place] ?? 0);
  }
  for (const { times, values } of failures) {
    for (const [place, time] of times.entries()) addFailures(points, time, values[place] ?? 0);
  }
  addLatencies(points, buckets, edges);
  // Ours has neither native histograms nor summaries.
  const { byTime, words }: FoundQuantiles =
    source.buckets === undefined || edges.length > 0 || door.isOwn
      ? { byTime: new Map(), words: [] }
      : await fetchQuantiles(source.buckets, source.bucketMs, (query) => asked.all("latencies", query));
  for (const [time, quantilesMs] of byTime) {
    const point = points.get(time);
    if (point !== undefined) points.set(time, { ...point, quantilesMs });
  }
  return {
    history: {
      points: [...points.values()].sort((one, other) => one.endsAt - other.endsAt),
      stepSeconds: step / 1000,
      tellsFailures: source.failures === undefined ? told.length > 0 : failures.length > 0,
      edgesMs: edges.map((le) => Number(le) * source.bucketMs),
    },
    missing: [...new Set(asked.missing)],
    latencyWords: words,
  };
}

/** Our own samples are of each second and never of many Pods: two of them tell what hundreds do. */
const rateOf = ({ isOwn }: HistoryDoor, counter: string): string =>
  isOwn
    ? `clamp_min(${counter} - ${counter} offset ${rateWindow}, 0) / ${step / 1000}`
    : `rate(${counter}[${rateWindow}])`;

const rateIn = (door: HistoryDoor, { query, isRate }: CountedFailures): string =>
  isRate ? query : rateOf(door, query);

function add(points: Map<number, HistoryPoint>, time: number, outcome: Outcome, rate: number): void {
  if (!Number.isFinite(rate) || rate < 0) return;
  const before = points.get(time) ?? { endsAt: time / 1000, requests: 0, failures: 0, notFound: 0, latencyCounts: [] };
  const count = (rate * step) / 1000;
  points.set(time, {
    ...before,
    requests: before.requests + count,
    ...(outcome === "good" ? {} : { [outcome]: before[outcome] + count }),
  });
}

/** Counted apart, they are among the requests already. */
function addFailures(points: Map<number, HistoryPoint>, time: number, rate: number): void {
  const before = points.get(time);
  if (before === undefined || !(rate >= 0)) return;
  points.set(time, { ...before, failures: Math.min(before.requests, (rate * step) / 1000) });
}

/** Prometheus' buckets hold all that are below them; ours what lies between two edges. */
function addLatencies(
  points: Map<number, HistoryPoint>,
  buckets: readonly MatrixSeries[],
  edges: readonly string[],
): void {
  const under = new Map<number, Map<string, number>>();
  for (const { labels, times, values } of buckets) {
    const le = labelValue(labels, "le");
    for (const [place, time] of times.entries()) {
      const here = under.get(time) ?? new Map<string, number>();
      here.set(le, ((values[place] ?? 0) * step) / 1000);
      under.set(time, here);
    }
  }
  for (const [time, counts] of under) {
    const point = points.get(time);
    if (point === undefined) continue;
    let below = 0;
    const latencyCounts = [...edges, "+Inf"].map((le) => {
      const upTo = Math.max(below, counts.get(le) ?? below);
      const here = upTo - below;
      below = upTo;
      return here;
    });
    points.set(time, { ...point, latencyCounts });
  }
}

/** Asks for a day at a time, and for less where a day is too much. */
class Chunks {
  readonly missing: string[] = [];
  readonly #door: HistoryDoor;
  readonly #period: Period;
  readonly #began = Date.now();

  constructor(door: HistoryDoor, period: Period) {
    this.#door = door;
    this.#period = period;
  }

  async all(what: string, query: string): Promise<readonly MatrixSeries[]> {
    const series: MatrixSeries[] = [];
    const first = Math.ceil(this.#period.from / step) * step;
    let failures = 0;
    for (let from = first; from <= this.#period.until; ) {
      const until = Math.min(this.#period.until, from + day - step);
      if (failures >= 2 || Date.now() - this.#began > patience) {
        const why = failures >= 2 ? "nobody answered" : `it took over ${patience / 60_000} minutes`;
        this.missing.push(`${what} from ${dayOf(from)} on: ${why}`);
        break;
      }
      try {
        series.push(...(await this.#ask(query, instant(from), instant(until))));
        failures = 0;
      } catch (thrown) {
        if (!isFault(thrown) || thrown.kind === "forbidden") throw thrown;
        failures++;
        this.missing.push(`${what} of ${dayOf(from)}: ${thrown.message}`);
      }
      from = until + step;
    }
    return series;
  }

  async #ask(query: string, start: Instant, end: Instant): Promise<readonly MatrixSeries[]> {
    try {
      return await this.#door.range(query, { start, end, step });
    } catch (thrown) {
      const half = Math.ceil((end - start) / 2 / step) * step;
      if (!isFault(thrown) || thrown.kind !== "invalid" || half < least) throw thrown;
      const middle = instant(start + half);
      return [...(await this.#ask(query, start, instant(middle - step))), ...(await this.#ask(query, middle, end))];
    }
  }
}

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** The weeks before now, on whole steps. */
export function periodBefore(now: number, length: Millis): Period {
  if (length < hours(1)) throw new Fault("invalid", "--history: found less than an hour, expected a time such as 28d");
  const until = Math.floor(now / step) * step;
  return { from: instant(until - length), until: instant(until) };
}

import {
  type ExposedSample,
  type ExpositionFormat,
  type Family,
  familyOf,
  parseExposition,
  parseSeriesText,
  startsAtZero,
} from "../../exposition/parse.ts";
import { eachLabel, fromPairs, type Labels, labelValue, metricNameLabel, withLabel } from "../../labels.ts";
import type { StoredSeries } from "../../storage/memory-store.ts";
import type { MetricsStore } from "../store/metrics-store.ts";
import type { Target } from "./target.ts";

interface Known {
  readonly series: StoredSeries;
  /** The number of the scrape it was last seen in. */
  seenIn: number;
  /** Series with timestamps of their own don't go stale with the scrape. */
  isTracked: boolean;
}

export interface ScrapeReport {
  readonly target: Target;
  readonly at: number;
  readonly isUp: boolean;
  /** Why not, where it isn't. */
  readonly problem?: string;
  readonly samples: number;
  readonly durationMs: number;
}

const sampleAgeMax = 10 * 60_000;
/** Longer ago there is no telling what happened in between. */
const birthReachMs = 10 * 60_000;

/** What is remembered of one target between its scrapes. */
export class TargetScraper {
  readonly target: Target;
  readonly #store: MetricsStore;
  readonly #known = new Map<string, Known>();
  readonly #reports: { readonly [Name in "up" | "duration" | "samples"]: StoredSeries | undefined };
  #scrape = 0;
  /** When the target last answered; before the first scrape here, what the store remembers of it. */
  #lastUp: number | undefined;
  families: ReadonlyMap<string, Family> = new Map();

  constructor(target: Target, store: MetricsStore) {
    this.target = target;
    this.#store = store;
    const report = (name: string) => store.seriesFor(this.#ownLabels(name));
    this.#reports = {
      up: report("up"),
      duration: report("scrape_duration_seconds"),
      samples: report("scrape_samples_scraped"),
    };
    const last = this.#reports.up?.last;
    if (last?.value === 1) this.#lastUp = last.time;
  }

  #ownLabels(name: string): Labels {
    const { labels, job, instance } = this.target;
    return fromPairs([...Object.entries(labels ?? {}), ["job", job], ["instance", instance], [metricNameLabel, name]]);
  }

  /** Takes in what the target answered at `at`, epoch milliseconds. */
  ingest(text: string, format: ExpositionFormat, at: number, durationMs: number): ScrapeReport {
    const outcome = parseExposition(text, format);
    if (outcome.is === "refused")
      return this.fail(`line ${outcome.refusal.line}: ${outcome.refusal.message}`, at, durationMs);
    const { samples, families } = outcome.exposition;
    this.families = families;
    this.#scrape++;
    const created = new Map<string, number>();
    if (format === "openmetrics")
      for (const { series, value } of samples) if (series.includes("_created")) created.set(series, value * 1000);

    // All are read before any is stored: half a scrape would lie.
    const met = new Map<string, Labels>();
    for (const { series } of samples) {
      if (this.#known.has(series)) continue;
      const parsed = parseSeriesText(series);
      if (parsed.is === "refused") return this.fail(parsed.message, at, durationMs);
      met.set(series, parsed.labels);
    }
    for (const sample of samples) {
      const known = this.#known.get(sample.series) ?? this.#meet(sample, met.get(sample.series) ?? [], at, created);
      if (known === undefined) continue;
      const time = sample.timestamp ?? at;
      if (time > at + sampleAgeMax) continue;
      known.isTracked = sample.timestamp === undefined;
      known.seenIn = this.#scrape;
      this.#store.append(known.series, time, sample.value);
    }
    this.#endMissing(at);
    this.#lastUp = at;
    return this.#report({ target: this.target, at, isUp: true, samples: samples.length, durationMs });
  }

  /** The target didn't answer, or not in a way that can be read: all of its series end. */
  fail(problem: string, at: number, durationMs: number): ScrapeReport {
    this.#scrape++;
    this.#endMissing(at);
    return this.#report({ target: this.target, at, isUp: false, problem, samples: 0, durationMs });
  }

  /** The target is gone: nothing of it is true any more. */
  end(at: number): void {
    this.#scrape++;
    this.#endMissing(at);
    for (const series of Object.values(this.#reports)) if (series !== undefined) this.#store.markStale(series, at);
  }

  #meet(
    { series: text, value }: ExposedSample,
    scraped: Labels,
    at: number,
    created: ReadonlyMap<string, number>,
  ): Known | undefined {
    const labels = this.#attach(scraped);
    const before = this.#store.find(labels);
    const last = before?.last;
    const series = this.#store.seriesFor(labels);
    if (series === undefined) return undefined;
    const name = labelValue(labels, metricNameLabel);
    if (value !== 0 && startsAtZero(name, familyOf(name, this.families))) {
      // A series that was here before is reborn only if it counts from below where it ended.
      const isBorn = before === undefined || (last !== undefined && value < last.value);
      const zeroAt = isBorn ? this.#birth(scraped, at, created) : undefined;
      if (zeroAt !== undefined) this.#store.append(series, zeroAt, 0);
    }
    const known: Known = { series, seenIn: this.#scrape, isTracked: true };
    // A copy: a piece of the answer would keep all of the answer in memory.
    this.#known.set(Buffer.from(text).toString(), known);
    return known;
  }

  /**
   * When a counter that is seen for the first time was still 0, or undefined where nothing is known: at the scrape
   * before, had it not been made earlier than that; else when its process began. Without a sample there, rate() and
   * increase() would lose what it counted before it was first seen.
   */
  #birth(labels: Labels, at: number, created: ReadonlyMap<string, number>): number | undefined {
    if (this.#lastUp !== undefined && this.#lastUp < at && this.#lastUp >= at - birthReachMs) {
      const createdAt = created.size === 0 ? undefined : this.#createdAt(labels, created);
      return createdAt !== undefined && createdAt < this.#lastUp ? undefined : this.#lastUp;
    }
    const { startedAt } = this.target;
    return startedAt !== undefined && startedAt < at && startedAt >= at - birthReachMs ? startedAt : undefined;
  }

  #createdAt(labels: Labels, created: ReadonlyMap<string, number>): number | undefined {
    const base = labelValue(labels, metricNameLabel).replace(/_(?:total|bucket|sum|count)$/, "");
    const wanted = withLabel(withLabel(labels, "le", ""), metricNameLabel, `${base}_created`);
    for (const [text, time] of created) {
      if (!text.startsWith(`${base}_created`)) continue;
      const found = parseSeriesText(text);
      if (found.is === "read" && found.labels.join("\n") === wanted.join("\n")) return time;
    }
    return undefined;
  }

  #attach(scraped: Labels): Labels {
    const { labels = {}, honorLabels = false, reservedLabels = [], job, instance } = this.target;
    const own = new Map<string, string>([...Object.entries(labels), ["job", job], ["instance", instance]]);
    if (honorLabels) return fromPairs([...own, ...eachLabel(scraped)]);
    const kept: [string, string][] = [];
    for (const [name, value] of eachLabel(scraped)) {
      const clashes = own.has(name) || reservedLabels.includes(name);
      let free = clashes ? `exported_${name}` : name;
      while (clashes && (own.has(free) || labelValue(scraped, free) !== "")) free = `exported_${free}`;
      kept.push([free, value]);
    }
    return fromPairs([...kept, ...own]);
  }

  #endMissing(at: number): void {
    for (const [text, known] of this.#known) {
      if (known.seenIn === this.#scrape) continue;
      if (known.isTracked) this.#store.markStale(known.series, at);
      this.#known.delete(text);
    }
  }

  #report(report: ScrapeReport): ScrapeReport {
    const { up, duration, samples } = this.#reports;
    if (up !== undefined) this.#store.append(up, report.at, report.isUp ? 1 : 0);
    if (duration !== undefined) this.#store.append(duration, report.at, report.durationMs / 1000);
    if (samples !== undefined) this.#store.append(samples, report.at, report.samples);
    return report;
  }
}

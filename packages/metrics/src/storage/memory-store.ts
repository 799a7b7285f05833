import type { LabelMatcher } from "@sluice/languages";
import { type Labels, labelsHash, sameLabels } from "../labels.ts";
import type { SeriesSamples, SeriesSource } from "../series-source.ts";
import { type Chunk, ChunkWriter, readChunk } from "./chunk.ts";
import { LabelIndex } from "./label-index.ts";
import { SampleCollector } from "./sample-collector.ts";

const samplesPerChunk = 240;

export interface StoredSeries {
  readonly ref: number;
  readonly labels: Labels;
  /** Of the newest sample; undefined before the first. */
  readonly last: { readonly time: number; readonly value: number } | undefined;
  /** Whether the newest entry is a staleness mark. */
  readonly isStale: boolean;
}

export interface MemoryChunk extends Chunk {
  isPersisted: boolean;
}

export class MemorySeries implements StoredSeries {
  readonly ref: number;
  readonly labels: Labels;
  last: { time: number; value: number } | undefined;
  /** Of the newest entry, samples and marks alike. */
  lastTime = Number.NEGATIVE_INFINITY;
  isStale = false;
  closed: MemoryChunk[] = [];
  open: ChunkWriter | undefined;
  /** Another series whose labels have the same hash. */
  next: MemorySeries | undefined;

  constructor(ref: number, labels: Labels) {
    this.ref = ref;
    this.labels = labels;
  }

  /** Oldest first. */
  chunks(): readonly Chunk[] {
    return this.open === undefined ? this.closed : [...this.closed, this.open.chunk()];
  }

  /** Epoch milliseconds of the first entry that is held in memory. */
  get start(): number {
    return this.closed[0]?.start ?? this.open?.start ?? Number.POSITIVE_INFINITY;
  }

  close(): void {
    if (this.open === undefined) return;
    this.closed.push({ ...this.open.chunk(true), isPersisted: false });
    this.open = undefined;
  }
}

/** Chunks of a series that lie elsewhere and begin before `before`, where its first in memory begins; oldest first. */
export type OlderChunks = (ref: number, after: number, until: number, before: number) => readonly Chunk[];

/** Samples of all series in memory, compressed; found by an index of their labels. */
export class MemoryStore implements SeriesSource {
  readonly index = new LabelIndex<MemorySeries>();
  /** By the hash of the labels; those of equal hash are chained. */
  readonly #byHash = new Map<number, MemorySeries>();
  readonly #older: OlderChunks | undefined;
  #nextRef = 1;

  constructor(older?: OlderChunks) {
    this.#older = older;
  }

  find(labels: Labels): MemorySeries | undefined {
    let series = this.#byHash.get(labelsHash(labels));
    while (series !== undefined && !sameLabels(series.labels, labels)) series = series.next;
    return series;
  }

  seriesFor(labels: Labels): MemorySeries {
    return this.find(labels) ?? this.define(this.#nextRef, labels);
  }

  /** Under a number of its own: for what is read back from disk. */
  define(ref: number, labels: Labels): MemorySeries {
    const series = new MemorySeries(ref, this.index.shared(labels));
    const hash = labelsHash(labels);
    series.next = this.#byHash.get(hash);
    this.#byHash.set(hash, series);
    this.#nextRef = Math.max(this.#nextRef, ref + 1);
    this.index.add(series);
    return series;
  }

  remove(refs: ReadonlySet<number>): void {
    for (const ref of refs) {
      const series = this.index.get(ref);
      if (series !== undefined) this.#unchain(series);
    }
    this.index.remove(refs);
  }

  #unchain(series: MemorySeries): void {
    const hash = labelsHash(series.labels);
    const first = this.#byHash.get(hash);
    if (first === series && series.next === undefined) this.#byHash.delete(hash);
    else if (first === series && series.next !== undefined) this.#byHash.set(hash, series.next);
    for (let each = first; each !== undefined; each = each.next) if (each.next === series) each.next = series.next;
  }

  /** False where the series already has an entry at that time or later: the past is not rewritten. */
  append(series: MemorySeries, time: number, value: number): boolean {
    if (!this.#write(series, time, value)) return false;
    if (series.last === undefined) series.last = { time, value };
    else Object.assign(series.last, { time, value });
    series.isStale = false;
    return true;
  }

  /** The series ended: queries see nothing of it from `time` until its next sample. */
  markStale(series: MemorySeries, time: number): boolean {
    if (series.isStale || !this.#write(series, time, undefined)) return false;
    series.isStale = true;
    return true;
  }

  #write(series: MemorySeries, time: number, value: number | undefined): boolean {
    if (time <= series.lastTime) return false;
    if (series.open !== undefined && (series.open.count >= samplesPerChunk || !series.open.fits(time))) series.close();
    series.open ??= new ChunkWriter(time);
    series.open.append(time, value);
    series.lastTime = time;
    return true;
  }

  /**
   * The clock was set back to `time`: samples may come again from there, and win over those that were written before.
   * Without this nothing could be recorded until the clock has caught up.
   */
  rewind(time: number): void {
    for (const series of this.index.all()) {
      if (series.lastTime < time) continue;
      series.close();
      series.lastTime = time - 1;
    }
  }

  *select(matchers: readonly LabelMatcher[], after: number, until: number): Generator<SeriesSamples> {
    for (const series of this.index.find(matchers)) {
      const chunks = series.chunks().filter((chunk) => chunk.end > after && chunk.start <= until);
      const older = after < series.start ? (this.#older?.(series.ref, after, until, series.start) ?? []) : [];
      if (chunks.length + older.length === 0) continue;
      const all = older.length === 0 ? chunks : [...older, ...chunks];
      const collector = new SampleCollector(
        after,
        until,
        all.reduce((sum, chunk) => sum + chunk.count, 0),
      );
      for (const chunk of all) readChunk(chunk, collector);
      const samples = collector.series(series.labels);
      if (samples !== undefined) yield samples;
    }
  }
}

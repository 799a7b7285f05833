import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type Bytes,
  type Clock,
  type Instant,
  type Millis,
  mebibytes,
  minutes,
  seconds,
  type Timer,
} from "@sluice/kernel";
import type { LabelMatcher } from "@sluice/languages";
import type { Labels } from "../../labels.ts";
import type { SeriesSamples, SeriesSource } from "../../series-source.ts";
import { type MemorySeries, MemoryStore, type StoredSeries } from "../../storage/memory-store.ts";
import { BlockShelf, numbered, numbersOf } from "./block-shelf.ts";
import { ByteWriter } from "./byte-writer.ts";
import { JournalBuffer, readJournalRecord } from "./journal-record.ts";
import { RecordLog } from "./record-log.ts";

export interface MetricsStoreOptions {
  /** Made where it is missing, mode 0700. One process at a time. */
  readonly folder: string;
  readonly clock: Clock;
  readonly retention?: { readonly time?: Millis; readonly size?: Bytes };
  /** How long samples stay in memory alone, at most; the journal has them. */
  readonly blockEvery?: Millis;
  /** How often the journal is written: what a killed process may lose. */
  readonly flushEvery?: Millis;
  readonly seriesMax?: number;
}

/** What people must know about the store; none means that all is well. */
export interface StoreCondition {
  readonly reason: "DiskUnavailable" | "DataDamaged" | "TooManySeries";
  readonly message: string;
  readonly since: Instant;
}

export interface MetricsStore extends SeriesSource {
  /** The series with these labels, made where there is none; undefined where there are too many already. */
  seriesFor(labels: Labels): StoredSeries | undefined;
  find(labels: Labels): StoredSeries | undefined;
  /** False where the series has a sample at that time or later. Epoch milliseconds, whole. */
  append(series: StoredSeries, time: number, value: number): boolean;
  markStale(series: StoredSeries, time: number): boolean;
  /** The clock was set back: samples from `time` on may come again, and win. */
  rewind(time: number): void;
  /** Labels of all series that match, whenever they had samples. */
  findSeries(matchers: readonly LabelMatcher[]): Iterable<Labels>;
  labelNames(): string[];
  labelValues(name: string): string[];
  conditions(): readonly StoreCondition[];
  stats(): {
    readonly series: number;
    readonly memoryBytes: number;
    readonly diskBytes: number;
    readonly blocks: number;
  };
  /** Writes the journal now. */
  flush(): void;
  /** Moves what is in memory into a block, and drops what retention no longer keeps. */
  cutBlock(): Promise<void>;
  close(): Promise<void>;
}

/** Samples are in memory and in a journal on disk at once; every half hour they become a block. */
export async function createMetricsStore(options: MetricsStoreOptions): Promise<MetricsStore> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  return new DiskMetricsStore(options);
}

const setBackMs = 2000;
const namesPerRecord = 1000;
/** A journal is read whole at the start, and is no larger than what memory holds. */
const journalMax = mebibytes(64);

class DiskMetricsStore implements MetricsStore {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #retentionMs: number;
  readonly #retentionBytes: number;
  readonly #flushEvery: Millis;
  readonly #blockEvery: Millis;
  readonly #seriesMax: number;
  readonly #memory = new MemoryStore((ref, after, until, before) => this.#blocks.chunks(ref, after, until, before));
  readonly #journal = new JournalBuffer(new ByteWriter());
  readonly #conditions = new Map<StoreCondition["reason"], StoreCondition>();
  #newSeries: MemorySeries[] = [];
  #seriesLog: RecordLog;
  #journalLog: RecordLog;
  #journalNumber: number;
  readonly #blocks: BlockShelf;
  #cutting: Promise<void> | undefined;
  #timers: Timer[] = [];
  #isClosed = false;
  /** Series that still stand in the list on disk, though they are gone. */
  #forgotten = 0;

  constructor(options: MetricsStoreOptions) {
    this.#folder = options.folder;
    this.#clock = options.clock;
    this.#retentionMs = options.retention?.time ?? 7 * 86_400_000;
    this.#retentionBytes = options.retention?.size ?? mebibytes(1024);
    this.#flushEvery = options.flushEvery ?? seconds(1);
    this.#blockEvery = options.blockEvery ?? minutes(30);
    this.#seriesMax = options.seriesMax ?? 500_000;

    const files = readdirSync(this.#folder);
    for (const name of files) if (name.endsWith(".tmp")) rmSync(join(this.#folder, name));
    this.#blocks = new BlockShelf(this.#folder, (message) => this.#note("DataDamaged", message));
    this.#seriesLog = this.#openSeriesLog();
    const lastBlock = Math.max(0, ...numbersOf(files, "block"));
    const journals = numbersOf(files, "journal").filter((number) => this.#dropPersisted(number, lastBlock));
    this.#journalNumber = Math.max(lastBlock + 1, ...journals);
    for (const number of journals) if (number !== this.#journalNumber) this.#openJournal(number).close();
    this.#journalLog = this.#openJournal(this.#journalNumber);
    this.#meetClock();
    this.#every(this.#flushEvery, () => this.flush());
    this.#every(this.#blockEvery, () => void this.cutBlock());
  }

  /** What is dated in the future was written under a clock that was ahead. */
  #meetClock(): void {
    const now = this.#clock.now();
    for (const series of this.#memory.index.all()) {
      if (series.lastTime <= now + setBackMs) continue;
      this.rewind(now);
      return;
    }
  }

  #journalPath(number: number): string {
    return numbered(this.#folder, "journal", number);
  }

  #openSeriesLog(): RecordLog {
    const { log, cut } = RecordLog.open(join(this.#folder, "series"), (record) => {
      for (const [ref, labels] of JSON.parse(record.toString()) as [number, string[]][])
        this.#memory.define(ref, labels);
    });
    if (cut > 0) this.#note("DataDamaged", `${cut} bytes at the end of the list of series were torn and are cut off`);
    return log;
  }

  /** A journal whose samples a block has is only left where a crash came between the two. */
  #dropPersisted(number: number, lastBlock: number): boolean {
    if (number > lastBlock) return true;
    rmSync(this.#journalPath(number));
    return false;
  }

  #openJournal(number: number): RecordLog {
    const sink = {
      sample: (ref: number, time: number, value: number) => {
        const series = this.#memory.index.get(ref);
        if (series !== undefined) this.#memory.append(series, time, value);
      },
      stale: (ref: number, time: number) => {
        const series = this.#memory.index.get(ref);
        if (series !== undefined) this.#memory.markStale(series, time);
      },
      rewind: (time: number) => this.#memory.rewind(time),
    };
    return RecordLog.open(this.#journalPath(number), (record) => readJournalRecord(record, sink)).log;
  }

  #every(wait: Millis, task: () => void): void {
    const slot = this.#timers.length;
    const run = () => {
      if (this.#isClosed) return;
      task();
      this.#timers[slot] = this.#clock.after(wait, run);
    };
    this.#timers[slot] = this.#clock.after(wait, run);
  }

  seriesFor(labels: Labels): StoredSeries | undefined {
    const known = this.#memory.find(labels);
    if (known !== undefined) return known;
    if (this.#memory.index.size >= this.#seriesMax) {
      this.#note("TooManySeries", `there are ${this.#seriesMax} series already; new ones are not recorded`);
      return undefined;
    }
    const series = this.#memory.seriesFor(labels);
    this.#newSeries.push(series);
    return series;
  }

  find(labels: Labels): StoredSeries | undefined {
    return this.#memory.find(labels);
  }

  append(series: StoredSeries, time: number, value: number): boolean {
    const held = this.#memory.index.get(series.ref);
    if (held === undefined || !this.#memory.append(held, time, value)) return false;
    this.#journal.sample(series.ref, time, value);
    return true;
  }

  markStale(series: StoredSeries, time: number): boolean {
    const held = this.#memory.index.get(series.ref);
    if (held === undefined || !this.#memory.markStale(held, time)) return false;
    this.#journal.stale(series.ref, time);
    return true;
  }

  rewind(time: number): void {
    this.#memory.rewind(time);
    this.#journal.rewind(time);
  }

  select(matchers: readonly LabelMatcher[], after: number, until: number): Iterable<SeriesSamples> {
    return this.#memory.select(matchers, after, until);
  }

  *findSeries(matchers: readonly LabelMatcher[]): Generator<Labels> {
    for (const series of this.#memory.index.find(matchers)) yield series.labels;
  }

  labelNames(): string[] {
    return this.#memory.index.labelNames();
  }

  labelValues(name: string): string[] {
    return this.#memory.index.labelValues(name);
  }

  conditions(): readonly StoreCondition[] {
    return [...this.#conditions.values()];
  }

  stats(): { series: number; memoryBytes: number; diskBytes: number; blocks: number } {
    let memoryBytes = this.#journal.length;
    for (const series of this.#memory.index.all()) {
      memoryBytes += series.open?.capacity ?? 0;
      for (const chunk of series.closed) memoryBytes += chunk.bytes.length;
    }
    const diskBytes = this.#blocks.bytes + this.#seriesLog.size + this.#journalLog.size;
    return { series: this.#memory.index.size, memoryBytes, diskBytes, blocks: this.#blocks.count };
  }

  flush(): void {
    try {
      this.#writeNames();
      if (!this.#journal.isEmpty) this.#journalLog.append(this.#journal.view());
      this.#conditions.delete("DiskUnavailable");
    } catch (thrown) {
      this.#note("DiskUnavailable", `metrics are kept in memory only: ${messageOf(thrown)}`);
    }
    if (this.#journalLog.size > journalMax) void this.cutBlock();
    // What the disk doesn't take lives on in memory, and goes to disk with the next block.
    this.#journal.clear();
  }

  /** Before the samples, so that none is read back whose series is unknown. */
  #writeNames(): void {
    while (this.#newSeries.length > 0) {
      const some = this.#newSeries.slice(0, namesPerRecord);
      this.#seriesLog.append(Buffer.from(JSON.stringify(some.map((series) => [series.ref, series.labels]))));
      this.#newSeries = this.#newSeries.slice(namesPerRecord);
    }
  }

  cutBlock(): Promise<void> {
    this.#cutting ??= this.#cut().finally(() => {
      this.#cutting = undefined;
    });
    return this.#cutting;
  }

  async #cut(): Promise<void> {
    this.flush();
    const number = this.#journalNumber;
    const written = [];
    for (const series of this.#memory.index.all()) {
      series.close();
      const chunks = series.closed.filter((chunk) => !chunk.isPersisted);
      if (chunks.length > 0) written.push({ ref: series.ref, chunks });
    }
    try {
      this.#rotateJournal(number + 1);
      this.#seriesLog.sync();
      if (written.length > 0) await this.#blocks.add(number, written);
      for (const { chunks } of written) for (const chunk of chunks) chunk.isPersisted = true;
      this.#removeJournals(number);
    } catch (thrown) {
      this.#note("DiskUnavailable", `metrics are kept in memory only: ${messageOf(thrown)}`);
    }
    this.#evict();
    this.#retain();
  }

  #rotateJournal(number: number): void {
    const next = RecordLog.open(this.#journalPath(number), () => {}).log;
    this.#journalLog.close();
    this.#journalLog = next;
    this.#journalNumber = number;
  }

  #removeJournals(upTo: number): void {
    for (const number of numbersOf(readdirSync(this.#folder), "journal"))
      if (number <= upTo) rmSync(this.#journalPath(number), { force: true });
  }

  /** The last quarter hour stays in memory, since that is what queries ask for; unwritten chunks wait a few blocks. */
  #evict(): void {
    const now = this.#clock.now();
    const oldest = now - Math.min(this.#blockEvery / 2, minutes(15));
    const oldestUnwritten = now - 4 * this.#blockEvery;
    for (const series of this.#memory.index.all())
      series.closed = series.closed.filter((chunk) => chunk.end >= (chunk.isPersisted ? oldest : oldestUnwritten));
  }

  #retain(): void {
    if (this.#blocks.retain(this.#clock.now() - this.#retentionMs, this.#retentionBytes)) this.#forgetSeries();
  }

  /** A series with no sample anywhere is forgotten; the list of them is written anew once half of it is such. */
  #forgetSeries(): void {
    const alive = this.#blocks.refs();
    if (alive === undefined) return;
    const gone = new Set<number>();
    for (const series of this.#memory.index.all())
      if (!alive.has(series.ref) && series.open === undefined && series.closed.length === 0) gone.add(series.ref);
    this.#memory.remove(gone);
    if (gone.size === 0) return;
    this.#conditions.delete("TooManySeries");
    this.#forgotten += gone.size;
    if (this.#forgotten > this.#memory.index.size) this.#rewriteNames();
  }

  #rewriteNames(): void {
    const path = join(this.#folder, "series");
    try {
      const { log } = RecordLog.open(`${path}.tmp`, () => {});
      const all = [...this.#memory.index.all()].map((series) => [series.ref, series.labels]);
      // One record at least, so that there is a file to take the place of the old.
      for (let at = 0; at === 0 || at < all.length; at += namesPerRecord)
        log.append(Buffer.from(JSON.stringify(all.slice(at, at + namesPerRecord))));
      log.sync();
      renameSync(`${path}.tmp`, path);
      this.#seriesLog.close();
      this.#seriesLog = log;
      this.#newSeries = [];
      this.#forgotten = 0;
    } catch (thrown) {
      rmSync(`${path}.tmp`, { force: true });
      this.#note("DiskUnavailable", `the list of series wasn't tidied: ${messageOf(thrown)}`);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) timer.cancel();
    await this.#cutting;
    this.flush();
    this.#journalLog.close();
    this.#seriesLog.close();
    this.#blocks.close();
  }

  #note(reason: StoreCondition["reason"], message: string): void {
    const since = this.#conditions.get(reason)?.since ?? this.#clock.now();
    this.#conditions.set(reason, { reason, message, since });
  }
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

import type { ByteWriter } from "./byte-writer.ts";
import { ByteReader } from "./byte-writer.ts";

/** What came since the last block: a time, then the entries at it, then the next time. */
const atTime = 1;
const whole = 2;
const float = 3;
const stale = 4;
const rewound = 5;

export interface JournalSink {
  sample(ref: number, time: number, value: number): void;
  stale(ref: number, time: number): void;
  /** The clock was set back. */
  rewind(time: number): void;
}

export class JournalBuffer implements JournalSink {
  readonly #writer: ByteWriter;
  #time = Number.NaN;

  constructor(writer: ByteWriter) {
    this.#writer = writer;
  }

  sample(ref: number, time: number, value: number): void {
    this.#moveTo(time);
    const isWhole = Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
    this.#writer.byte(isWhole ? whole : float);
    this.#writer.varint(ref);
    if (isWhole) this.#writer.varint(value);
    else this.#writer.float(value);
  }

  stale(ref: number, time: number): void {
    this.#moveTo(time);
    this.#writer.byte(stale);
    this.#writer.varint(ref);
  }

  rewind(time: number): void {
    this.#moveTo(time);
    this.#writer.byte(rewound);
  }

  #moveTo(time: number): void {
    if (time === this.#time) return;
    this.#time = time;
    this.#writer.byte(atTime);
    this.#writer.float(time);
  }

  get isEmpty(): boolean {
    return this.#writer.length === 0;
  }

  get length(): number {
    return this.#writer.length;
  }

  view(): Buffer {
    return this.#writer.view();
  }

  clear(): void {
    this.#writer.clear();
    this.#time = Number.NaN;
  }
}

/** Throws RangeError where the record is none of ours: its checksum was right, so that is a bug. */
export function readJournalRecord(record: Buffer, sink: JournalSink): void {
  const reader = new ByteReader(record);
  let time = Number.NaN;
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    if (kind === atTime) time = reader.float();
    else if (kind === whole) sink.sample(reader.varint(), time, reader.varint());
    else if (kind === float) sink.sample(reader.varint(), time, reader.float());
    else if (kind === stale) sink.stale(reader.varint(), time);
    else if (kind === rewound) sink.rewind(time);
    else throw new RangeError(`no such kind of journal entry: ${kind}`);
  }
}

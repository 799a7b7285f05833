/**
 * Up to a few hundred samples of one series, one to three bytes each. Each entry is one control byte, the high half for
 * the time, the low half for the value, and what these ask for:
 * time: 0..14 is how much the interval changed, plus 7, in milliseconds; 15: a zigzag varint of it follows;
 * value: 0 as before; 1 a staleness mark; 2, 3, 4 an integer's change in 1, 2, 4 bytes; 7 all 8 bytes;
 * 8..14 the lowest 1..7 bytes differ and follow. Counters of whole numbers at a steady interval take two bytes.
 */
export interface Chunk {
  /** Epoch milliseconds of the first and the last entry. */
  readonly start: number;
  readonly end: number;
  /** Entries, staleness marks included. */
  readonly count: number;
  readonly bytes: Uint8Array;
}

const same = 0;
const stale = 1;
const int8 = 2;
const int16 = 3;
const int32 = 4;
const whole = 7;
const longestEntry = 16;
const widestInterval = 2 ** 29;

const floats = new Float64Array(2);
const words = new Uint8Array(floats.buffer);

export class ChunkWriter {
  readonly start: number;
  #bytes = new Uint8Array(64);
  #length = 0;
  #count = 0;
  #end: number;
  #interval = 0;
  #value = 0;

  constructor(start: number) {
    this.start = start;
    this.#end = start;
  }

  get count(): number {
    return this.#count;
  }

  get end(): number {
    return this.#end;
  }

  /** Bytes that are held, used or not. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** A gap of days begins a new chunk. */
  fits(time: number): boolean {
    return time - this.#end < widestInterval;
  }

  /** Times must rise; undefined is a staleness mark. */
  append(time: number, value: number | undefined): void {
    this.#reserve();
    const controlAt = this.#length++;
    const interval = time - this.#end;
    const change = interval - this.#interval;
    const isSmall = change >= -7 && change <= 7;
    if (!isSmall) this.#varint(change >= 0 ? change * 2 : -change * 2 - 1);
    const kind = value === undefined ? stale : this.#write(value);
    this.#bytes[controlAt] = ((isSmall ? change + 7 : 15) << 4) | kind;
    this.#interval = interval;
    this.#end = time;
    this.#count++;
    if (value !== undefined) this.#value = value;
  }

  /** What was written so far; with `isFinal` nothing more will be, and the bytes are cut to size. */
  chunk(isFinal = false): Chunk {
    const bytes = isFinal ? this.#bytes.slice(0, this.#length) : this.#bytes.subarray(0, this.#length);
    return { start: this.start, end: this.#end, count: this.#count, bytes };
  }

  #reserve(): void {
    if (this.#length + longestEntry <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#bytes[this.#length++] = rest;
  }

  #write(value: number): number {
    if (Object.is(value, this.#value)) return same;
    const change = value - this.#value;
    if (Number.isSafeInteger(value) && Number.isSafeInteger(this.#value) && !Object.is(value, -0)) {
      if (change >= -128 && change < 128) return this.#integer(change, 1, int8);
      if (change >= -32_768 && change < 32_768) return this.#integer(change, 2, int16);
      if (change >= -(2 ** 31) && change < 2 ** 31) return this.#integer(change, 4, int32);
    }
    floats[0] = this.#value;
    floats[1] = value;
    let differing = 8;
    while (differing > 1 && words[differing - 1] === words[differing + 7]) differing--;
    for (let byte = 0; byte < differing; byte++) this.#bytes[this.#length++] = words[8 + byte] as number;
    return differing === 8 ? whole : whole + differing;
  }

  #integer(change: number, size: number, kind: number): number {
    for (let byte = 0; byte < size; byte++) this.#bytes[this.#length++] = (change >> (8 * byte)) & 255;
    return kind;
  }
}

/** Where a chunk's entries go. */
export interface SampleSink {
  sample(time: number, value: number): void;
  stale(time: number): void;
}

/** Gives all entries to `sink`, in order. Throws RangeError on bytes that no writer wrote. */
export function readChunk(chunk: Chunk, sink: SampleSink): void {
  const { bytes } = chunk;
  let at = 0;
  let time = chunk.start;
  let interval = 0;
  let value = 0;
  for (let entry = 0; entry < chunk.count; entry++) {
    const control = bytes[at++] as number;
    let change = (control >> 4) - 7;
    if (change === 8) {
      let zigzag = 0;
      let shift = 0;
      let byte: number;
      do {
        byte = bytes[at++] as number;
        zigzag += (byte & 127) * 2 ** shift;
        shift += 7;
      } while (byte > 127);
      change = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    interval += change;
    time += interval;
    const kind = control & 15;
    switch (kind) {
      case same:
        break;
      case stale:
        sink.stale(time);
        continue;
      case int8:
        value += ((bytes[at] as number) << 24) >> 24;
        at += 1;
        break;
      case int16:
        value += (((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 24)) >> 16;
        at += 2;
        break;
      case int32:
        value +=
          (bytes[at] as number) |
          ((bytes[at + 1] as number) << 8) |
          ((bytes[at + 2] as number) << 16) |
          ((bytes[at + 3] as number) << 24);
        at += 4;
        break;
      default: {
        const size = kind === whole ? 8 : kind - whole;
        if (kind < whole || kind === 15) throw new RangeError(`no such kind of entry in a chunk: ${kind}`);
        floats[1] = value;
        for (let byte = 0; byte < size; byte++) words[8 + byte] = bytes[at + byte] as number;
        at += size;
        value = floats[1] as number;
      }
    }
    sink.sample(time, value);
  }
  if (at > bytes.length) throw new RangeError("a chunk ends within an entry");
}

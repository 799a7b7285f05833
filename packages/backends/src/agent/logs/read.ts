import { watch } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { formatInstant, type Instant } from "@sluice/kernel";
import { floorOf, rotatedParts, sizeOf } from "./layout.ts";
import { offsetAt, readTimes, timeOf } from "./times.ts";

export interface LogReadOptions {
  readonly follow?: boolean;
  readonly tailLines?: number;
  readonly since?: Instant;
  readonly timestamps?: boolean;
  readonly limitBytes?: number;
}

const chunkBytes = 64 * 1024;
const newline = 10;

/** The log of one run, its rotated parts included, as one stream. Follows until `isEnded` or the signal says so. */
export async function* readLog(
  liveFile: string,
  options: LogReadOptions,
  isEnded: () => boolean,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const bytes = readFrom(liveFile, await startOffset(liveFile, options), options.follow === true, isEnded, signal);
  const stream = options.timestamps === true ? withTimes(liveFile, bytes) : plain(bytes);
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY;
  for await (const chunk of stream) {
    if (chunk.length >= left) {
      yield chunk.subarray(0, left);
      return;
    }
    left -= chunk.length;
    yield chunk;
  }
}

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

async function* plain(pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of pieces) yield bytes;
}

/** The first byte that is still there, or that the options ask for. */
async function startOffset(liveFile: string, { tailLines, since }: LogReadOptions): Promise<number> {
  const first = rotatedParts(liveFile)[0]?.start ?? 0;
  const bySince = since === undefined ? first : Math.max(first, offsetAt(readTimes(liveFile), since));
  if (tailLines === undefined) return bySince;
  return Math.max(bySince, await tailOffset(liveFile, first, tailLines));
}

async function tailOffset(liveFile: string, first: number, lines: number): Promise<number> {
  const end = sizeOf(liveFile) ?? 0;
  if (lines <= 0) return end;
  let missing = lines;
  let position = end;
  while (position > first) {
    const start = Math.max(first, position - chunkBytes);
    const block = await readRange(liveFile, start, position - start);
    for (let index = block.length - 1; index >= 0; index--) {
      if (block[index] !== newline || start + index === end - 1) continue;
      missing--;
      if (missing === 0) return start + index + 1;
    }
    position = start;
  }
  return first;
}

/** Reads across parts. Shorter than asked at the end of a part. */
async function readRange(liveFile: string, start: number, length: number): Promise<Buffer> {
  const parts = rotatedParts(liveFile);
  const part = parts.find((each) => start >= each.start && start < each.end);
  const file = part?.file ?? liveFile;
  const position = part === undefined ? Math.max(start, floorOf(parts)) : start - part.start;
  const within = part === undefined ? length : Math.min(length, part.end - start);
  let handle: FileHandle;
  try {
    handle = await open(file, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const buffer = Buffer.alloc(within);
    const { bytesRead } = await handle.read(buffer, 0, within, position);
    const read = buffer.subarray(0, bytesRead);
    // Between our look at the parts and the read, the live file may have got its hole: then the part has it.
    if (part === undefined && start < floorOf(rotatedParts(liveFile))) return readRange(liveFile, start, length);
    return read;
  } finally {
    await handle.close();
  }
}

async function* readFrom(
  liveFile: string,
  start: number,
  follow: boolean,
  isEnded: () => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<Piece> {
  let offset = start;
  const changes = follow ? new Changes(dirname(liveFile), signal) : undefined;
  try {
    for (;;) {
      if (signal?.aborted === true) return;
      const wasEnded = isEnded();
      const oldest = rotatedParts(liveFile)[0]?.start ?? 0;
      offset = Math.max(offset, oldest);
      const bytes = offset < (sizeOf(liveFile) ?? 0) ? await readRange(liveFile, offset, chunkBytes) : Buffer.alloc(0);
      if (bytes.length > 0) {
        yield { offset, bytes };
        offset += bytes.length;
      } else if (changes === undefined || wasEnded) {
        return;
      } else {
        await changes.next();
      }
    }
  } finally {
    changes?.close();
  }
}

const lookAgainMillis = 250;

/** Wakes when something in the folder changes, and now and then anyway: an ending run changes another folder. */
class Changes {
  #wake: () => void = () => {};
  #hasNews = false;
  readonly #close: () => void;

  constructor(folder: string, signal: AbortSignal | undefined) {
    const note = () => {
      this.#hasNews = true;
      this.#wake();
    };
    signal?.addEventListener("abort", note);
    let closeWatch = () => {};
    try {
      const watcher = watch(folder, note);
      watcher.on("error", note);
      closeWatch = () => watcher.close();
    } catch {
      // Then looking now and then has to do.
    }
    this.#close = () => {
      signal?.removeEventListener("abort", note);
      closeWatch();
    };
  }

  async next(): Promise<void> {
    if (!this.#hasNews) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookAgainMillis);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#hasNews = false;
  }

  close(): void {
    this.#close();
  }
}

async function* withTimes(liveFile: string, pieces: AsyncIterable<Piece>): AsyncGenerator<Uint8Array> {
  let marks = readTimes(liveFile);
  let isLineStart = true;
  for await (const { offset, bytes } of pieces) {
    if (timeOf(marks, offset + bytes.length - 1) === undefined) marks = readTimes(liveFile);
    const out: Uint8Array[] = [];
    let from = 0;
    while (from < bytes.length) {
      const end = bytes.indexOf(newline, from);
      const to = end === -1 ? bytes.length : end + 1;
      if (isLineStart)
        out.push(Buffer.from(`${formatInstant(timeOf(marks, offset + from) ?? (Date.now() as Instant), "millis")} `));
      out.push(bytes.subarray(from, to));
      isLineStart = end !== -1;
      from = to;
    }
    yield Buffer.concat(out);
  }
}

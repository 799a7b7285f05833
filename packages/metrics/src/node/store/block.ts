import { closeSync, openSync, readSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Chunk } from "../../storage/chunk.ts";
import { ByteReader, ByteWriter } from "./byte-writer.ts";

/**
 * A block is a file that never changes: the chunks of all series over some while, then an index by series, then a
 * footer of fixed size. It gets its name only when it is whole and on the disk.
 */
export interface BlockSeries {
  readonly ref: number;
  readonly chunks: readonly Chunk[];
}

const magic = 0x534c4d31;
const footerBytes = 40;
const pieceBytes = 1024 * 1024;

function writeChunks(writer: ByteWriter, chunks: readonly Chunk[]): void {
  for (const chunk of chunks) {
    writer.float(chunk.start);
    writer.float(chunk.end);
    writer.varint(chunk.count);
    writer.varint(chunk.bytes.length);
    writer.raw(chunk.bytes);
  }
}

function readChunks(bytes: Buffer): Chunk[] {
  const reader = new ByteReader(bytes);
  const chunks: Chunk[] = [];
  while (!reader.isAtEnd) {
    const [start, end, count, length] = [reader.float(), reader.float(), reader.varint(), reader.varint()];
    chunks.push({ start, end, count, bytes: reader.raw(length) });
  }
  return chunks;
}

/** In pieces, so that a large block doesn't hold up everything else. */
export async function writeBlock(path: string, all: readonly BlockSeries[]): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, "w", 0o600);
  try {
    const piece = new ByteWriter(pieceBytes + 65_536);
    const index = new ByteWriter(all.length * 16 + 64);
    let offset = 0;
    let minTime = Number.POSITIVE_INFINITY;
    let maxTime = Number.NEGATIVE_INFINITY;
    for (const { ref, chunks } of [...all].sort((one, other) => one.ref - other.ref)) {
      const from = piece.length;
      writeChunks(piece, chunks);
      const bytes = piece.view().subarray(from);
      for (const value of [ref, offset, bytes.length, crc32(bytes)]) index.word(value);
      offset += bytes.length;
      for (const chunk of chunks) {
        minTime = Math.min(minTime, chunk.start);
        maxTime = Math.max(maxTime, chunk.end);
      }
      if (piece.length < pieceBytes) continue;
      await file.writeFile(piece.view());
      piece.clear();
    }
    const footer = new ByteWriter(footerBytes);
    footer.float(minTime);
    footer.float(maxTime);
    footer.float(offset);
    for (const value of [index.length, crc32(index.view()), all.length, magic]) footer.word(value);
    piece.raw(index.view());
    piece.raw(footer.view());
    await file.writeFile(piece.view());
    await file.sync();
  } catch (thrown) {
    await file.close();
    await rm(temporary, { force: true });
    throw thrown;
  }
  await file.close();
  await rename(temporary, path);
}

export class Block {
  readonly path: string;
  readonly size: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly #indexOffset: number;
  readonly #indexLength: number;
  readonly #indexChecksum: number;
  /** Four words a series: ref, offset, length, checksum; read when first asked for. */
  #index: Uint32Array | undefined;
  #file: number | undefined;

  private constructor(path: string, size: number, footer: ByteReader) {
    this.path = path;
    this.size = size;
    this.minTime = footer.float();
    this.maxTime = footer.float();
    this.#indexOffset = footer.float();
    this.#indexLength = footer.word();
    this.#indexChecksum = footer.word();
  }

  /** Undefined where the file is no whole block. */
  static open(path: string): Block | undefined {
    const size = statSync(path).size;
    if (size < footerBytes) return undefined;
    const file = openSync(path, "r");
    try {
      const footer = Buffer.alloc(footerBytes);
      readSync(file, footer, 0, footerBytes, size - footerBytes);
      if (footer.readUInt32LE(footerBytes - 4) !== magic) return undefined;
      return new Block(path, size, new ByteReader(footer));
    } finally {
      closeSync(file);
    }
  }

  get isOpen(): boolean {
    return this.#file !== undefined;
  }

  #read(offset: number, length: number): Buffer {
    this.#file ??= openSync(this.path, "r");
    const bytes = Buffer.allocUnsafe(length);
    const count = readSync(this.#file, bytes, 0, length, offset);
    if (count !== length) throw new RangeError(`a block of samples is shorter than its index says`);
    return bytes;
  }

  #entries(): Uint32Array {
    if (this.#index !== undefined) return this.#index;
    const bytes = this.#read(this.#indexOffset, this.#indexLength);
    if (crc32(bytes) !== this.#indexChecksum) throw new RangeError("the index of a block of samples is damaged");
    this.#index = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return this.#index;
  }

  /** The numbers of all series in the block. */
  *refs(): Generator<number> {
    const entries = this.#entries();
    for (let at = 0; at < entries.length; at += 4) yield entries[at] as number;
  }

  chunks(ref: number): readonly Chunk[] {
    const entries = this.#entries();
    let low = 0;
    let high = entries.length / 4;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((entries[middle * 4] as number) < ref) low = middle + 1;
      else high = middle;
    }
    if (entries[low * 4] !== ref) return [];
    const [offset, length, checksum] = entries.subarray(low * 4 + 1, low * 4 + 4);
    const bytes = this.#read(offset as number, length as number);
    if (crc32(bytes) !== checksum) throw new RangeError("a series in a block of samples is damaged");
    return readChunks(bytes);
  }

  /** Gives back the descriptor and the index; both come again when asked for. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#index = undefined;
  }
}

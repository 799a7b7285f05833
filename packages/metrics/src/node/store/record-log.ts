import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { crc32 } from "node:zlib";

const headBytes = 8;
const recordMax = 256 * 1024 * 1024;

/**
 * A file of records, each with its length and checksum, only ever appended to. A torn tail, from a crash or a full
 * disk, is cut off: what stands before it is whole.
 */
export class RecordLog {
  readonly path: string;
  /** Undefined until the disk lets the file be made. */
  #file: number | undefined;
  #size = 0;

  private constructor(path: string, size: number) {
    this.path = path;
    this.#size = size;
  }

  /**
   * Gives each whole record to `visit` before it returns; `cut` is how many bytes of a torn tail were dropped. A file
   * that can't be made yet is made by the first append that can.
   */
  static open(path: string, visit: (record: Buffer) => void): { log: RecordLog; cut: number } {
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    let at = 0;
    while (at + headBytes <= bytes.length) {
      const length = bytes.readUInt32LE(at);
      const end = at + headBytes + length;
      if (length > recordMax || end > bytes.length) break;
      const record = bytes.subarray(at + headBytes, end);
      if (crc32(record) !== bytes.readUInt32LE(at + 4)) break;
      visit(record);
      at = end;
    }
    if (at < bytes.length) truncateSync(path, at);
    return { log: new RecordLog(path, at), cut: bytes.length - at };
  }

  get size(): number {
    return this.#size;
  }

  /** In the page cache when it returns: a killed process loses nothing. Throws what the disk says, and leaves no half. */
  append(record: Uint8Array): void {
    const bytes = Buffer.allocUnsafe(headBytes + record.length);
    bytes.writeUInt32LE(record.length, 0);
    bytes.writeUInt32LE(crc32(record), 4);
    bytes.set(record, headBytes);
    this.#file ??= openSync(this.path, "a", 0o600);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
      this.#size += bytes.length;
    } catch (thrown) {
      ftruncateSync(this.#file, this.#size);
      throw thrown;
    }
  }

  sync(): void {
    if (this.#file !== undefined) fdatasyncSync(this.#file);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

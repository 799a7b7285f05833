import { type FieldSpan, isText, isToken, scanField } from "./fields.ts";

/** Length of a body that ends with its connection. */
export const untilClose = -2;
/** Length of a chunked body. */
export const chunkedLength = -1;

const maxLineBytes = 4096;
const maxTrailerBytes = 16_384;

const step = {
  size: 0,
  extension: 1,
  sizeEnd: 2,
  data: 3,
  dataCr: 4,
  dataLf: 5,
  trailer: 6,
  lineEnd: 7,
  lastEnd: 8,
} as const;
type Step = (typeof step)[keyof typeof step];

/**
 * Follows a message's body through whatever pieces it comes in, so that it can be passed on as it is.
 * Chunked framing is checked byte by byte and as strictly as fields are.
 */
export class BodyFollower {
  #left = 0;
  #step: Step = step.data;
  #chunked = false;
  #untilClose = false;
  #digits = 0;
  #lineBytes = 0;
  #trailer = "";
  /** The body is complete. */
  isDone = true;
  /** Its framing is broken; nothing after that point can be trusted. */
  isBroken = false;
  /** Where set, the ranges of the data itself are noted, for peers that don't know chunks. */
  ranges: { start: number; end: number }[] | undefined;

  /** Starts on a body: its bytes, or one of the lengths above. */
  start(length: number): void {
    this.isBroken = false;
    this.#chunked = length === chunkedLength;
    this.#untilClose = length === untilClose;
    this.#left = Math.max(length, 0);
    this.isDone = length === 0;
    if (this.#chunked) {
      this.#step = step.size;
      this.#digits = 0;
      this.#lineBytes = 0;
      this.#trailer = "";
    }
  }

  /** Takes bytes from `from` on; gives where the body ends in them, or `to` where it goes on. */
  take(bytes: Uint8Array, from: number, to: number): number {
    if (this.#chunked) return this.#takeChunks(bytes, from, to);
    if (this.#untilClose) return to;
    const available = to - from;
    if (available < this.#left) {
      this.#left -= available;
      return to;
    }
    const end = from + this.#left;
    this.#left = 0;
    this.isDone = true;
    return end;
  }

  #takeChunks(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && !this.isDone) {
      if (this.#step === step.data) {
        const end = Math.min(to, at + this.#left);
        this.ranges?.push({ start: at, end });
        this.#left -= end - at;
        at = end;
        if (this.#left === 0) this.#step = step.dataCr;
        continue;
      }
      if (!this.#frame(bytes[at++] ?? 0)) {
        this.isBroken = true;
        return at;
      }
    }
    return at;
  }

  /** One byte of framing; false where it doesn't belong there. */
  #frame(byte: number): boolean {
    switch (this.#step) {
      case step.size: {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          this.#left = this.#left * 16 + digit;
          return ++this.#digits <= 12;
        }
        if (this.#digits === 0) return false;
        if (byte === 0x0d) this.#step = step.sizeEnd;
        else if (byte === 0x3b) this.#step = step.extension;
        else return false;
        return true;
      }
      case step.extension:
        if (byte === 0x0d) this.#step = step.sizeEnd;
        else if (!isText(byte) || ++this.#lineBytes > maxLineBytes) return false;
        return true;
      case step.sizeEnd:
        this.#step = this.#left === 0 ? step.trailer : step.data;
        this.#lineBytes = 0;
        return byte === 0x0a;
      case step.dataCr:
        this.#step = step.dataLf;
        return byte === 0x0d;
      case step.dataLf:
        this.#step = step.size;
        this.#digits = 0;
        return byte === 0x0a;
      case step.trailer:
        if (byte === 0x0d) {
          this.#step = this.#lineBytes === 0 ? step.lastEnd : step.lineEnd;
          return true;
        }
        this.#lineBytes++;
        this.#trailer += String.fromCharCode(byte);
        return (isText(byte) || isToken(byte)) && this.#trailer.length <= maxTrailerBytes;
      case step.lineEnd:
        this.#step = step.trailer;
        this.#lineBytes = 0;
        this.#trailer += "\r\n";
        return byte === 0x0a;
      default:
        this.isDone = byte === 0x0a;
        return this.isDone && (this.#trailer === "" || isTrailer(this.#trailer));
    }
  }
}

const refusedTrailers = new Set(["transfer-encoding", "content-length", "host", "connection", "trailer", "te"]);

/** Fields that say where a message ends or where it goes can't come after it. */
function isTrailer(lines: string): boolean {
  const span: FieldSpan = { nameEnd: 0, valueStart: 0, valueEnd: 0, next: 0 };
  for (let at = 0; at < lines.length; at = span.next) {
    if (!scanField(lines, at, span)) return false;
    if (refusedTrailers.has(lines.substring(at, span.nameEnd).toLowerCase())) return false;
  }
  return true;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

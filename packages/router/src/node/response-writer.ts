import type { Socket } from "node:net";
import type { HeaderChanges } from "../table.ts";
import { BodyFollower, chunkedLength, untilClose } from "./body.ts";
import { changedFields } from "./outgoing-head.ts";
import type { RequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { writeCopy, writeHeadAndCopy } from "./write-bytes.ts";

/** What the route adds to a response. */
export interface Additions {
  readonly changes: HeaderChanges | undefined;
  /** A field line, or "". */
  readonly setCookie: string;
}

/** Passes a backend's response on, as the client's version of HTTP can take it. */
export class ResponseWriter {
  readonly #socket: Socket;
  readonly #body = new BodyFollower();
  #unchunk = false;
  /** Of the response under way; absent until its head is there. */
  head: ResponseHead | undefined;
  /** The client's connection can carry another request after it. */
  keep = false;
  /** The backend sent bytes beyond its response. */
  hasMore = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isDone(): boolean {
    return this.#body.isDone;
  }

  get isBroken(): boolean {
    return this.#body.isBroken;
  }

  /** The client can tell a part from the whole. */
  get isFramed(): boolean {
    return this.head?.length !== untilClose && !this.#unchunk;
  }

  /** Writes the head and what came along of the body. False where the client is slower than we are. */
  start(
    request: RequestHead,
    head: ResponseHead,
    mayKeep: boolean,
    additions: Additions,
    bytes: Buffer,
    from: number,
    to: number,
  ): boolean {
    const isBodiless = request.method === "HEAD" || head.status === 204 || head.status === 304;
    const length = isBodiless ? 0 : head.length;
    this.head = head;
    this.#body.start(length);
    this.#unchunk = length === chunkedLength && request.minorVersion === 0;
    this.keep = mayKeep && length !== untilClose && !this.#unchunk;

    let text = headText(head, additions);
    if (!this.keep) text += "Connection: close\r\n\r\n";
    else if (request.minorVersion === 0) text += "Connection: keep-alive\r\n\r\n";
    else text += "\r\n";
    if (this.#unchunk) {
      this.#socket.write(text.replace(/\r\ntransfer-encoding:[^\r]*/i, ""), "latin1");
      return this.write(bytes, from, to);
    }
    const end = this.isDone ? from : this.#body.take(bytes, from, to);
    this.hasMore = end < to;
    return writeHeadAndCopy(this.#socket, text, bytes, from, end);
  }

  /** Writes more of the body. False where the client is slower than we are. */
  write(bytes: Buffer, from: number, to: number): boolean {
    if (this.#unchunk) return this.#writeData(bytes, from, to);
    const end = this.#body.take(bytes, from, to);
    this.hasMore = end < to;
    return writeCopy(this.#socket, bytes, from, end);
  }

  /** The data of chunks without their framing. */
  #writeData(bytes: Buffer, from: number, to: number): boolean {
    const ranges: { start: number; end: number }[] = [];
    this.#body.ranges = ranges;
    this.hasMore = this.#body.take(bytes, from, to) < to;
    this.#body.ranges = undefined;
    let isFlowing = true;
    for (const { start, end } of ranges) isFlowing = writeCopy(this.#socket, bytes, start, end);
    return isFlowing;
  }

  /** The exchange is over. */
  clear(): void {
    this.head = undefined;
    this.#unchunk = false;
  }
}

/** Status line and fields, without the empty line. */
export function headText(head: ResponseHead, { changes, setCookie }: Additions): string {
  const lines = changes === undefined ? head.lines : changedFields(head.lines, changes);
  return `HTTP/1.1 ${head.statusText}\r\n${lines}${setCookie}`;
}

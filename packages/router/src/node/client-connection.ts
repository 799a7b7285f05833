import type { Socket } from "node:net";
import type { VirtualHost } from "../route.ts";
import { Exchange, type ExchangeOwner } from "./exchange.ts";
import { answerText } from "./local-answer.ts";
import { isRefusal, parseRequestHead } from "./request-head.ts";
import type { SharedState } from "./shared-state.ts";
import type { RoutedBackend } from "./upstream.ts";

const maxHeadBytes = 16_384;
const maxTargetBytes = 8192;
/** Bytes of later requests that are kept while one is answered. */
const maxPendingBytes = 65_536;
const headTimeoutMillis = 60_000;
const idleTimeoutMillis = 75_000;
const lingerMillis = 3000;

/**
 * What the client is doing: sending a head; being served, by the exchange; or being got rid of, with what it still
 * sends thrown away so that it can read its answer.
 */
type Phase = "head" | "exchange" | "leaving" | "closed";

/** One client's connection: takes up its requests one after the other, until either side has had enough. */
export class ClientConnection implements ExchangeOwner {
  readonly socket: Socket;
  readonly #shared: SharedState;
  /** The same for each request: one is over before the next begins. */
  readonly #exchange: Exchange;
  #phase: Phase = "head";
  #pending: Buffer | undefined;
  #isPumping = false;
  #deadline: number;

  /** `fixedHost` where the address alone says which host is meant. */
  constructor(socket: Socket, shared: SharedState, fixedHost?: () => VirtualHost<RoutedBackend> | undefined) {
    this.socket = socket;
    this.#shared = shared;
    const address = socket.remoteAddress ?? "unknown";
    const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
    const sender = { address: plain, forwardedFor: `X-Forwarded-For: ${plain}\r\n` };
    this.#exchange = new Exchange(this, shared, sender, fixedHost);
    this.#deadline = shared.now() + headTimeoutMillis;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => this.#onDrain());
    socket.on("end", () => this.#onEnd());
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#onClose());
  }

  /** True where it waits for a request and nothing of one has come. */
  get isIdle(): boolean {
    return this.#phase === "head" && this.#pending === undefined;
  }

  /** Ends it where it has sat for too long outside a request. */
  sweep(now: number): void {
    if (now < this.#deadline) return;
    switch (this.#phase) {
      case "head":
        if (this.#pending !== undefined) this.#refuse(408, "the request's head took too long");
        else this.socket.destroy();
        break;
      case "leaving":
        this.socket.destroy();
        break;
      default:
        break; // a request takes as long as it takes
    }
  }

  destroy(): void {
    this.#phase = "closed";
    this.socket.destroy();
  }

  // What the exchange asks for.

  takeBytes(): Buffer | undefined {
    const bytes = this.#pending;
    this.#pending = undefined;
    return bytes;
  }

  giveBack(bytes: Buffer): void {
    this.#pending = bytes;
  }

  next(): void {
    if (this.#phase === "closed") return;
    this.#phase = "head";
    this.#deadline = this.#shared.now() + idleTimeoutMillis;
    if (this.socket.isPaused()) this.socket.resume();
    if (this.#pending !== undefined) this.#pump();
  }

  leave(): void {
    if (this.#phase === "closed") return;
    this.#phase = "leaving";
    this.#pending = undefined;
    this.#deadline = this.#shared.now() + lingerMillis;
    this.socket.end();
    this.socket.resume();
  }

  closeSoon(): void {
    this.#phase = "closed";
    this.socket.destroySoon();
  }

  reset(): void {
    this.#phase = "closed";
    this.socket.resetAndDestroy();
  }

  // The socket.

  #onData(chunk: Buffer): void {
    switch (this.#phase) {
      case "head":
        this.#hold(chunk);
        this.#pump();
        break;
      case "exchange":
        if (this.#exchange.take(chunk)) break;
        if (this.#hold(chunk) > maxPendingBytes) this.socket.pause();
        break;
      default:
        break;
    }
  }

  #hold(chunk: Buffer): number {
    this.#pending = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
    return this.#pending.length;
  }

  #onDrain(): void {
    if (this.#phase === "head") this.#pump();
    else this.#exchange.onClientDrain();
  }

  #onEnd(): void {
    // Whoever closes before the answer is there doesn't wait for it.
    if (this.#exchange.isUnderWay) this.socket.destroy();
  }

  #onClose(): void {
    this.#phase = "closed";
    this.#pending = undefined;
    this.#exchange.onClientClose();
  }

  // Requests.

  /** Takes up one request after the other, as long as they are there and the client reads its answers. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#phase === "head" && this.#pending !== undefined && !this.socket.writableNeedDrain) {
      if (!this.#readHead(this.#pending)) break;
    }
    this.#isPumping = false;
  }

  /** False where more bytes are needed. */
  #readHead(bytes: Buffer): boolean {
    let start = 0;
    // A line end before a request is forgiven: https://www.rfc-editor.org/rfc/rfc9112#section-2.2-6
    while (bytes[start] === 0x0d && bytes[start + 1] === 0x0a) start += 2;
    const end = bytes.indexOf("\r\n\r\n", start, "latin1");
    if (end < 0 || end - start > maxHeadBytes) {
      const length = bytes.length - start;
      const first = bytes[start] ?? 0x41;
      if (first < 0x21 && first !== 0x0d) this.#refuse(400, "this is no HTTP request");
      else if (bytes.includes("\n\n", start, "latin1")) this.#refuse(400, "lines end in CRLF");
      else if (length > maxTargetBytes && bytes.lastIndexOf("\r\n", maxTargetBytes) < start)
        this.#refuse(414, `the request line is longer than ${maxTargetBytes} bytes`);
      else if (length > maxHeadBytes) this.#refuse(431, `the head is longer than ${maxHeadBytes} bytes`);
      else if (start > 0) this.#pending = length === 0 ? undefined : bytes.subarray(start);
      return false;
    }
    const head = parseRequestHead(bytes.toString("latin1", start, end + 4));
    if (isRefusal(head)) {
      this.#refuse(head.code, head.reason);
      return false;
    }
    this.#pending = end + 4 < bytes.length ? bytes.subarray(end + 4) : undefined;
    this.#phase = "exchange";
    this.#exchange.begin(head);
    return true;
  }

  /** Answers what is no request at all, and ends the connection: where the next one starts can't be known. */
  #refuse(code: number, reason: string): void {
    const { stats, unmatched } = this.#shared;
    stats.requests++;
    unmatched.count("OTHER", code, 0);
    const error = code === 431 || code === 414 ? "TooLarge" : "BadRequest";
    this.socket.write(answerText({ code, error, message: reason }, "close", false));
    this.leave();
  }
}

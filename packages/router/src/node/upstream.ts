import { connect, type Socket } from "node:net";
import { Backend } from "../backend.ts";
import type { VersionCounts } from "../request-metrics.ts";
import type { EndpointEntry, ServiceEntry } from "../table.ts";
import { fieldValue } from "./fields.ts";
import { parseResponseHead, type ResponseHead } from "./response-head.ts";

/** Why a backend gave no (whole) response. `refused`: it never heard of the request. */
export type UpstreamFailure = "refused" | "closed" | "malformed";

/** What a connection to a backend tells the request that it carries. */
export interface UpstreamListener {
  onConnected(upstream: Upstream): void;
  /** A 1xx that stands before the response. */
  onInformation(upstream: Upstream, head: ResponseHead): void;
  /** The bytes of the body that came along are `bytes` from `from` to `to`; they must be used at once. */
  onHead(upstream: Upstream, head: ResponseHead, bytes: Buffer, from: number, to: number): void;
  onBody(upstream: Upstream, bytes: Buffer, from: number, to: number): void;
  /** The backend speaks `protocol` from here on; `bytes` from `from` to `to` are its first in it. */
  onUpgrade(upstream: Upstream, head: ResponseHead, protocol: string, bytes: Buffer, from: number, to: number): void;
  /** Bytes of the protocol that was agreed on, to be used at once. */
  onTunnel(upstream: Upstream, bytes: Buffer, from: number, to: number): void;
  /** The connection has ended after a response's head; `isClean` where it wasn't torn. */
  onEnd(upstream: Upstream, isClean: boolean): void;
  onDrain(upstream: Upstream): void;
  onFailure(upstream: Upstream, failure: UpstreamFailure): void;
}

const maxHeadBytes = 65_536;
/** How long an idle connection is kept where its backend doesn't say; many servers close after 5 s. */
const idleMillis = 4000;
/** Given up this long before the backend does, so that a request and its closing seldom cross. */
const idleMarginMillis = 1000;
const maxIdle = 512;

/**
 * All connections read into this one: a read is used up before the next one starts, whoever's it is, so what is kept
 * or written is copied out. It saves an allocation of 64 KiB for each read.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** A backend with its connections and its counters. */
export class RoutedBackend extends Backend {
  readonly counts: VersionCounts;
  readonly #idle: Upstream[] = [];
  readonly #now: () => number;
  /** Of copies that it got; absent until the first. */
  mirrorCounts: VersionCounts | undefined;
  #isLeaving = false;

  constructor(
    key: string,
    service: ServiceEntry,
    endpoint: EndpointEntry,
    port: number,
    counts: VersionCounts,
    now: () => number,
  ) {
    super(key, service, endpoint, port);
    this.counts = counts;
    this.#now = now;
  }

  /** An idle connection that was in use not longer than `maxIdleMillis` ago, the freshest first. */
  take(maxIdleMillis: number): Upstream | undefined {
    const upstream = this.#idle.at(-1);
    if (upstream === undefined) return undefined;
    const now = this.#now();
    if (now - upstream.idleSince > Math.min(maxIdleMillis, upstream.keepMillis)) return undefined;
    this.#idle.pop();
    return upstream.socket.destroyed ? undefined : upstream;
  }

  connect(listener: UpstreamListener): Upstream {
    return new Upstream(this, listener);
  }

  release(upstream: Upstream): void {
    if (this.#isLeaving || this.#idle.length >= maxIdle) {
      upstream.destroy();
      return;
    }
    upstream.idleSince = this.#now();
    this.#idle.push(upstream);
  }

  forget(upstream: Upstream): void {
    const place = this.#idle.indexOf(upstream);
    if (place >= 0) this.#idle.splice(place, 1);
  }

  /** Closes what has been idle for too long. */
  sweep(): void {
    const now = this.#now();
    // The longest idle stand first.
    while (this.#idle[0] !== undefined && now - this.#idle[0].idleSince > this.#idle[0].keepMillis) {
      this.#idle.shift()?.destroy();
    }
  }

  /** It gets nothing new: idle connections end now, the others with their request. A server that ends waits for both. */
  leave(): void {
    this.#isLeaving = true;
    this.closeIdle();
  }

  closeIdle(): void {
    for (const upstream of this.#idle.splice(0)) upstream.destroy();
  }
}

type Phase = "connecting" | "idle" | "head" | "body" | "tunnel" | "closed";

/** One connection to a backend, carrying one request at a time. */
export class Upstream {
  readonly backend: RoutedBackend;
  readonly socket: Socket;
  idleSince = 0;
  keepMillis = idleMillis;
  /** It has carried a request before: the backend may just be closing it. */
  isReused = false;
  #listener: UpstreamListener | undefined;
  #phase: Phase = "connecting";
  #head = "";

  constructor(backend: RoutedBackend, listener: UpstreamListener) {
    this.backend = backend;
    this.#listener = listener;
    this.socket = connect({
      host: backend.address,
      port: backend.port,
      noDelay: true,
      onread: { buffer: readBuffer, callback: (count, bytes) => this.#onRead(count, bytes as Buffer) },
    });
    this.socket.on("connect", () => {
      if (this.#phase === "connecting") this.#listener?.onConnected(this);
    });
    this.socket.on("drain", () => this.#listener?.onDrain(this));
    this.socket.on("end", () => this.#onEnd());
    this.socket.on("error", () => {}); // "close" follows, and tells all there is to do
    this.socket.on("close", () => this.#onEnd());
  }

  /** Binds an idle connection to its next request. */
  attach(listener: UpstreamListener): void {
    this.#listener = listener;
    this.isReused = true;
  }

  /** Sends a head and what is there of the body. False where the backend is slower than we are. */
  send(head: string, body: Uint8Array | undefined): boolean {
    this.#phase = "head";
    if (body === undefined || body.length === 0) return this.socket.write(head, "latin1");
    if (body.length <= 8192) return this.socket.write(head + asLatin1(body), "latin1");
    this.socket.cork();
    this.socket.write(head, "latin1");
    const isFlowing = this.socket.write(body);
    this.socket.uncork();
    return isFlowing;
  }

  /** The request is over; the connection waits for the next one, or ends. */
  release(keep: boolean, keepAliveSeconds: number | undefined): void {
    this.#listener = undefined;
    if (!keep || this.#phase === "closed" || this.socket.destroyed) {
      this.destroy();
      return;
    }
    this.#phase = "idle";
    if (keepAliveSeconds !== undefined) {
      this.keepMillis = Math.max(0, Math.min(keepAliveSeconds * 1000 - idleMarginMillis, 60_000));
    }
    this.backend.release(this);
  }

  /** Takes the backend for unreachable, where it still hasn't taken the connection. */
  giveUp(): void {
    if (this.#phase === "connecting") this.#fail("refused");
  }

  destroy(): void {
    this.#listener = undefined;
    this.#phase = "closed";
    this.socket.destroy();
  }

  /** Ends once what was written has gone out. */
  finish(): void {
    this.#listener = undefined;
    this.#phase = "closed";
    this.socket.destroySoon();
  }

  #onRead(count: number, bytes: Buffer): boolean {
    switch (this.#phase) {
      case "head":
        this.#readHead(bytes, 0, count);
        break;
      case "body":
        this.#listener?.onBody(this, bytes, 0, count);
        break;
      case "tunnel":
        this.#listener?.onTunnel(this, bytes, 0, count);
        break;
      case "connecting":
      case "idle":
        // Nobody asked: whatever this is, it must not become the answer to the next request.
        this.backend.forget(this);
        this.#fail("malformed");
        break;
      case "closed":
        break;
    }
    return true;
  }

  #readHead(bytes: Buffer, from: number, to: number): void {
    const before = this.#head.length;
    const text = before === 0 ? bytes.toString("latin1", from, to) : this.#head + bytes.toString("latin1", from, to);
    const end = text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (end < 0) {
      this.#head = text;
      if (text.length > maxHeadBytes) this.#fail("malformed");
      return;
    }
    this.#head = "";
    const head = parseResponseHead(text, end + 4);
    if (head === undefined) {
      this.#fail("malformed");
      return;
    }
    const bodyFrom = from + end + 4 - before;
    if (head.status === 101) {
      this.#phase = "tunnel";
      this.#listener?.onUpgrade(this, head, fieldValue(text, "upgrade") ?? "", bytes, bodyFrom, to);
      return;
    }
    if (head.status >= 200) {
      this.#phase = "body";
      this.#listener?.onHead(this, head, bytes, bodyFrom, to);
      return;
    }
    this.#listener?.onInformation(this, head);
    if (bodyFrom < to && this.#phase === "head") this.#readHead(bytes, bodyFrom, to);
  }

  #onEnd(): void {
    const phase = this.#phase;
    if (phase === "closed") return;
    if (phase === "idle") this.backend.forget(this);
    if (phase === "body" || phase === "tunnel") {
      const listener = this.#listener;
      const isClean = this.socket.errored === null;
      this.destroy();
      listener?.onEnd(this, isClean);
      return;
    }
    this.#fail(phase === "connecting" ? "refused" : this.#head === "" ? "closed" : "malformed");
  }

  #fail(failure: UpstreamFailure): void {
    const listener = this.#listener;
    this.destroy();
    listener?.onFailure(this, failure);
  }
}

const asLatin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

import type { Socket } from "node:net";
import { millis, type Timer } from "@sluice/kernel";
import type { BackendSet } from "../backend.ts";
import { rewritePath } from "../match.ts";
import type { VersionCounts } from "../request-metrics.ts";
import { hasRetryBudget, retriesFailure, retriesStatus, retryWaitMillis, type TryFailure } from "../retry-policy.ts";
import { ringChoice } from "../rings.ts";
import {
  type ChosenRoute,
  chooseDestination,
  chooseRoute,
  otherDestination,
  type Route,
  ringDestination,
  type VirtualHost,
} from "../routing.ts";
import type { RetryEntry, RingsEntry } from "../table.ts";
import { BodyFollower, chunkedLength, untilClose } from "./body.ts";
import { fieldValue } from "./fields.ts";
import { answerText } from "./local-answer.ts";
import { type MirroredRequest, mirror } from "./mirrored-request.ts";
import { changedFields, mirrorHead, outgoingHead, type Sender } from "./outgoing-head.ts";
import { isRefusal, parseRequestHead, type RequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { mintStickyValue, normalPath, redirectLocation, routeRequest, stickyValue } from "./route-request.ts";
import type { SharedState } from "./shared-state.ts";
import type { RoutedBackend, Upstream, UpstreamFailure, UpstreamListener } from "./upstream.ts";
import { writeCopy, writeHeadAndCopy } from "./write-bytes.ts";

const maxHeadBytes = 16_384;
const maxTargetBytes = 8192;
/** Bytes of later requests that are kept while one is answered. */
const maxPendingBytes = 65_536;
const headTimeoutMillis = 60_000;
const idleTimeoutMillis = 75_000;
const lingerMillis = 3000;
/** What can't be sent twice takes only a connection that was in use a moment ago, else a new one. */
const freshMillis = 1000;
const suspectMillis = 1000;
const maxAttempts = 4;
const connectTimeoutMillis = 5000;

/** https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * What the client is doing: sending a head, sending a body, waiting for its answer, speaking another protocol with
 * its backend; or being got rid of, with what it still sends thrown away so that it can read its answer.
 */
type Phase = "head" | "body" | "waiting" | "tunnel" | "leaving" | "closed";

/** One client's connection and the request that it has under way. */
export class ClientConnection implements UpstreamListener {
  readonly #socket: Socket;
  readonly #shared: SharedState;
  /** Set where the address alone says which host is meant. */
  readonly #fixedHost: (() => VirtualHost<RoutedBackend> | undefined) | undefined;
  readonly #sender: Sender;
  #phase: Phase = "head";
  #pending: Buffer | undefined;
  #isPumping = false;
  #deadline: number;

  // The request under way.
  #head: RequestHead | undefined;
  #startedAt = 0;
  readonly #body = new BodyFollower();
  #firstBody: Buffer | undefined;
  /** Part of the body has gone to a backend and is forgotten here: no second try. */
  #isStreamed = false;
  /** Copies under way that want the rest of the body. */
  #mirrors: readonly MirroredRequest[] | undefined;
  #route: Route<RoutedBackend> | undefined;
  #set: BackendSet<RoutedBackend> | undefined;
  #counts: VersionCounts | undefined;
  #outgoing = "";
  #setCookie = "";
  #backend: RoutedBackend | undefined;
  #upstream: Upstream | undefined;
  #tried: Set<RoutedBackend> | undefined;
  #attempts = 0;
  #policyRetries = 0;
  #isRetrying = false;
  #timeout: Timer | undefined;
  #tryTimeout: Timer | undefined;
  #retryTimer: Timer | undefined;
  #connectTimeout: Timer | undefined;

  // Its response.
  readonly #response = new BodyFollower();
  #responseHead: ResponseHead | undefined;
  #keep = false;
  #unchunk = false;

  constructor(socket: Socket, shared: SharedState, fixedHost?: () => VirtualHost<RoutedBackend> | undefined) {
    this.#socket = socket;
    this.#shared = shared;
    this.#fixedHost = fixedHost;
    const address = socket.remoteAddress ?? "unknown";
    const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
    this.#sender = { address: plain, forwardedFor: `X-Forwarded-For: ${plain}\r\n` };
    this.#deadline = shared.now() + headTimeoutMillis;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("drain", () => this.#onClientDrain());
    socket.on("end", () => this.#onClientEnd());
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.#onClientClose());
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
        else this.#socket.destroy();
        break;
      case "leaving":
        this.#socket.destroy();
        break;
      default:
        break; // a request takes as long as it takes
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  // The client.

  #onData(chunk: Buffer): void {
    switch (this.#phase) {
      case "head":
        this.#pending = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
        this.#pump();
        break;
      case "body":
        this.#onBodyData(chunk);
        break;
      case "waiting":
        this.#pending = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk]);
        if (this.#pending.length > maxPendingBytes) this.#socket.pause();
        break;
      case "tunnel":
        if (this.#upstream?.socket.write(chunk) === false) this.#socket.pause();
        break;
      default:
        break;
    }
  }

  /** Takes up one request after the other, as long as they are there and the client reads its answers. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#phase === "head" && this.#pending !== undefined && !this.#socket.writableNeedDrain) {
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
    this.#begin(head);
    return true;
  }

  #begin(head: RequestHead): void {
    const shared = this.#shared;
    this.#head = head;
    this.#startedAt = shared.now();
    this.#deadline = Number.POSITIVE_INFINITY;
    shared.stats.active++;
    shared.stats.requests++;
    this.#phase = "waiting";
    if (head.length !== 0) {
      this.#body.start(head.length);
      const rest = this.#pending;
      if (rest !== undefined) {
        const end = this.#body.take(rest, 0, rest.length);
        if (this.#body.isBroken) {
          this.#reply(400, "BadRequest", "malformed chunked body", false);
          return;
        }
        this.#firstBody = end === rest.length ? rest : rest.subarray(0, end);
        this.#pending = end === rest.length ? undefined : rest.subarray(end);
      }
      if (!this.#body.isDone) {
        this.#phase = "body";
        // Until a backend is there to take it, the rest stays with the client: so another one can be tried.
        this.#socket.pause();
      }
    }
    this.#chooseRoute(head);
  }

  #chooseRoute(head: RequestHead): void {
    const { routing } = this.#shared;
    const host = this.#fixedHost === undefined ? routing.host(head.host) : this.#fixedHost();
    if (host === undefined) {
      const known = `${routing.hostCount} host${routing.hostCount === 1 ? " is" : "s are"} known`;
      this.#reply(404, "UnknownHost", `no route for host ${JSON.stringify(head.host)}; ${known}`);
      return;
    }
    if (host.always !== undefined && !needsPath(host.always.route)) {
      this.#take(host.always, head, head.target);
      return;
    }
    const question = head.target.indexOf("?");
    const path = normalPath(question < 0 ? head.target : head.target.slice(0, question));
    const query = question < 0 ? "" : head.target.slice(question + 1);
    const chosen = chooseRoute(host, routeRequest(head, path, query));
    if (chosen === undefined) {
      this.#reply(404, "NoRoute", "no route of this host matches the request");
      return;
    }
    const { redirect, rewrite } = chosen.route.entry;
    if (redirect !== undefined) {
      const location = redirectLocation(redirect, head, path, query);
      this.#reply(redirect.code, "Redirect", location, true, `Location: ${location}\r\n`);
      return;
    }
    const newPath = rewrite?.uri === undefined ? path : rewritePath(path, rewrite.uri, chosen.matched);
    this.#take(chosen, head, question < 0 ? newPath : `${newPath}?${query}`);
  }

  #take({ route }: ChosenRoute<RoutedBackend>, head: RequestHead, target: string): void {
    const { fault } = route.entry;
    if (fault === undefined) {
      this.#dispatch(route, head, target);
      return;
    }
    this.#set = route.destinations[0];
    if (this.#hits(fault.delay)) {
      this.#retryTimer = this.#shared.clock.after(millis(fault.delay.millis), () => this.#abort(route, head, target));
    } else this.#abort(route, head, target);
  }

  #hits<Part extends { readonly percent: number }>(part: Part | undefined): part is Part {
    return part !== undefined && (part.percent >= 100 || this.#shared.random.next() * 100 < part.percent);
  }

  /** Answers where the route's fault says so; else the request goes on. */
  #abort(route: Route<RoutedBackend>, head: RequestHead, target: string): void {
    const abort = route.entry.fault?.abort;
    if (!this.#hits(abort)) {
      this.#dispatch(route, head, target);
      return;
    }
    this.#reply(abort.status, "FaultInjected", "the VirtualService's fault answers in place of the Service");
  }

  #dispatch(route: Route<RoutedBackend>, head: RequestHead, target: string): void {
    const { entry } = route;
    const sticky = stickyValue(route, head);
    const set = entry.rings === undefined ? chooseDestination(route, sticky) : this.#inRing(entry.rings, route, head);
    this.#route = route;
    this.#set = set;
    this.#outgoing = outgoingHead(head, target, entry.rewrite?.authority, this.#sender, entry.headers?.request);
    const mints = route.wheel !== undefined && entry.rings === undefined;
    if (set !== undefined && mints && route.stickyCookie !== undefined && sticky === undefined) {
      const value = mintStickyValue(route.weights, route.destinations.indexOf(set));
      this.#setCookie = `Set-Cookie: ${route.stickyCookie}=${value}; Path=/; HttpOnly; SameSite=Lax\r\n`;
    }
    if (route.mirrors !== undefined && head.upgrade === undefined) {
      this.#mirrors = mirror(this.#shared, route.mirrors, () => ({
        method: head.method,
        head: mirrorHead(this.#outgoing),
        firstBody: this.#firstBody,
        isWhole: this.#phase === "waiting",
        timeoutMillis: entry.timeoutMillis,
      }));
    }
    if (this.#phase === "waiting") this.#startTimeout();
    this.#attempt();
  }

  /** Whom a ring names goes where it says, others by their share of the users; who says no name goes by weight. */
  #inRing(rings: RingsEntry, route: Route<RoutedBackend>, head: RequestHead): BackendSet<RoutedBackend> | undefined {
    const choice = ringChoice(rings, { cookies: head.cookie, header: (name) => fieldValue(head.text, name) });
    const set =
      choice.place === undefined
        ? chooseDestination(route, stickyValue(route, head))
        : ringDestination(route, choice.place);
    this.#shared.ringMetrics.count(rings, choice, set !== undefined && set === route.destinations[rings.canary]);
    return set;
  }

  #onBodyData(chunk: Buffer): void {
    const end = this.#body.take(chunk, 0, chunk.length);
    const upstream = this.#upstream;
    if (this.#body.isBroken || upstream === undefined) {
      this.#fail(400, "BadRequest", "malformed chunked body");
      return;
    }
    this.#isStreamed = true;
    this.#firstBody = undefined;
    const body = end === chunk.length ? chunk : chunk.subarray(0, end);
    const isFlowing = upstream.socket.write(body);
    if (this.#mirrors !== undefined) for (const copy of this.#mirrors) copy.write(body, this.#body.isDone);
    if (end < chunk.length) this.#pending = chunk.subarray(end);
    if (this.#body.isDone) {
      this.#phase = "waiting";
      if (this.#responseHead === undefined) this.#startTimeout();
    } else if (!isFlowing) this.#socket.pause();
  }

  #onClientDrain(): void {
    if (this.#upstream !== undefined) this.#upstream.socket.resume();
    else if (this.#phase === "head") this.#pump();
  }

  #onClientEnd(): void {
    // Whoever closes before the answer is there doesn't wait for it.
    if (this.#head !== undefined) this.#socket.destroy();
  }

  #onClientClose(): void {
    if (this.#phase === "tunnel") this.#endTunnel();
    const isUnderWay = this.#head !== undefined;
    this.#phase = "closed";
    this.#pending = undefined;
    if (!isUnderWay) return;
    this.#shared.stats.aborted++;
    this.#dropUpstream();
    this.#record(499);
  }

  // The backend.

  #attempt(): void {
    const shared = this.#shared;
    const backend = this.#chooseBackend(shared.now());
    if (backend === undefined) {
      this.#fail(503, "NoBackendReady", this.#noBackendText());
      return;
    }
    this.#backend = backend;
    this.#counts = backend.counts;
    backend.outstanding++;
    this.#attempts++;
    const perTry = this.#route?.entry.retries?.perTryTimeoutMillis;
    if (perTry !== undefined) this.#tryTimeout = shared.clock.after(millis(perTry), () => this.#onTryTimeout());
    const upstream = backend.take(this.#canRepeat() ? Number.POSITIVE_INFINITY : freshMillis);
    if (upstream === undefined) {
      const connecting = backend.connect(this);
      this.#upstream = connecting;
      this.#connectTimeout = shared.clock.after(millis(connectTimeoutMillis), () => connecting.giveUp());
      return;
    }
    upstream.attach(this);
    this.#upstream = upstream;
    this.onConnected(upstream);
  }

  #chooseBackend(now: number): RoutedBackend | undefined {
    const set = this.#set;
    const backend = set?.choose(now, this.#tried);
    if (backend !== undefined) return backend;
    if (this.#route !== undefined && this.#attempts > 0) {
      const other = otherDestination(this.#route, set)?.choose(now, this.#tried);
      if (other !== undefined) {
        this.#shared.stats.failedOver++;
        return other;
      }
      // A policy's retry may go where the first try went.
      if (this.#isRetrying && this.#policyRetries > 0) return set?.choose(now);
    }
    return undefined;
  }

  #canRepeat(): boolean {
    const isUpgrade = this.#head?.upgrade !== undefined;
    return this.#phase === "waiting" && !isUpgrade && idempotentMethods.has(this.#head?.method ?? "");
  }

  onConnected(upstream: Upstream): void {
    if (this.#connectTimeout !== undefined) {
      this.#connectTimeout.cancel();
      this.#connectTimeout = undefined;
    }
    const isFlowing = upstream.send(this.#outgoing, this.#firstBody);
    if (this.#phase === "body" && isFlowing) this.#socket.resume();
  }

  onDrain(_upstream: Upstream): void {
    if (this.#phase === "body" || this.#phase === "tunnel") this.#socket.resume();
  }

  onInformation(_upstream: Upstream, head: ResponseHead): void {
    if (this.#head?.minorVersion === 1)
      this.#socket.write(`HTTP/1.1 ${head.statusText}\r\n${head.lines}\r\n`, "latin1");
  }

  onHead(upstream: Upstream, head: ResponseHead, bytes: Buffer, from: number, to: number): void {
    const request = this.#head;
    if (request === undefined) return;
    if (this.#retriesOn(head.status)) {
      this.#dropUpstream();
      this.#retryByPolicy();
      return;
    }
    this.#stopTimers();
    const { status } = head;
    const isBodiless = request.method === "HEAD" || status === 204 || status === 304;
    const length = isBodiless ? 0 : head.length;
    this.#responseHead = head;
    this.#response.start(length);
    this.#unchunk = length === chunkedLength && request.minorVersion === 0;
    this.#keep =
      request.keepAlive &&
      this.#phase === "waiting" &&
      !this.#shared.isClosing &&
      length !== untilClose &&
      !this.#unchunk;

    const changes = this.#route?.entry.headers?.response;
    const lines = changes === undefined ? head.lines : changedFields(head.lines, changes);
    let text = `HTTP/1.1 ${head.statusText}\r\n${lines}${this.#setCookie}`;
    if (!this.#keep) text += "Connection: close\r\n\r\n";
    else if (request.minorVersion === 0) text += "Connection: keep-alive\r\n\r\n";
    else text += "\r\n";
    if (this.#unchunk) {
      this.#socket.write(text.replace(/\r\ntransfer-encoding:[^\r]*/i, ""), "latin1");
      this.onBody(upstream, bytes, from, to);
      return;
    }
    const end = this.#response.isDone ? from : this.#response.take(bytes, from, to);
    const isFlowing = writeHeadAndCopy(this.#socket, text, bytes, from, end);
    this.#afterBytes(upstream, end < to, isFlowing);
  }

  onBody(upstream: Upstream, bytes: Buffer, from: number, to: number): void {
    if (this.#unchunk) this.#response.ranges = [];
    const end = this.#response.take(bytes, from, to);
    let isFlowing = true;
    if (this.#unchunk) {
      for (const range of this.#response.ranges ?? []) {
        isFlowing = writeCopy(this.#socket, bytes, range.start, range.end);
      }
      this.#response.ranges = undefined;
    } else isFlowing = writeCopy(this.#socket, bytes, from, end);
    this.#afterBytes(upstream, end < to, isFlowing);
  }

  #afterBytes(upstream: Upstream, hasMore: boolean, isFlowing: boolean): void {
    if (this.#response.isDone) this.#complete(upstream, !hasMore);
    else if (this.#response.isBroken) this.#breakOff(upstream);
    else if (!isFlowing) upstream.socket.pause();
  }

  /** Counted when it is agreed on, since it may last for days; the Pod that leaves ends it by itself. */
  onUpgrade(upstream: Upstream, head: ResponseHead, protocol: string, bytes: Buffer, from: number, to: number): void {
    if (this.#head?.upgrade === undefined || this.#phase !== "waiting" || protocol === "") {
      this.#fail(502, "BadGateway", "the backend speaks a protocol that nobody asked for");
      return;
    }
    const changes = this.#route?.entry.headers?.response;
    const lines = changes === undefined ? head.lines : changedFields(head.lines, changes);
    const text = `HTTP/1.1 ${head.statusText}\r\n${lines}${this.#setCookie}`;
    const agreed = `${text}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    if (!writeHeadAndCopy(this.#socket, agreed, bytes, from, to)) upstream.socket.pause();
    this.#record(101);
    this.#deadline = Number.POSITIVE_INFINITY;
    this.#phase = "tunnel";
    this.#shared.stats.upgraded++;
    const early = this.#pending;
    this.#pending = undefined;
    if (early !== undefined && !upstream.socket.write(early)) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  onTunnel(upstream: Upstream, bytes: Buffer, from: number, to: number): void {
    if (!writeCopy(this.#socket, bytes, from, to)) upstream.socket.pause();
  }

  /** Either side has ended: so does the other, once it has all that was sent. */
  #endTunnel(): void {
    this.#phase = "closed";
    this.#shared.stats.upgraded--;
    this.#upstream?.finish();
    this.#upstream = undefined;
    this.#socket.destroySoon();
  }

  onEnd(upstream: Upstream, isClean: boolean): void {
    if (this.#phase === "tunnel") {
      this.#endTunnel();
      return;
    }
    if (this.#responseHead?.length === untilClose && isClean) this.#complete(upstream, false);
    else this.#breakOff(upstream);
  }

  onFailure(upstream: Upstream, failure: UpstreamFailure): void {
    const { backend } = upstream;
    this.#connectTimeout?.cancel();
    this.#releaseBackend();
    this.#upstream = undefined;
    if (this.#phase === "body") this.#socket.pause();
    if (failure === "refused") {
      backend.suspectUntil = this.#shared.now() + suspectMillis;
      this.#remember(backend);
      if (this.#attempts < maxAttempts || this.#hasPolicy("connect-failure")) this.#retry();
      else this.#fail(503, "BackendUnreachable", "the backend can't be reached");
      return;
    }
    if (failure === "closed" && this.#canRepeat() && this.#attempts < maxAttempts) {
      // The others that lie idle were most likely closed with it.
      if (upstream.isReused) backend.closeIdle();
      else this.#remember(backend);
      if (upstream.isReused || this.#mayElsewhere()) {
        this.#retry();
        return;
      }
    }
    if (!this.#isStreamed && this.#hasPolicy("reset")) this.#retryByPolicy();
    else
      this.#fail(502, "BadGateway", failure === "closed" ? "the backend closed the connection" : "malformed response");
  }

  #remember(backend: RoutedBackend): void {
    this.#tried ??= new Set();
    this.#tried.add(backend);
  }

  #mayElsewhere(): boolean {
    return this.#set?.choose(this.#shared.now(), this.#tried) !== undefined;
  }

  #retry(): void {
    this.#shared.stats.retries++;
    this.#tryTimeout?.cancel();
    this.#attempt();
  }

  // A VirtualService's retries.

  #hasPolicy(failure: TryFailure): boolean {
    const retries = this.#policy();
    return retries !== undefined && retriesFailure(retries, failure);
  }

  #retriesOn(status: number): boolean {
    if (status < 400 || this.#isStreamed || this.#phase !== "waiting") return false;
    const retries = this.#policy();
    return retries !== undefined && retriesStatus(retries, status);
  }

  /** The route's retries, where one is left and the budget has room. */
  #policy(): RetryEntry | undefined {
    const retries = this.#route?.entry.retries;
    if (retries === undefined || this.#head?.upgrade !== undefined || this.#policyRetries >= retries.attempts)
      return undefined;
    const { stats } = this.#shared;
    return this.#isRetrying || hasRetryBudget(stats.activeRetries, stats.active) ? retries : undefined;
  }

  #retryByPolicy(): void {
    const { stats, clock, random } = this.#shared;
    if (!this.#isRetrying) stats.activeRetries++;
    this.#isRetrying = true;
    if (this.#backend !== undefined) this.#remember(this.#backend);
    const wait = retryWaitMillis(this.#policyRetries++, random.next());
    this.#retryTimer = clock.after(millis(wait), () => this.#retry());
  }

  #startTimeout(): void {
    const limit = this.#route?.entry.timeoutMillis;
    if (limit === undefined) return;
    this.#timeout = this.#shared.clock.after(millis(limit), () => {
      this.#dropUpstream();
      this.#fail(504, "Timeout", `no response within ${limit} ms`);
    });
  }

  #onTryTimeout(): void {
    this.#dropUpstream();
    if (!this.#isStreamed && this.#hasPolicy("timeout")) this.#retryByPolicy();
    else this.#fail(504, "Timeout", "the backend took too long");
  }

  #stopTimers(): void {
    this.#timeout?.cancel();
    this.#tryTimeout?.cancel();
    this.#retryTimer?.cancel();
    this.#connectTimeout?.cancel();
    this.#timeout = this.#tryTimeout = this.#retryTimer = this.#connectTimeout = undefined;
  }

  // Endings.

  /** The response is whole. `isAlone`: nothing came after it. */
  #complete(upstream: Upstream, isAlone: boolean): void {
    const head = this.#responseHead;
    const hasAll = this.#phase === "waiting";
    this.#upstream = undefined;
    upstream.release(hasAll && isAlone && (head?.keepAlive ?? false), head?.keepAliveSeconds);
    this.#record(head?.status ?? 502);
    if (!hasAll || !this.#keep) this.#leave();
    else this.#next();
  }

  /** The backend broke off in the middle of its response: so must we, or a part would pass for the whole. */
  #breakOff(upstream: Upstream): void {
    upstream.destroy();
    this.#upstream = undefined;
    const wasFramed = this.#responseHead?.length !== untilClose && !this.#unchunk;
    this.#record(502);
    this.#phase = "closed";
    if (wasFramed) this.#socket.destroySoon();
    else this.#socket.resetAndDestroy();
  }

  /** Answers for the backend, where nothing of a response has gone out yet. */
  #fail(code: number, reason: string, message: string): void {
    this.#dropUpstream();
    if (this.#responseHead === undefined) {
      this.#reply(code, reason, message, true, code === 503 ? "Retry-After: 1\r\n" : "");
      return;
    }
    this.#record(code);
    this.#phase = "closed";
    this.#socket.destroy();
  }

  #reply(code: number, error: string, message: string, mayKeep = true, lines = ""): void {
    const head = this.#head;
    const isWhole = this.#phase === "waiting";
    const keep = mayKeep && isWhole && (head?.keepAlive ?? false) && !this.#shared.isClosing;
    this.#record(code);
    const connection = !keep ? "close" : head?.minorVersion === 0 ? "keep-alive" : "";
    this.#socket.write(answerText({ code, error, message, lines }, connection, head?.method === "HEAD"));
    if (keep) this.#next();
    else this.#leave();
  }

  /** Answers what is no request at all, and ends the connection: where the next one starts can't be known. */
  #refuse(code: number, reason: string): void {
    const { stats, unmatched } = this.#shared;
    stats.requests++;
    unmatched.count("OTHER", code, 0);
    const error = code === 431 || code === 414 ? "TooLarge" : "BadRequest";
    this.#socket.write(answerText({ code, error, message: reason }, "close", false));
    this.#leave();
  }

  #noBackendText(): string {
    const set = this.#set;
    if (set === undefined) return "the route has no destination with a weight above 0";
    return `no Pod of Service ${set.service} in namespace ${set.namespace} is ready`;
  }

  /** Counts the request, and is done with it. */
  #record(code: number): void {
    const shared = this.#shared;
    const now = shared.now();
    const counts = this.#counts ?? this.#countsWithoutBackend();
    const head = this.#head;
    counts.count(head?.method ?? "OTHER", code, (now - this.#startedAt) / 1000, head?.target);
    this.#stopTimers();
    this.#releaseBackend();
    shared.stats.active--;
    if (this.#isRetrying) {
      this.#isRetrying = false;
      shared.stats.activeRetries--;
    }
    this.#head = undefined;
    this.#firstBody = undefined;
    this.#isStreamed = false;
    if (this.#mirrors !== undefined) for (const copy of this.#mirrors) copy.leave();
    this.#mirrors = undefined;
    this.#route = undefined;
    this.#set = undefined;
    this.#counts = undefined;
    this.#outgoing = "";
    this.#setCookie = "";
    this.#tried = undefined;
    this.#attempts = 0;
    this.#policyRetries = 0;
    this.#responseHead = undefined;
    this.#unchunk = false;
    this.#deadline = now + idleTimeoutMillis;
  }

  #countsWithoutBackend(): VersionCounts {
    const { metrics, unmatched } = this.#shared;
    const set = this.#set;
    if (set === undefined) return unmatched;
    return metrics.version({ namespace: set.namespace, service: set.service, version: "", hash: "" });
  }

  #releaseBackend(): void {
    const backend = this.#backend;
    if (backend === undefined) return;
    this.#backend = undefined;
    backend.outstanding--;
    this.#shared.onReleased?.(backend);
  }

  #dropUpstream(): void {
    this.#upstream?.destroy();
    this.#upstream = undefined;
    this.#releaseBackend();
  }

  #next(): void {
    if (this.#phase === "closed") return;
    this.#phase = "head";
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#pending !== undefined) this.#pump();
  }

  /** Ends our side, and reads on for a while: a reset would take the answer out of the client's hands. */
  #leave(): void {
    if (this.#phase === "closed") return;
    this.#phase = "leaving";
    this.#pending = undefined;
    this.#deadline = this.#shared.now() + lingerMillis;
    this.#socket.end();
    this.#socket.resume();
  }
}

const needsPath = (route: Route<RoutedBackend>): boolean =>
  route.entry.redirect !== undefined || route.entry.rewrite?.uri !== undefined;

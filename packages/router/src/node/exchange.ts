import type { Socket } from "node:net";
import { millis, type Timer } from "@sluice/kernel";
import type { BackendSet } from "../backend.ts";
import type { VersionCounts } from "../request-metrics.ts";
import { retriesFailure, retriesStatus, type TryFailure } from "../retry-policy.ts";
import { ringChoice } from "../rings.ts";
import { chooseDestination, type Route, ringDestination, type VirtualHost } from "../route.ts";
import type { RetryEntry, RingsEntry } from "../table.ts";
import { afterReading } from "./after-reading.ts";
import { BodyFollower, untilClose } from "./body.ts";
import { injectFault } from "./fault.ts";
import { fieldValue } from "./fields.ts";
import { answerText, type LocalAnswer } from "./local-answer.ts";
import { type MirroredRequest, mirror } from "./mirrored-request.ts";
import { mirrorHead, outgoingHead, type Sender } from "./outgoing-head.ts";
import type { RequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { type Additions, headText, ResponseWriter } from "./response-writer.ts";
import { findTarget, mintStickyValue, stickyValue } from "./route-request.ts";
import type { SharedState } from "./shared-state.ts";
import { Tries } from "./tries.ts";
import type { RoutedBackend, Upstream, UpstreamFailure, UpstreamListener } from "./upstream.ts";
import { writeCopy, writeHeadAndCopy } from "./write-bytes.ts";

/** What can't be sent twice takes only a connection that was in use a moment ago, else a new one. */
const freshMillis = 1000;
const suspectMillis = 1000;
const connectTimeoutMillis = 5000;

/** https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2 */
const idempotentMethods = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** The client's connection, as a request sees it. */
export interface ExchangeOwner {
  readonly socket: Socket;
  /** What has come after the request's head, and isn't anybody's yet. */
  takeBytes(): Buffer | undefined;
  /** Bytes that belong to the next request. */
  giveBack(bytes: Buffer): void;
  /** The answer is out: goes on with the next request. */
  next(): void;
  /** Ends our side, and reads on for a while: a reset would take the answer out of the client's hands. */
  leave(): void;
  /** Ends the connection once what was written has gone out. */
  closeSoon(): void;
  /** Ends it so that the client can't take what it has for the whole. */
  reset(): void;
  destroy(): void;
}

/** Sending a body, waiting for its answer, speaking another protocol with its backend; or there is none. */
type Phase = "none" | "body" | "waiting" | "tunnel";

/** A request and its response, from the head that has come to the last byte that goes out. */
export class Exchange implements UpstreamListener {
  readonly #owner: ExchangeOwner;
  readonly #socket: Socket;
  readonly #shared: SharedState;
  readonly #sender: Sender;
  readonly #fixedHost: (() => VirtualHost<RoutedBackend> | undefined) | undefined;
  #phase: Phase = "none";

  // The request.
  #head: RequestHead | undefined;
  #startedAt = 0;
  readonly #body = new BodyFollower();
  #firstBody: Buffer | undefined;
  /** Part of the body has gone to a backend and is forgotten here: no second try. */
  #isStreamed = false;
  /** Copies under way that want the rest of the body. */
  #mirrors: readonly MirroredRequest[] | undefined;

  // Where it goes.
  #route: Route<RoutedBackend> | undefined;
  #set: BackendSet<RoutedBackend> | undefined;
  #counts: VersionCounts | undefined;
  #outgoing = "";
  #setCookie = "";
  #backend: RoutedBackend | undefined;
  #upstream: Upstream | undefined;
  readonly #tries: Tries;
  readonly #response: ResponseWriter;
  #timeout: Timer | undefined;
  #tryTimeout: Timer | undefined;
  #waitTimer: Timer | undefined;
  #connectTimeout: Timer | undefined;

  /** `fixedHost` where the address alone says which host is meant. */
  constructor(
    owner: ExchangeOwner,
    shared: SharedState,
    sender: Sender,
    fixedHost: (() => VirtualHost<RoutedBackend> | undefined) | undefined,
  ) {
    this.#owner = owner;
    this.#socket = owner.socket;
    this.#shared = shared;
    this.#sender = sender;
    this.#fixedHost = fixedHost;
    this.#tries = new Tries(shared);
    this.#response = new ResponseWriter(owner.socket);
  }

  /** A request has come and isn't answered yet; a tunnel has its answer. */
  get isUnderWay(): boolean {
    return this.#head !== undefined;
  }

  begin(head: RequestHead): void {
    const shared = this.#shared;
    this.#head = head;
    this.#startedAt = shared.now();
    shared.stats.active++;
    shared.stats.requests++;
    this.#phase = "waiting";
    if (head.length !== 0) {
      this.#body.start(head.length);
      const rest = this.#owner.takeBytes();
      if (rest !== undefined) {
        const end = this.#body.take(rest, 0, rest.length);
        if (this.#body.isBroken) {
          this.#reply({ code: 400, error: "BadRequest", message: "malformed chunked body" }, false);
          return;
        }
        this.#firstBody = end === rest.length ? rest : rest.subarray(0, end);
        if (end < rest.length) this.#owner.giveBack(rest.subarray(end));
      }
      if (!this.#body.isDone) {
        this.#phase = "body";
        // Until a backend is there to take it, the rest stays with the client: so another one can be tried.
        this.#socket.pause();
      }
    }
    this.#chooseRoute(head);
  }

  // The client.

  /** Takes what is the request's: its body, or bytes of its tunnel. False where it belongs to a later request. */
  take(chunk: Buffer): boolean {
    if (this.#phase === "body") this.#onBodyData(chunk);
    else if (this.#phase !== "tunnel") return false;
    else if (this.#upstream?.socket.write(chunk) === false) this.#socket.pause();
    return true;
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
    if (end < chunk.length) this.#owner.giveBack(chunk.subarray(end));
    if (this.#body.isDone) {
      this.#phase = "waiting";
      if (this.#response.head === undefined) this.#startTimeout();
    } else if (!isFlowing) this.#socket.pause();
  }

  onClientDrain(): void {
    this.#upstream?.socket.resume();
  }

  onClientClose(): void {
    if (this.#phase === "tunnel") this.#endTunnel();
    if (!this.isUnderWay) return;
    this.#shared.stats.aborted++;
    this.#dropUpstream();
    this.#record(499);
  }

  // The route.

  #chooseRoute(head: RequestHead): void {
    const { routing } = this.#shared;
    const host = this.#fixedHost === undefined ? routing.host(head.host) : this.#fixedHost();
    if (host === undefined) {
      const known = `${routing.hostCount} host${routing.hostCount === 1 ? " is" : "s are"} known`;
      const message = `no route for host ${JSON.stringify(head.host)}; ${known}`;
      this.#reply({ code: 404, error: "UnknownHost", message });
      return;
    }
    const found = findTarget(host, head);
    if ("code" in found) this.#reply(found);
    else this.#take(found.route, head, found.target);
  }

  #take(route: Route<RoutedBackend>, head: RequestHead, target: string): void {
    const { fault } = route.entry;
    if (fault === undefined) {
      this.#dispatch(route, head, target);
      return;
    }
    this.#set = route.destinations[0];
    const delay = injectFault(this.#shared, fault, (answer) => {
      if (answer === undefined) this.#dispatch(route, head, target);
      else this.#reply(answer);
    });
    if (delay !== undefined) this.#waitTimer = delay;
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

  // The backend.

  #attempt(): void {
    const shared = this.#shared;
    const backend = this.#tries.choose(this.#route, this.#set);
    if (backend === undefined) {
      this.#fail(503, "NoBackendReady", this.#noBackendText());
      return;
    }
    this.#backend = backend;
    this.#counts = backend.counts;
    backend.outstanding++;
    this.#tries.begin();
    const perTry = this.#route?.entry.retries?.perTryTimeoutMillis;
    if (perTry !== undefined) this.#tryTimeout = afterReading(shared.clock, millis(perTry), () => this.#onTryTimeout());
    const upstream = backend.take(this.#canRepeat() ? Number.POSITIVE_INFINITY : freshMillis);
    if (upstream === undefined) {
      const connecting = backend.connect(this);
      this.#upstream = connecting;
      this.#connectTimeout = afterReading(shared.clock, millis(connectTimeoutMillis), () => connecting.giveUp());
      return;
    }
    upstream.attach(this);
    this.#upstream = upstream;
    this.onConnected(upstream);
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
    const mayKeep = request.keepAlive && this.#phase === "waiting" && !this.#shared.isClosing;
    const isFlowing = this.#response.start(request, head, mayKeep, this.#additions(), bytes, from, to);
    this.#afterBytes(upstream, isFlowing);
  }

  onBody(upstream: Upstream, bytes: Buffer, from: number, to: number): void {
    this.#afterBytes(upstream, this.#response.write(bytes, from, to));
  }

  #afterBytes(upstream: Upstream, isFlowing: boolean): void {
    if (this.#response.isDone) this.#complete(upstream, !this.#response.hasMore);
    else if (this.#response.isBroken) this.#breakOff(upstream);
    else if (!isFlowing) upstream.socket.pause();
  }

  #additions(): Additions {
    return { changes: this.#route?.entry.headers?.response, setCookie: this.#setCookie };
  }

  /** Counted when it is agreed on, since it may last for days; the Pod that leaves ends it by itself. */
  onUpgrade(upstream: Upstream, head: ResponseHead, protocol: string, bytes: Buffer, from: number, to: number): void {
    if (this.#head?.upgrade === undefined || this.#phase !== "waiting" || protocol === "") {
      this.#fail(502, "BadGateway", "the backend speaks a protocol that nobody asked for");
      return;
    }
    const text = headText(head, this.#additions());
    const agreed = `${text}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
    if (!writeHeadAndCopy(this.#socket, agreed, bytes, from, to)) upstream.socket.pause();
    this.#record(101);
    this.#phase = "tunnel";
    this.#shared.stats.upgraded++;
    const early = this.#owner.takeBytes();
    if (early !== undefined && !upstream.socket.write(early)) this.#socket.pause();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  onTunnel(upstream: Upstream, bytes: Buffer, from: number, to: number): void {
    if (!writeCopy(this.#socket, bytes, from, to)) upstream.socket.pause();
  }

  /** Either side has ended: so does the other, once it has all that was sent. */
  #endTunnel(): void {
    this.#phase = "none";
    this.#shared.stats.upgraded--;
    this.#upstream?.finish();
    this.#upstream = undefined;
    this.#owner.closeSoon();
  }

  onEnd(upstream: Upstream, isClean: boolean): void {
    if (this.#phase === "tunnel") {
      this.#endTunnel();
      return;
    }
    if (this.#response.head?.length === untilClose && isClean) this.#complete(upstream, false);
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
      this.#tries.failed(backend);
      if (this.#tries.hasAnother || this.#hasPolicy("connect-failure")) this.#retry();
      else this.#fail(503, "BackendUnreachable", "the backend can't be reached");
      return;
    }
    if (failure === "closed" && this.#canRepeat() && this.#tries.hasAnother) {
      // The others that lie idle were most likely closed with it.
      if (upstream.isReused) backend.closeIdle();
      else this.#tries.failed(backend);
      if (upstream.isReused || this.#tries.mayElsewhere(this.#set)) {
        this.#retry();
        return;
      }
    }
    if (!this.#isStreamed && this.#hasPolicy("reset")) this.#retryByPolicy();
    else
      this.#fail(502, "BadGateway", failure === "closed" ? "the backend closed the connection" : "malformed response");
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

  #policy(): RetryEntry | undefined {
    return this.#head?.upgrade === undefined ? this.#tries.policy(this.#route?.entry.retries) : undefined;
  }

  #retryByPolicy(): void {
    if (this.#backend !== undefined) this.#tries.failed(this.#backend);
    this.#waitTimer = this.#shared.clock.after(millis(this.#tries.spend()), () => this.#retry());
  }

  #startTimeout(): void {
    const limit = this.#route?.entry.timeoutMillis;
    if (limit === undefined) return;
    this.#timeout = afterReading(this.#shared.clock, millis(limit), () => {
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
    this.#waitTimer?.cancel();
    this.#connectTimeout?.cancel();
    this.#timeout = this.#tryTimeout = this.#waitTimer = this.#connectTimeout = undefined;
  }

  // Endings.

  /** The response is whole. `isAlone`: nothing came after it. */
  #complete(upstream: Upstream, isAlone: boolean): void {
    const head = this.#response.head;
    const hasAll = this.#phase === "waiting";
    this.#upstream = undefined;
    upstream.release(hasAll && isAlone && (head?.keepAlive ?? false), head?.keepAliveSeconds);
    this.#record(head?.status ?? 502);
    if (!hasAll || !this.#response.keep) this.#owner.leave();
    else this.#owner.next();
  }

  /** The backend broke off in the middle of its response: so must we, or a part would pass for the whole. */
  #breakOff(upstream: Upstream): void {
    upstream.destroy();
    this.#upstream = undefined;
    const wasFramed = this.#response.isFramed;
    this.#record(502);
    if (wasFramed) this.#owner.closeSoon();
    else this.#owner.reset();
  }

  /** Answers for the backend, where nothing of a response has gone out yet. */
  #fail(code: number, reason: string, message: string): void {
    this.#dropUpstream();
    if (this.#response.head === undefined) {
      this.#reply({ code, error: reason, message, lines: code === 503 ? "Retry-After: 1\r\n" : "" });
      return;
    }
    this.#record(code);
    this.#owner.destroy();
  }

  #reply(answer: LocalAnswer, mayKeep = true): void {
    const head = this.#head;
    const isWhole = this.#phase === "waiting";
    const keep = mayKeep && isWhole && (head?.keepAlive ?? false) && !this.#shared.isClosing;
    this.#record(answer.code);
    const connection = !keep ? "close" : head?.minorVersion === 0 ? "keep-alive" : "";
    this.#socket.write(answerText(answer, connection, head?.method === "HEAD"));
    if (keep) this.#owner.next();
    else this.#owner.leave();
  }

  #noBackendText(): string {
    const set = this.#set;
    if (set === undefined) return "the route has no destination with a weight above 0";
    return `no Pod of Service ${set.service} in namespace ${set.namespace} is ready`;
  }

  /** Counts the request, and is done with it. */
  #record(code: number): void {
    const shared = this.#shared;
    const counts = this.#counts ?? this.#countsWithoutBackend();
    const head = this.#head;
    counts.count(head?.method ?? "OTHER", code, (shared.now() - this.#startedAt) / 1000, head?.target);
    this.#stopTimers();
    this.#releaseBackend();
    shared.stats.active--;
    this.#tries.clear();
    this.#phase = "none";
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
    this.#response.clear();
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
}

import { millis, type Timer } from "@sluice/kernel";
import type { BackendSet } from "../backend.ts";
import type { VersionLabels } from "../request-metrics.ts";
import type { Mirror } from "../route.ts";
import { BodyFollower } from "./body.ts";
import type { ResponseHead } from "./response-head.ts";
import type { SharedState } from "./shared-state.ts";
import type { RoutedBackend, Upstream, UpstreamListener } from "./upstream.ts";

/** Of one router. Further copies are not sent. */
const maxActive = 256;
/** Of one copy's body, what its backend hasn't taken yet. */
const maxWaitingBytes = 262_144;
/** How long an answer is waited for where the route names no time. */
const answerMillis = 15_000;
/** A copy is sent once: it takes only a connection that was in use a moment ago, else a new one. */
const freshMillis = 1000;

/** A request as a mirror gets it. */
export interface Copy {
  readonly method: string;
  readonly head: string;
  readonly firstBody: Buffer | undefined;
  /** `firstBody` is all of it. */
  readonly isWhole: boolean;
  readonly timeoutMillis: number | undefined;
}

/** Sends copies to the mirrors whose turn it is; gives those that want the rest of the body. */
export function mirror(
  shared: SharedState,
  mirrors: readonly Mirror<RoutedBackend>[],
  makeCopy: () => Copy,
): readonly MirroredRequest[] | undefined {
  let copy: Copy | undefined;
  const open: MirroredRequest[] = [];
  for (const { set, percent } of mirrors) {
    if (percent < 100 && shared.random.next() * 100 >= percent) continue;
    if (shared.stats.activeMirrors >= maxActive) {
      shared.stats.droppedMirrors++;
      continue;
    }
    copy ??= makeCopy();
    const request = new MirroredRequest(shared, set, copy);
    if (!copy.isWhole) open.push(request);
  }
  return open.length === 0 ? undefined : open;
}

/** One copy under way. Nothing of it reaches the client, and nobody waits for it. */
export class MirroredRequest implements UpstreamListener {
  readonly #shared: SharedState;
  readonly #set: BackendSet<RoutedBackend>;
  readonly #copy: Copy;
  readonly #startedAt: number;
  readonly #response = new BodyFollower();
  #backend: RoutedBackend | undefined;
  #upstream: Upstream | undefined;
  #timer: Timer | undefined;
  #isConnected = false;
  /** What came of the body before the connection stood. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #isWhole: boolean;
  #responseHead: ResponseHead | undefined;
  #isOver = false;

  constructor(shared: SharedState, set: BackendSet<RoutedBackend>, copy: Copy) {
    this.#shared = shared;
    this.#set = set;
    this.#copy = copy;
    this.#isWhole = copy.isWhole;
    this.#startedAt = shared.now();
    shared.stats.activeMirrors++;
    if (copy.firstBody !== undefined) this.#keep(copy.firstBody);
    this.#start();
  }

  /** More of the body, which isn't written to afterwards. */
  write(bytes: Buffer, isLast: boolean): void {
    if (this.#isOver) return;
    if (isLast) this.#isWhole = true;
    const { socket } = this.#upstream ?? {};
    if (socket === undefined || !this.#isConnected) this.#keep(bytes);
    else {
      socket.write(bytes);
      if (socket.writableLength > maxWaitingBytes) this.#drop();
    }
  }

  /** The request it copies is over: without the rest of its body this one ends, too. */
  leave(): void {
    if (!this.#isWhole && !this.#isOver) this.#end(499);
  }

  onConnected(upstream: Upstream): void {
    this.#isConnected = true;
    const body = this.#waiting;
    this.#waiting = [];
    upstream.send(this.#copy.head, body.length > 1 ? Buffer.concat(body) : body[0]);
  }

  onInformation(): void {}

  onHead(upstream: Upstream, head: ResponseHead, bytes: Buffer, from: number, to: number): void {
    this.#responseHead = head;
    const isBodiless = this.#copy.method === "HEAD" || head.status === 204 || head.status === 304;
    this.#response.start(isBodiless ? 0 : head.length);
    this.onBody(upstream, bytes, from, to);
  }

  onBody(upstream: Upstream, bytes: Buffer, from: number, to: number): void {
    const end = this.#response.isDone ? from : this.#response.take(bytes, from, to);
    if (this.#response.isBroken) this.#end(502);
    else if (this.#response.isDone) {
      this.#upstream = undefined;
      const keep = this.#isWhole && end === to && (this.#responseHead?.keepAlive ?? false);
      upstream.release(keep, this.#responseHead?.keepAliveSeconds);
      this.#end(this.#responseHead?.status ?? 502);
    }
  }

  onUpgrade(): void {
    this.#end(502);
  }

  onTunnel(): void {}

  onEnd(_upstream: Upstream, isClean: boolean): void {
    this.#upstream = undefined;
    this.#end(isClean ? (this.#responseHead?.status ?? 502) : 502);
  }

  onDrain(): void {}

  onFailure(): void {
    this.#upstream = undefined;
    this.#end(this.#isConnected ? 502 : 503);
  }

  #start(): void {
    const shared = this.#shared;
    const backend = this.#set.choose(shared.now());
    if (backend === undefined) {
      this.#end(503);
      return;
    }
    this.#backend = backend;
    backend.outstanding++;
    const limit = this.#copy.timeoutMillis ?? answerMillis;
    this.#timer = shared.clock.after(millis(limit), () => this.#end(504));
    const idle = backend.take(freshMillis);
    if (idle === undefined) this.#upstream = backend.connect(this);
    else {
      idle.attach(this);
      this.#upstream = idle;
      this.onConnected(idle);
    }
  }

  #keep(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > maxWaitingBytes) this.#drop();
  }

  #drop(): void {
    this.#shared.stats.droppedMirrors++;
    this.#end(499);
  }

  #end(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#waiting = [];
    this.#timer?.cancel();
    this.#upstream?.destroy();
    this.#upstream = undefined;
    const { mirrorMetrics, stats, now, onReleased } = this.#shared;
    stats.activeMirrors--;
    const backend = this.#backend;
    const counts = backend?.mirrorCounts ?? mirrorMetrics.version(this.#labels());
    counts.count(this.#copy.method, code, (now() - this.#startedAt) / 1000);
    if (backend === undefined) return;
    backend.mirrorCounts = counts;
    backend.outstanding--;
    onReleased?.(backend);
  }

  #labels(): VersionLabels {
    const { namespace, service } = this.#set;
    const { version = "", hash = "" } = this.#backend ?? {};
    return { namespace, service, version, hash };
  }
}

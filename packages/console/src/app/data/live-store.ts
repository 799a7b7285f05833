import type { Resource } from "@sluice/api";
import { unreachable } from "@sluice/kernel";
import type { LiveScope } from "../../live/live-kinds.ts";
import { type LiveMessage, type LiveRequest, liveQuery } from "../../live/messages.ts";
import { type CollectionState, LiveCollection } from "./live-collection.ts";

/** How the page stands to the control plane. */
export type Connection =
  | { readonly is: "connecting" }
  | { readonly is: "live"; readonly version: string }
  /** Epoch milliseconds. What is shown is from before `since`. */
  | { readonly is: "away"; readonly since: number; readonly retryAt: number }
  | { readonly is: "signedOut" };

export type LiveAnswer = { readonly is: "lines"; readonly lines: AsyncIterable<string> } | { readonly is: "signedOut" };

/** What the store needs of the world it runs in. */
export interface LiveSurroundings {
  /** Opens `/live?…`; throws where nothing answers. */
  open(path: string, signal: AbortSignal): Promise<LiveAnswer>;
  /** Epoch milliseconds. */
  now(): number;
  wait(milliseconds: number, task: () => void): () => void;
  /** Runs `task` before the next picture is drawn: changes that come together are shown together. */
  beforePaint(task: () => void): void;
}

interface Held {
  readonly scope: LiveScope;
  readonly collection: LiveCollection;
  readonly listeners: Set<() => void>;
  users: number;
  /** Epoch milliseconds; means something where `users` is 0. */
  unusedSince: number;
}

const firstRetry = 500;
const longestRetry = 8_000;
/** The server beats each ten seconds. */
const silenceMax = 25_000;
/** Who comes back to a page soon finds it as it was. */
const keptFor = 60_000;

const isSameScope = (left: LiveScope, right: LiveScope) =>
  left.kind === right.kind &&
  left.namespace === right.namespace &&
  left.name === right.name &&
  left.isBrief === right.isBrief;

/** Follows what pages show over one connection, and goes on from where it was when that breaks. */
export class LiveStore {
  readonly #surroundings: LiveSurroundings;
  readonly #held: Held[] = [];
  readonly #connectionListeners = new Set<() => void>();
  #connection: Connection = { is: "connecting" };
  #current: AbortController | undefined;
  #failures = 0;
  #isReopening = false;
  #isPaintPlanned = false;
  #isAsleep = false;
  #cancelRetry: () => void = () => {};
  #cancelSilence: () => void = () => {};

  constructor(surroundings: LiveSurroundings) {
    this.#surroundings = surroundings;
  }

  get connection(): Connection {
    return this.#connection;
  }

  onConnection(listener: () => void): () => void {
    this.#connectionListeners.add(listener);
    return () => this.#connectionListeners.delete(listener);
  }

  state<R extends Resource>(scope: LiveScope): CollectionState<R> {
    return this.#hold(scope).collection.state as CollectionState<R>;
  }

  /** Follows the scope as long as somebody listens; what nobody needs goes when the connection is next made. */
  subscribe(scope: LiveScope, listener: () => void): () => void {
    const held = this.#hold(scope);
    held.users++;
    held.listeners.add(listener);
    return () => {
      held.users--;
      held.listeners.delete(listener);
      held.unusedSince = this.#surroundings.now();
    };
  }

  /** At once, instead of when the wait is over. */
  retryNow(): void {
    this.#cancelRetry();
    this.#connect();
  }

  /** A page that nobody looks at gives its connection back. */
  sleep(): void {
    this.#isAsleep = true;
    this.#cancelRetry();
    this.#close();
  }

  wake(): void {
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    this.#failures = 0;
    this.#connect();
  }

  #hold(scope: LiveScope): Held {
    const known = this.#held.find((held) => isSameScope(held.scope, scope));
    if (known !== undefined) return known;
    const unusedSince = this.#surroundings.now();
    const held = { scope, collection: new LiveCollection(), listeners: new Set<() => void>(), users: 0, unusedSince };
    this.#held.push(held);
    this.#reopenSoon();
    return held;
  }

  /** A page asks for several scopes in one go: they are opened together. */
  #reopenSoon(): void {
    if (this.#isReopening) return;
    this.#isReopening = true;
    this.#surroundings.wait(0, () => {
      this.#isReopening = false;
      if (!this.#isAsleep) this.#connect();
    });
  }

  #close(): void {
    this.#cancelSilence();
    this.#current?.abort();
    this.#current = undefined;
  }

  #connect(): void {
    this.#close();
    this.#cancelRetry();
    this.#dropUnused();
    if (this.#held.length === 0) return;
    const opened = new AbortController();
    this.#current = opened;
    const held = [...this.#held];
    for (const { collection } of held) if (collection.resourceVersion === undefined) collection.begin();
    void this.#follow(held, opened).then(
      () => this.#lost(opened),
      () => this.#lost(opened),
    );
  }

  #dropUnused(): void {
    const isKept = ({ users, unusedSince }: Held) => users > 0 || this.#surroundings.now() - unusedSince < keptFor;
    this.#held.splice(0, this.#held.length, ...this.#held.filter(isKept));
  }

  async #follow(held: readonly Held[], opened: AbortController): Promise<void> {
    const requests = held.map(({ scope, collection: { resourceVersion } }): LiveRequest => {
      return { ...scope, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
    });
    this.#listenForSilence(opened);
    const answer = await this.#surroundings.open(`/live?${liveQuery(requests)}`, opened.signal);
    if (opened.signal.aborted) return;
    if (answer.is === "signedOut") {
      this.#close();
      this.#say({ is: "signedOut" });
      return;
    }
    for await (const line of answer.lines) {
      if (opened.signal.aborted) return;
      this.#listenForSilence(opened);
      this.#take(JSON.parse(line) as LiveMessage, held, opened);
    }
  }

  #take(message: LiveMessage, held: readonly Held[], opened: AbortController): void {
    if (message.type === "BEAT") return;
    if (message.type === "HELLO") {
      this.#failures = 0;
      this.#say({ is: "live", version: message.version });
      return;
    }
    const collection = held[message.watch]?.collection;
    if (collection === undefined) return;
    switch (message.type) {
      case "ADDED":
      case "MODIFIED":
        collection.put(message.object);
        break;
      case "DELETED":
        collection.remove(message.object);
        break;
      case "READY":
        collection.ready(message.resourceVersion);
        break;
      case "BOOKMARK":
        collection.reached(message.resourceVersion);
        break;
      case "EXPIRED":
      case "REFUSED":
        collection.forgetVersion();
        opened.abort();
        this.#lost(opened);
        return;
      default:
        unreachable(message);
    }
    this.#paintSoon();
  }

  #paintSoon(): void {
    if (this.#isPaintPlanned) return;
    this.#isPaintPlanned = true;
    this.#surroundings.beforePaint(() => {
      this.#isPaintPlanned = false;
      for (const { collection, listeners } of this.#held) {
        if (collection.settle()) for (const listener of listeners) listener();
      }
    });
  }

  #listenForSilence(opened: AbortController): void {
    this.#cancelSilence();
    this.#cancelSilence = this.#surroundings.wait(silenceMax, () => {
      opened.abort();
      this.#lost(opened);
    });
  }

  #lost(opened: AbortController): void {
    if (this.#current !== opened) return;
    this.#close();
    this.#failures++;
    const now = this.#surroundings.now();
    const wait = Math.min(longestRetry, firstRetry * 2 ** Math.min(this.#failures - 1, 10));
    const since = this.#connection.is === "away" ? this.#connection.since : now;
    // The first break is often a restart of a moment: said only when it isn't mended at once.
    if (this.#failures > 1 || this.#connection.is !== "live") this.#say({ is: "away", since, retryAt: now + wait });
    this.#cancelRetry = this.#surroundings.wait(wait, () => this.#connect());
  }

  #say(connection: Connection): void {
    if (connection.is === "live" && this.#connection.is === "live" && connection.version === this.#connection.version) {
      return;
    }
    this.#connection = connection;
    for (const listener of this.#connectionListeners) listener();
  }
}

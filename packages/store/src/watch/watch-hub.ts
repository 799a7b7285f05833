import type { ApiFault, Resource, Watch, WatchEvent } from "@sluice/api";
import type { Clock, Millis, Timer } from "@sluice/kernel";
import type { Selection } from "../read/selection.ts";
import { expired } from "../refusals.ts";
import { atRevision, type Change, rowOf, type State, type TableName } from "../state.ts";
import { EventWindow, type WindowLimits } from "./event-window.ts";

export interface WatchRequest {
  readonly table: TableName;
  readonly selection: Selection;
  /** Changes after this revision; absent: the present state first. */
  readonly since?: number;
  /** After the present state: a bookmark that says it is complete. */
  readonly closingBookmark: boolean;
  readonly bookmarks: boolean;
  /** Into the version that was asked for. */
  readonly present: (object: Resource) => Resource;
}

/** Where a watch stands. */
type Position =
  | { readonly is: "initial"; readonly state: State; readonly row: string }
  | { readonly is: "following"; readonly revision: number }
  | { readonly is: "ended"; readonly fault?: ApiFault };

/** All watches, found by what they wait for: a change wakes those it concerns and touches no other. */
export class WatchHub {
  readonly #window: EventWindow;
  readonly #clock: Clock;
  readonly #bookmarkEvery: Millis;
  readonly #parked = new Map<string, Set<Follower>>();
  readonly #initial = new Set<Follower>();
  readonly #bookmarked = new Set<Follower>();
  #state: State;
  #bookmarkTimer: Timer | undefined;

  constructor(options: { limits: WindowLimits; clock: Clock; state: State; bookmarkEvery: Millis }) {
    this.#window = new EventWindow(options.limits, options.state.revision);
    this.#clock = options.clock;
    this.#state = options.state;
    this.#bookmarkEvery = options.bookmarkEvery;
  }

  get floor(): number {
    return this.#window.floor;
  }

  get state(): State {
    return this.#state;
  }

  /** What was committed becomes visible: to readers first, then to the watches. */
  publish(state: State, changes: readonly Change[]): void {
    this.#state = state;
    this.#window.append(changes, this.#clock.now());
    for (const follower of this.#initial) follower.expireBefore(this.#window.floor);
    for (const change of changes) {
      const namespace = change.row.slice(0, change.row.indexOf("\u0000"));
      this.#wake(change.table, change);
      this.#wake(`${change.table} ${namespace}`, change);
      this.#wake(`${change.table} ${change.row}`, change);
    }
  }

  watch(request: WatchRequest): Watch {
    return new Follower(request, this);
  }

  /** Ends every watch, as a server that goes away does. */
  stop(): void {
    this.#bookmarkTimer?.cancel();
    for (const followers of [...this.#parked.values()]) for (const follower of [...followers]) follower.stop();
  }

  // What follows is for followers.

  get window(): EventWindow {
    return this.#window;
  }

  park(follower: Follower): void {
    const place = follower.place;
    const set = this.#parked.get(place);
    if (set === undefined) this.#parked.set(place, new Set([follower]));
    else set.add(follower);
  }

  unpark(follower: Follower): void {
    const set = this.#parked.get(follower.place);
    set?.delete(follower);
    if (set?.size === 0) this.#parked.delete(follower.place);
  }

  beginInitial(follower: Follower): void {
    this.#initial.add(follower);
  }

  endInitial(follower: Follower): void {
    this.#initial.delete(follower);
  }

  wantBookmarks(follower: Follower): void {
    this.#bookmarked.add(follower);
    this.#bookmarkTimer ??= this.#clock.after(this.#bookmarkEvery, () => this.#bookmark());
  }

  leave(follower: Follower): void {
    this.unpark(follower);
    this.#initial.delete(follower);
    this.#bookmarked.delete(follower);
    if (this.#bookmarked.size > 0) return;
    this.#bookmarkTimer?.cancel();
    this.#bookmarkTimer = undefined;
  }

  #bookmark(): void {
    this.#bookmarkTimer = undefined;
    for (const follower of [...this.#bookmarked]) follower.bookmark(this.#state.revision);
    if (this.#bookmarked.size > 0) {
      this.#bookmarkTimer = this.#clock.after(this.#bookmarkEvery, () => this.#bookmark());
    }
  }

  #wake(place: string, change: Change): void {
    const followers = this.#parked.get(place);
    if (followers === undefined) return;
    for (const follower of [...followers]) follower.offer(change);
  }
}

class Follower implements Watch {
  readonly place: string;
  readonly #request: WatchRequest;
  readonly #hub: WatchHub;
  readonly #prefix: string;
  #position: Position;
  #waiting: { resolve: (result: IteratorResult<WatchEvent>) => void; reject: (fault: ApiFault) => void } | undefined;
  #lastSeen = 0;

  constructor(request: WatchRequest, hub: WatchHub) {
    this.#request = request;
    this.#hub = hub;
    const { table, selection } = request;
    const { namespace, name } = selection;
    this.#prefix = namespace === undefined ? "" : name === undefined ? `${namespace}\u0000` : rowOf(namespace, name);
    this.place = namespace === undefined ? table : `${table} ${name === undefined ? namespace : this.#prefix}`;
    if (request.since === undefined) {
      this.#position = { is: "initial", state: hub.state, row: this.#prefix };
      hub.beginInitial(this);
    } else {
      this.#position = { is: "following", revision: request.since };
      this.#lastSeen = request.since;
    }
    if (request.bookmarks) hub.wantBookmarks(this);
  }

  [Symbol.asyncIterator](): AsyncIterator<WatchEvent> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.stop();
        return { done: true, value: undefined };
      },
    };
  }

  stop(): void {
    if (this.#position.is !== "ended") this.#position = { is: "ended" };
    this.#hub.leave(this);
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  /** A change that may concern it, while it waits: it has seen everything before. */
  offer(change: Change): void {
    if (this.#waiting === undefined || this.#position.is !== "following") return;
    const event = this.#eventOf(change);
    if (event === undefined) return;
    this.#position = { is: "following", revision: change.revision };
    this.#deliver(event);
  }

  /** While it waits it has seen everything up to `revision`; says so unless it said that already. */
  bookmark(revision: number): void {
    if (this.#waiting === undefined || this.#position.is !== "following" || this.#lastSeen >= revision) return;
    this.#position = { is: "following", revision };
    this.#deliver({ type: "BOOKMARK", resourceVersion: String(revision) });
  }

  /** Lets go of a snapshot that is older than anything else the store keeps. */
  expireBefore(floor: number): void {
    if (this.#position.is === "initial" && this.#position.state.revision < floor) {
      this.#position = { is: "ended", fault: tooOld(this.#position.state.revision, floor) };
      this.#hub.leave(this);
    }
  }

  #deliver(event: WatchEvent): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#hub.unpark(this);
    this.#noteSeen(event);
    waiting?.resolve({ done: false, value: event });
  }

  #noteSeen(event: WatchEvent): void {
    this.#lastSeen = Number(event.type === "BOOKMARK" ? event.resourceVersion : event.object.metadata.resourceVersion);
  }

  #next(): Promise<IteratorResult<WatchEvent>> {
    const step = this.#step();
    if (step === "ended") {
      const fault = this.#position.is === "ended" ? this.#position.fault : undefined;
      if (fault === undefined) return Promise.resolve({ done: true, value: undefined });
      this.#position = { is: "ended" };
      return Promise.reject(fault);
    }
    if (step !== "wait") {
      this.#noteSeen(step);
      return Promise.resolve({ done: false, value: step });
    }
    if (this.#waiting !== undefined) throw new Error("one reader at a time");
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#hub.park(this);
    });
  }

  #step(): WatchEvent | "wait" | "ended" {
    if (this.#position.is === "initial") {
      const { state, row } = this.#position;
      const found = this.#nextInitial(state, row);
      if (found !== undefined) {
        this.#position = { is: "initial", state, row: `${found.row}\u0000` };
        return { type: "ADDED", object: this.#request.present(found.object) };
      }
      this.#hub.endInitial(this);
      this.#position = { is: "following", revision: state.revision };
      this.#lastSeen = state.revision;
      if (this.#request.closingBookmark) {
        return { type: "BOOKMARK", resourceVersion: String(state.revision), initialEventsEnd: true };
      }
    }
    if (this.#position.is === "ended") return "ended";
    const { revision } = this.#position;
    if (revision < this.#hub.floor) {
      this.#position = { is: "ended", fault: tooOld(revision, this.#hub.floor) };
      this.#hub.leave(this);
      return "ended";
    }
    let event: WatchEvent | undefined;
    const change = this.#hub.window.next(this.#request.table, revision, (candidate) => {
      if (!candidate.row.startsWith(this.#prefix)) return false;
      event = this.#eventOf(candidate);
      return event !== undefined;
    });
    this.#position = { is: "following", revision: change?.revision ?? this.#hub.state.revision };
    return event ?? "wait";
  }

  #nextInitial(state: State, from: string): { object: Resource; row: string } | undefined {
    const { table, selection } = this.#request;
    let found: { object: Resource; row: string } | undefined;
    state.tables.get(table)?.scan(from, (object, row) => {
      if (!row.startsWith(this.#prefix)) return false;
      if (selection.matches?.(object) === false) return true;
      found = { object, row };
      return false;
    });
    return found;
  }

  /** An object that comes to match is ADDED, one that no longer matches is DELETED. */
  #eventOf(change: Change): WatchEvent | undefined {
    const { matches } = this.#request.selection;
    const before = change.before !== undefined && matches?.(change.before) !== false;
    const now = change.after !== undefined && matches?.(change.after) !== false;
    if (now) return { type: before ? "MODIFIED" : "ADDED", object: this.#request.present(change.last) };
    if (!before) return undefined;
    const last = change.after === undefined ? change.last : atRevision(change.before as Resource, change.revision);
    return { type: "DELETED", object: this.#request.present(last) };
  }
}

const tooOld = (revision: number, floor: number): ApiFault =>
  expired(`too old resource version: ${revision} (${floor}): list again and watch from there`);

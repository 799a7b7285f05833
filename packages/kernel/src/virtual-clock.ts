import type { Clock, Timer } from "./clock.ts";
import { after, type Instant, instant, type Millis } from "./units.ts";

interface Due {
  readonly at: Instant;
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}

/** Time that moves only when told to. Timers due at one instant run in the order they were set. */
export class VirtualClock implements Clock {
  #now: Instant;
  #order = 0;
  readonly #due: Due[] = []; // a binary heap by (at, order)

  constructor(start: Instant = instant(startOf2026)) {
    this.#now = start;
  }

  now(): Instant {
    return this.#now;
  }

  after(wait: Millis, task: () => void): Timer {
    const due: Due = {
      at: after(this.#now, Math.max(0, wait) as Millis),
      order: this.#order++,
      task,
      cancelled: false,
    };
    this.#push(due);
    return {
      cancel() {
        due.cancelled = true;
      },
    };
  }

  /** When the next timer is due; undefined where none is set. */
  nextDue(): Instant | undefined {
    while (this.#due[0]?.cancelled) this.#pop();
    return this.#due[0]?.at;
  }

  /** Moves time on, running every timer due on the way; `settle` is awaited before and after each instant. */
  async advance(wait: Millis, settle: () => Promise<void> = async () => {}): Promise<void> {
    const end = after(this.#now, wait);
    await settle();
    for (let next = this.nextDue(); next !== undefined && next <= end; next = this.nextDue()) {
      this.#now = next;
      while (this.nextDue() === next) this.#pop()?.task();
      await settle();
    }
    this.#now = end;
  }

  /** A step of the wall clock itself, backwards too; timers keep their instants. */
  jump(by: Millis): void {
    this.#now = after(this.#now, by);
  }

  #push(due: Due): void {
    const heap = this.#due;
    let child = heap.push(due) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (before(heap[parent] as Due, due)) break;
      heap[child] = heap[parent] as Due;
      child = parent;
    }
    heap[child] = due;
  }

  #pop(): Due | undefined {
    const heap = this.#due;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Due, heap[child] as Due)) child++;
      if (before(last, heap[child] as Due)) break;
      heap[parent] = heap[child] as Due;
      parent = child;
    }
    heap[parent] = last;
    return top;
  }
}

/** 2026-01-01T00:00:00Z: an arbitrary, recognisable start. */
const startOf2026 = 1_767_225_600_000;

function before(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

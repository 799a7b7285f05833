import type { Clock, Timer } from "./clock.ts";
import { type Instant, instant, type Millis, millis } from "./units.ts";

interface Due {
  /** Of the time that really goes by: setting the wall clock moves no timer. */
  readonly at: Millis;
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}

/**
 * Time that moves only when told to. Timers due at one instant run in the order they were set. As on a machine, there are
 * two times: what the clock on the wall says, which somebody may set, and what timers wait by.
 */
export class VirtualClock implements Clock {
  readonly #start: Instant;
  #elapsed = millis(0);
  #ahead = millis(0);
  #order = 0;
  readonly #due: Due[] = []; // a binary heap by (at, order)

  constructor(start: Instant = instant(startOf2026)) {
    this.#start = start;
  }

  now(): Instant {
    return this.#wall(this.#elapsed);
  }

  /** What really went by. */
  get elapsed(): Millis {
    return this.#elapsed;
  }

  after(wait: Millis, task: () => void): Timer {
    const due: Due = {
      at: millis(this.#elapsed + Math.max(0, wait)),
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

  /** When the next timer is due, as the wall clock goes now; undefined where none is set. */
  nextDue(): Instant | undefined {
    const next = this.#next();
    return next === undefined ? undefined : this.#wall(next);
  }

  /** Moves time on, running every timer due on the way; `settle` is awaited before and after each instant. */
  async advance(wait: Millis, settle: () => Promise<void> = async () => {}): Promise<void> {
    const end = millis(this.#elapsed + wait);
    await settle();
    for (let next = this.#next(); next !== undefined && next <= end; next = this.#next()) {
      this.#elapsed = next;
      while (this.#next() === next) this.#pop()?.task();
      await settle();
    }
    this.#elapsed = end;
  }

  /** Somebody sets the wall clock, back too: it goes on from there, and timers wait as long as they would have. */
  jump(by: Millis): void {
    this.#ahead = millis(this.#ahead + by);
  }

  #wall(elapsed: Millis): Instant {
    return instant(this.#start + elapsed + this.#ahead);
  }

  #next(): Millis | undefined {
    while (this.#due[0]?.cancelled) this.#pop();
    return this.#due[0]?.at;
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

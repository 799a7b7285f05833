import { after, type Clock, type Instant, type Millis, millis, type Timer, VirtualClock } from "@sluice/kernel";

/** The clock on a machine's wall, which somebody may set; timers wait as long as they would have. */
export class WallClock implements Clock {
  readonly #time = new VirtualClock();
  readonly #began = this.#time.now();
  #ahead = millis(0);

  now(): Instant {
    return after(this.#time.now(), this.#ahead);
  }

  after(wait: Millis, task: () => void): Timer {
    return this.#time.after(wait, task);
  }

  /** Milliseconds that really went by. */
  get elapsed(): number {
    return this.#time.now() - this.#began;
  }

  jump(by: Millis): void {
    this.#ahead = millis(this.#ahead + by);
  }

  advance(wait: Millis, settle: () => Promise<void>): Promise<void> {
    return this.#time.advance(wait, settle);
  }
}

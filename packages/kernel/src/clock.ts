import type { Instant, Millis } from "./units.ts";

export interface Timer {
  cancel(): void;
}

/** The only source of time. Real at the composition root, virtual in rehearsal and tests. */
export interface Clock {
  now(): Instant;
  /** Runs `task` once, `wait` from now or later; never in the calling turn. */
  after(wait: Millis, task: () => void): Timer;
}

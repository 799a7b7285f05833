import { type Clock, type Instant, instant, type Millis, type Timer } from "@sluice/kernel";

const longestTimer = 2_147_483_647;
/** How fast a clock goes whose wall clock was set back, until that one has caught up. */
const slowed = 0.99;

/**
 * Follows the wall clock forward and never back. A machine's clock that is set back by two hours would otherwise make
 * every pause and deadline under way two hours longer, and make the metrics store refuse what it samples.
 */
export function neverBack(wall: () => number, elapsed: () => number): () => Instant {
  let last = wall();
  let lastElapsed = elapsed();
  return () => {
    const nowElapsed = elapsed();
    last = Math.max(wall(), last + (nowElapsed - lastElapsed) * slowed);
    lastElapsed = nowElapsed;
    return instant(Math.floor(last));
  };
}

/** The machine's clock, never back. Waits longer than a timer can be are waited in parts. */
export const realClock: Clock = {
  now: neverBack(
    () => Date.now(),
    () => performance.now(),
  ),
  after(wait: Millis, task: () => void): Timer {
    let timer: NodeJS.Timeout;
    const arm = (left: number) => {
      timer =
        left > longestTimer
          ? setTimeout(() => arm(left - longestTimer), longestTimer)
          : setTimeout(task, Math.max(0, left));
    };
    arm(wait);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** What the machine's clock says now: for questions to servers that have clocks of their own. */
export const wallClock: Clock = { now: () => instant(Date.now()), after: (wait, task) => realClock.after(wait, task) };

import { type Clock, instant, type Millis, type Timer } from "@sluice/kernel";

const longestTimer = 2_147_483_647;

/** The machine's clock. Waits longer than a timer can be are waited in parts; none keeps the process alive. */
export const realClock: Clock = {
  now: () => instant(Date.now()),
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

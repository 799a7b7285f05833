import { type Clock, instant } from "@sluice/kernel";

/** The machine's time. */
export const systemClock: Clock = {
  now: () => instant(Date.now()),
  after(wait, task) {
    const timer = setTimeout(task, Math.min(wait, 2 ** 31 - 1));
    return { cancel: () => clearTimeout(timer) };
  },
};

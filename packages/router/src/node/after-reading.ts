import type { Clock, Millis, Timer } from "@sluice/kernel";

/**
 * Once what has come in meanwhile is read: a process that was kept from running would otherwise take a connection for idle
 * on which a request lies already, or a backend for silent whose answer lies there unread.
 */
export function afterReading(clock: Clock, wait: Millis, task: () => void): Timer {
  let immediate: NodeJS.Immediate | undefined;
  const timer = clock.after(wait, () => {
    immediate = setImmediate(task);
  });
  return {
    cancel: () => {
      timer.cancel();
      clearImmediate(immediate);
    },
  };
}

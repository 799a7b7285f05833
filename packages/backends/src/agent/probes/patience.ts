/** How often a wait looks whether this process has slept through a part of it. */
const parts = 10;

export interface Patience {
  end(): void;
}

/**
 * Calls `onEnd` after `millis` in which an answer could have been read. While this process gets no processor, or stands
 * still, answers wait unread: a Pod must not be blamed for that, least of all every Pod at once. A part of the wait that
 * came late isn't counted, as often as there are parts; so the whole takes at most twice as many.
 */
export function patience(millis: number, onEnd: () => void): Patience {
  const part = Math.max(1, millis / parts);
  let left = parts;
  let forgiven = 0;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const begun = performance.now();
    timer = setTimeout(() => {
      const isLate = performance.now() - begun > 2 * part + 20;
      if (isLate && forgiven < parts) forgiven++;
      else left--;
      if (left > 0) wait();
      else onEnd();
    }, part);
  };
  wait();
  return { end: () => clearTimeout(timer) };
}

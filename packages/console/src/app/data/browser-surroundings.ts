import type { LiveSurroundings } from "./live-store.ts";
import { readLines } from "./read-lines.ts";

/** The browser, as the store needs it. */
export const browserSurroundings: LiveSurroundings = {
  async open(path, signal) {
    const response = await fetch(path, { signal, cache: "no-store" });
    if (response.status === 401) return { is: "signedOut" };
    if (!response.ok || response.body === null) throw new Error(`${path} answered ${response.status}`);
    return { is: "lines", lines: readLines(response.body) };
  },
  now: () => Date.now(),
  wait(milliseconds, task) {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
  beforePaint(task) {
    // A hidden page is never painted.
    if (document.hidden) setTimeout(task, 250);
    else requestAnimationFrame(task);
  },
};

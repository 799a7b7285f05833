import { millis } from "@sluice/kernel";
import type { Recording } from "@sluice/rehearsal";
import { type JudgedRelease, type JudgedWindow, togetherServed } from "@sluice/verdict";
import type { WindowLogs } from "../control-plane/judging/window-logs.ts";

/** A past release as it was kept. */
export interface Recorded extends Recording {
  /** Lines that say nothing any more. */
  readonly unreadable: number;
}

/** Of 5 seconds each they last for a day, and take some hundred megabytes. */
const windowsMax = 20_000;

/** Undefined where nothing was kept. Of releases that took days several windows are put together. */
export async function recordedBy(logs: WindowLogs, uid: string, most = windowsMax): Promise<Recorded | undefined> {
  const kept = new FewWindows(most);
  let release: JudgedRelease | undefined;
  const read = await logs.read(uid, (begun) => {
    release = begun.release;
    return ({ window }) => kept.add(window);
  });
  if (release === undefined || read === undefined) return undefined;
  return { release, windows: kept.windows, unreadable: read.unreadable };
}

/** However many are added, no more than so many (an even number) are left, each of as many put together. */
class FewWindows {
  readonly #most: number;
  #windows: JudgedWindow[] = [];
  /** Of how many the last one is, and each one before it. */
  #inLast = 0;
  #inEach = 1;

  constructor(most: number) {
    this.#most = most;
  }

  get windows(): readonly JudgedWindow[] {
    return this.#windows;
  }

  add(window: JudgedWindow): void {
    const last = this.#windows.at(-1);
    if (last !== undefined && this.#inLast < this.#inEach) {
      this.#windows[this.#windows.length - 1] = together(last, window);
      this.#inLast++;
      return;
    }
    if (this.#windows.length === this.#most) this.#halve();
    this.#windows.push(window);
    this.#inLast = 1;
  }

  #halve(): void {
    const all = this.#windows;
    this.#windows = all.flatMap((window, index) => {
      const next = all[index + 1];
      return index % 2 === 1 || next === undefined ? [] : [together(window, next)];
    });
    this.#inEach *= 2;
  }
}

function together(earlier: JudgedWindow, later: JudgedWindow): JudgedWindow {
  const stable =
    earlier.stable === undefined || later.stable === undefined
      ? (later.stable ?? earlier.stable)
      : togetherServed(earlier.stable, later.stable);
  return {
    ...later,
    lasts: millis(earlier.lasts + later.lasts),
    canary: togetherServed(earlier.canary, later.canary),
    ...(stable === undefined ? {} : { stable }),
  };
}

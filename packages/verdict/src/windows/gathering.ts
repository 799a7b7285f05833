import { millis } from "@sluice/kernel";
import { togetherServed } from "./served-sum.ts";
import type { JudgedWindow, VersionServed } from "./window.ts";

/** Requests from which on a window is compared by itself: the canary's, and its control's, which is to have all endpoints. */
const canaryMin = 3;
const stableMin = 12;
/** Failures of the canary for which nobody waits. */
const failuresMin = 2;
const secondsMax = 30;

/** A window in which both versions served. */
export type ComparedWindow = JudgedWindow & { readonly stable: VersionServed };

/**
 * At low traffic many windows have requests on one side alone, or none of an endpoint, and a comparison within them would
 * leave those out. They are put together until both sides have some, for half a minute at most.
 */
export class Gathering {
  #pending: ComparedWindow | undefined;

  /** What can be compared now that `window` is over. */
  add(window: ComparedWindow): readonly ComparedWindow[] {
    const pending = this.#pending;
    const isOther = pending !== undefined && (pending.weight !== window.weight || pending.step !== window.step);
    const gathered = pending === undefined || isOther ? window : together(pending, window);
    const { canary, stable, lasts } = gathered;
    const isEnough =
      (canary.requests >= canaryMin && stable.requests >= stableMin) ||
      canary.failures >= failuresMin ||
      lasts >= secondsMax * 1000;
    this.#pending = isEnough ? undefined : gathered;
    return [...(isOther ? [pending] : []), ...(isEnough ? [gathered] : [])];
  }
}

const together = (earlier: ComparedWindow, later: ComparedWindow): ComparedWindow => ({
  ...later,
  lasts: millis(earlier.lasts + later.lasts),
  canary: togetherServed(earlier.canary, later.canary),
  stable: togetherServed(earlier.stable, later.stable),
});

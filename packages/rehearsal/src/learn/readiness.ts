import { type Millis, millis } from "@sluice/kernel";
import { spreadOf, sumOf } from "./history.ts";

/** How long Pods took from when they were created until they were ready. */
export interface Readiness {
  /**
   * Of the middle half of them, on average, of three the middle one, of two the sooner: Pods that fell ill later, and were
   * ready again, don't move it.
   */
  readonly millis: Millis;
  /** Standard deviation of its log between Pods. */
  readonly spread: number;
  /** Of how many Pods that is known. */
  readonly pods: number;
}

/** Below that nobody sees how far they lie apart. */
const enoughForSpread = 5;
/** Both times are whole seconds: of their difference that much is rounding. */
const roundingSeconds2 = 1 / 6;
/** A Pod that is created and ready within one second isn't there at once. */
const leastMillis = 100;
const mostSpread = 1;

/** From whole seconds, one of each Pod. Undefined where there is none. */
export function learnReadiness(tookSeconds: readonly number[]): Readiness | undefined {
  const sorted = tookSeconds.filter((seconds) => seconds >= 0).toSorted((one, other) => one - other);
  if (sorted.length === 0) return undefined;
  const edge = sorted.length === 3 ? 1 : Math.floor(sorted.length / 4);
  const middle = sorted.slice(edge, sorted.length === 2 ? 1 : sorted.length - edge);
  const mean = Math.max(leastMillis / 1000, sumOf(middle, (seconds) => seconds) / middle.length);
  const variance = sorted.length < enoughForSpread ? 0 : Math.max(0, spreadOf(sorted) ** 2 - roundingSeconds2);
  return {
    millis: millis(Math.round(mean * 1000)),
    spread: Math.min(mostSpread, Math.sqrt(variance) / mean),
    pods: sorted.length,
  };
}

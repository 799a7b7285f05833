import { deviance } from "@sluice/verdict";
import type { servedBetween } from "../model/windows.ts";

type Window = ReturnType<typeof servedBetween>;

/**
 * The most nats by which a window speaks against the canary: by failures, of all endpoints or of one, by requests that took
 * longer than some edge, or by lost conversions. With no noise but that of counting, so that no sum with what was seen
 * before speaks against it by more than both do.
 */
export function natsAgainst(canary: Window, control: Window): number {
  let most = excess(canary.failures, canary.requests, control.failures, control.requests);
  for (const [endpoint, mine] of canary.endpoints.entries()) {
    const theirs = control.endpoints[endpoint];
    if (theirs === undefined) continue;
    most = Math.max(most, excess(mine.failures, mine.requests, theirs.failures, theirs.requests));
  }
  let slow = 0;
  let controlSlow = 0;
  for (let bucket = canary.latencyCounts.length - 1; bucket > 0; bucket--) {
    slow += canary.latencyCounts[bucket] ?? 0;
    controlSlow += control.latencyCounts[bucket] ?? 0;
    most = Math.max(most, excess(slow, canary.requests, controlSlow, control.requests));
  }
  // Too few conversions on the canary are too many on its control.
  return Math.max(most, excess(control.conversions, control.exposures, canary.conversions, canary.exposures));
}

/** Given all events, those of one side are binomial by what both served. */
function excess(events: number, exposure: number, controlEvents: number, controlExposure: number): number {
  if (exposure <= 0 || controlExposure <= 0) return 0;
  const all = events + controlEvents;
  return deviance(events, (all * exposure) / (exposure + controlExposure), all);
}

import type { VersionServed } from "./window.ts";

/** A version of one Pod of which only the requests are of interest. */
export const serving = (requests: number): VersionServed => ({
  requests,
  failures: 0,
  latencyCounts: [],
  endpoints: [],
  exposures: 0,
  conversions: 0,
  restarts: 0,
  pods: 1,
});

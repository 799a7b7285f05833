import type { Served, VersionServed } from "./window.ts";

/** What was served together; of none, nothing in no buckets. */
export function sumOf(all: readonly Served[]): Served {
  const latencyCounts: number[] = [];
  let requests = 0;
  let failures = 0;
  for (const one of all) {
    requests += one.requests;
    failures += one.failures;
    for (const [bucket, count] of one.latencyCounts.entries()) {
      latencyCounts[bucket] = (latencyCounts[bucket] ?? 0) + count;
    }
  }
  return { requests, failures, latencyCounts };
}

/** What a version served in two windows, one after the other: counts add up, what is a state is the later one. */
export const togetherServed = (earlier: VersionServed, later: VersionServed): VersionServed => ({
  ...later,
  ...sumOf([earlier, later]),
  endpoints: later.endpoints.map((one, endpoint) => {
    const before = earlier.endpoints[endpoint];
    return before === undefined ? one : sumOf([before, one]);
  }),
  exposures: earlier.exposures + later.exposures,
  conversions: earlier.conversions + later.conversions,
});

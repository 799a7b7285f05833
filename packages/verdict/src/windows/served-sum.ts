import type { Served } from "./window.ts";

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

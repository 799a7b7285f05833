/** Cumulative; places of `latencyCounts` are buckets, the last one open. */
export interface Served {
  requests: number;
  failures: number;
  notFound: number;
  latencyCounts: number[];
  latencySeconds: number;
  exposures: number;
  conversions: number;
}

export type Version = "stable" | "canary";

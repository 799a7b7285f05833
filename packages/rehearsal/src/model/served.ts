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

/** `baseline`: new pods of the stable version, which the canary is compared with. */
export type Version = "stable" | "canary" | "baseline";
export const versions: readonly Version[] = ["stable", "canary", "baseline"];

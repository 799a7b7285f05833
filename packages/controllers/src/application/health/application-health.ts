import type { Comparison } from "../comparison/compare.ts";
import { type Health, hasHealthCheck, isHealthIgnored, isWorse } from "./health.ts";

/** The worst of its resources. Kinds without a check don't count, not even when they are missing. */
export function applicationHealth(comparisons: readonly Comparison[]): Health {
  let worst: Health = { status: "Healthy" };
  for (const { live, target, health, requiresPruning } of comparisons) {
    if (health === undefined || requiresPruning) continue;
    const resource = live ?? target?.resource;
    if (resource === undefined || isHealthIgnored(resource)) continue;
    // An Application among the resources has no health of its own in Argo CD since 1.8.
    if (live === undefined && !hasHealthCheck(resource)) continue;
    if (isWorse(worst.status, health.status)) worst = { status: health.status };
  }
  return worst;
}

import type { Served, VersionServed } from "./window.ts";

/** False for what a reset counter or a broken exporter sends: such a window tells nothing, and is left out. */
export function sound(version: VersionServed): boolean {
  const counts = [version.requests, version.failures, version.exposures, version.conversions];
  if (!counts.every((count) => Number.isFinite(count) && count >= 0)) return false;
  if (version.failures > version.requests || version.conversions > version.exposures) return false;
  return version.endpoints.every(
    ({ requests, failures, latencyCounts }) =>
      requests >= 0 && failures >= 0 && failures <= requests && latencyCounts.every((count) => count >= 0),
  );
}

/** By endpoint where that is known, else the version as one. */
export function allOf(version: VersionServed): readonly Served[] {
  return version.endpoints.length > 0 ? version.endpoints : [version];
}

import type { CanaryStrategy, IntOrString } from "@sluice/api";

/** Any text counts as a percent, `"25"` too: the deprecated reading that the original still uses. */
export function countOf(value: IntOrString, of: number, round: (exact: number) => number): number {
  if (typeof value === "number") return value;
  const percent = Number.parseInt(value, 10);
  return Number.isNaN(percent) ? 0 : round((percent * of) / 100);
}

/** Both default to 25 %, whatever the original's documentation says. Both 0 would never move: then 1 may be missing. */
export function surgeLimits(strategy: Pick<CanaryStrategy, "maxSurge" | "maxUnavailable">, replicas: number) {
  const maxSurge = countOf(strategy.maxSurge ?? "25", replicas, Math.ceil);
  const unavailable = countOf(strategy.maxUnavailable ?? "25", replicas, Math.floor);
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) };
}

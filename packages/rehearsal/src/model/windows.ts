import { after, type Instant, type Millis, millis, type Random } from "@sluice/kernel";
import { type JudgedRelease, pairsOverTime, placeboWindow, type VersionServed } from "@sluice/verdict";
import type { ModelledService, Served, Version } from "./service.ts";

export const copyOf = ({ served }: ModelledService): Readonly<Record<Version, readonly Served[]>> => ({
  stable: served.stable.map(copied),
  canary: served.canary.map(copied),
  baseline: served.baseline.map(copied),
});

const copied = (served: Served): Served => ({ ...served, latencyCounts: [...served.latencyCounts] });

function countsBetween(before: readonly number[], now: readonly number[]): number[] {
  const counts = [...now];
  for (let bucket = 0; bucket < counts.length; bucket++) {
    counts[bucket] = (counts[bucket] as number) - (before[bucket] ?? 0);
  }
  return counts;
}

const difference = (now: Served, before: Served): Served => ({
  requests: now.requests - before.requests,
  failures: now.failures - before.failures,
  notFound: now.notFound - before.notFound,
  latencyCounts: countsBetween(before.latencyCounts, now.latencyCounts),
  latencySeconds: now.latencySeconds - before.latencySeconds,
  exposures: now.exposures - before.exposures,
  conversions: now.conversions - before.conversions,
});

export function servedBetween(before: readonly Served[], after: readonly Served[]) {
  const endpoints = after.map((one, place) => difference(one, before[place] as Served));
  const sum = (count: (one: Served) => number) => endpoints.reduce((total, one) => total + count(one), 0);
  const latencyCounts = new Array<number>(endpoints[0]?.latencyCounts.length ?? 0).fill(0);
  for (const { latencyCounts: counts } of endpoints) {
    for (let bucket = 0; bucket < latencyCounts.length; bucket++) {
      latencyCounts[bucket] = (latencyCounts[bucket] as number) + (counts[bucket] ?? 0);
    }
  }
  return {
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    latencyCounts,
    endpoints,
    exposures: sum(({ exposures }) => exposures),
    conversions: sum(({ conversions }) => conversions),
  };
}

/** Windows of the stable version before the release, each split in two at random: how much two equals differ. */
export function historyOf(
  service: ModelledService,
  windows: number,
  window: Millis,
  { startsAt, random }: { readonly startsAt: Instant; readonly random: Random },
): JudgedRelease["history"] {
  return windowsOf(service, windows, window, startsAt).map((served) => placeboWindow(served, window, random));
}

/** The same windows, each beside the one half of them ago: how much a version differs from itself over time. */
export const historyOverTime = (
  service: ModelledService,
  windows: number,
  window: Millis,
  startsAt: Instant,
): JudgedRelease["history"] => pairsOverTime(windowsOf(service, windows, window, startsAt), window);

function windowsOf(service: ModelledService, windows: number, window: Millis, startsAt: Instant): VersionServed[] {
  let before = copyOf(service);
  return Array.from({ length: windows }, (_, index) => {
    service.advanceTo(after(startsAt, millis((index + 1) * window)));
    const now = copyOf(service);
    const served = { ...servedBetween(before.stable, now.stable), restarts: 0, pods: 1 };
    before = now;
    return served;
  });
}

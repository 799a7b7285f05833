import { after, type Instant, type Millis, millis, type Random } from "@sluice/kernel";
import { type JudgedRelease, pairsOverTime, placeboWindow, type VersionServed } from "@sluice/verdict";
import type { ModelledService, Served, Version } from "./service.ts";

export const copyOf = ({ served }: ModelledService): Readonly<Record<Version, readonly Served[]>> => ({
  stable: served.stable.map(copied),
  canary: served.canary.map(copied),
  baseline: served.baseline.map(copied),
});

const copied = (served: Served): Served => ({ ...served, latencyCounts: [...served.latencyCounts] });

const difference = (now: Served, before: Served): Served => ({
  requests: now.requests - before.requests,
  failures: now.failures - before.failures,
  notFound: now.notFound - before.notFound,
  latencyCounts: now.latencyCounts.map((count, bucket) => count - (before.latencyCounts[bucket] ?? 0)),
  latencySeconds: now.latencySeconds - before.latencySeconds,
  exposures: now.exposures - before.exposures,
  conversions: now.conversions - before.conversions,
});

export function servedBetween(before: readonly Served[], after: readonly Served[]) {
  const endpoints = after.map((one, place) => difference(one, before[place] as Served));
  const sum = (count: (one: Served) => number) => endpoints.reduce((total, one) => total + count(one), 0);
  const buckets = endpoints[0]?.latencyCounts ?? [];
  return {
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    latencyCounts: buckets.map((_, bucket) => sum(({ latencyCounts }) => latencyCounts[bucket] ?? 0)),
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

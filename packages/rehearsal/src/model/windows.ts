import { after, type Instant, type Millis, millis, type Random } from "@sluice/kernel";
import { type JudgedRelease, pairsOverTime, placeboWindow, type VersionServed } from "@sluice/verdict";
import { type Served, type Version, versions } from "./served.ts";
import type { ModelledService } from "./service.ts";

export const copyOf = ({ served }: ModelledService): Readonly<Record<Version, readonly Served[]>> => ({
  stable: served.stable.map(copied),
  canary: served.canary.map(copied),
  baseline: served.baseline.map(copied),
});

/** Brings a copy up to now: one goes along with a whole release, where one a look would be much garbage. */
export function catchUp(copy: ReturnType<typeof copyOf>, { served }: Pick<ModelledService, "served">): void {
  for (const version of versions) {
    for (let endpoint = 0; endpoint < served[version].length; endpoint++) {
      const now = served[version][endpoint] as Served;
      const known = copy[version][endpoint] as Served;
      const { latencyCounts } = known;
      Object.assign(known, now);
      known.latencyCounts = latencyCounts;
      for (let bucket = 0; bucket < latencyCounts.length; bucket++) {
        latencyCounts[bucket] = now.latencyCounts[bucket] as number;
      }
    }
  }
}

const copied = (served: Served): Served => ({ ...served, latencyCounts: [...served.latencyCounts] });

function difference(now: Served, before: Served): Served {
  const latencyCounts = new Array<number>(now.latencyCounts.length);
  for (let bucket = 0; bucket < latencyCounts.length; bucket++) {
    latencyCounts[bucket] = (now.latencyCounts[bucket] as number) - (before.latencyCounts[bucket] as number);
  }
  return {
    requests: now.requests - before.requests,
    failures: now.failures - before.failures,
    notFound: now.notFound - before.notFound,
    latencyCounts,
    latencySeconds: now.latencySeconds - before.latencySeconds,
    exposures: now.exposures - before.exposures,
    conversions: now.conversions - before.conversions,
  };
}

export function servedBetween(before: readonly Served[], after: readonly Served[]) {
  const endpoints = after.map((one, place) => difference(one, before[place] as Served));
  const latencyCounts = new Array<number>(endpoints[0]?.latencyCounts.length ?? 0).fill(0);
  const all = { requests: 0, failures: 0, latencyCounts, endpoints, exposures: 0, conversions: 0 };
  for (const endpoint of endpoints) {
    all.requests += endpoint.requests;
    all.failures += endpoint.failures;
    all.exposures += endpoint.exposures;
    all.conversions += endpoint.conversions;
    for (let bucket = 0; bucket < latencyCounts.length; bucket++) {
      latencyCounts[bucket] = (latencyCounts[bucket] as number) + (endpoint.latencyCounts[bucket] ?? 0);
    }
  }
  return all;
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

import type { Millis, Random } from "@sluice/kernel";
import { sumOf } from "../windows/served-sum.ts";
import type { PlaceboWindow, Served, VersionServed } from "../windows/window.ts";

/**
 * A window of the stable version, its requests split at random in two: how two equals differ. Each request goes to
 * either half with the same chance, failed and well ones apart, so that neither half has more failures than requests.
 */
export function placeboWindow(served: VersionServed, lasts: Millis, random: Random): PlaceboWindow {
  const endpoints = served.endpoints.map((one) => splitServed(one, random));
  const whole = endpoints.length > 0 ? undefined : splitServed(served, random);
  const [converted, notConverted] = [
    half(served.conversions, random),
    half(served.exposures - served.conversions, random),
  ];
  const side = (is: 0 | 1): VersionServed => ({
    ...(whole?.[is] ?? sumOf(endpoints.map((pair) => pair[is]))),
    endpoints: endpoints.map((pair) => pair[is]),
    exposures: is === 0 ? converted + notConverted : served.exposures - converted - notConverted,
    conversions: is === 0 ? converted : served.conversions - converted,
    ...(served.memoryMax === undefined ? {} : { memoryMax: served.memoryMax }),
    restarts: 0,
    pods: Math.max(1, Math.round(served.pods / 2)),
  });
  return { lasts, first: side(0), second: side(1) };
}

function splitServed(served: Served, random: Random): readonly [Served, Served] {
  const failed = half(served.failures, random);
  const well = half(served.requests - served.failures, random);
  const latency = served.latencyCounts.map((count) => half(count, random));
  const first = { requests: failed + well, failures: failed, latencyCounts: latency };
  const second = {
    requests: served.requests - first.requests,
    failures: served.failures - failed,
    latencyCounts: served.latencyCounts.map((count, bucket) => count - (latency[bucket] ?? 0)),
  };
  return [first, second];
}

/** Binomial with one half: coin by coin while they are few, else by its normal limit. */
function half(count: number, random: Random): number {
  const whole = Math.max(0, Math.round(count));
  if (whole <= 64) {
    let heads = 0;
    for (let coin = 0; coin < whole; coin++) if (random.next() < 0.5) heads++;
    return heads;
  }
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.min(whole, Math.max(0, Math.round(whole / 2 + (Math.sqrt(whole) / 2) * normal)));
}

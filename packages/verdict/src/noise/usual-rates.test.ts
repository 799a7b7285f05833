import { millis } from "@sluice/kernel";
import { expect, test } from "vitest";
import { CountScan } from "../scans/count-scan.ts";
import type { JudgedRelease, VersionServed } from "../windows/window.ts";
import type { Noise } from "./noise.ts";
import { UsualRates } from "./usual-rates.ts";

function served(failures: readonly number[]): VersionServed {
  const endpoints = failures.map((failed) => ({ requests: 100, failures: failed, latencyCounts: [] }));
  const total = failures.reduce((sum, failed) => sum + failed, 0);
  const whole = { requests: 100 * failures.length, failures: total, latencyCounts: [] };
  return { ...whole, endpoints, exposures: 0, conversions: 0, restarts: 0, pods: 1 };
}

const releaseOf = (failuresOf: (window: number) => readonly number[]): JudgedRelease => ({
  plan: [],
  bucketEdgesMs: [],
  history: Array.from({ length: 30 }, (_, window) => ({
    lasts: millis(60_000),
    first: served(failuresOf(window)),
    second: served(failuresOf(window)),
  })),
});
const usualOf = (failuresOf: (window: number) => readonly number[]) =>
  new UsualRates(releaseOf(failuresOf), 2, ({ failures }) => failures);

test("each endpoint has a rate of its own", () => {
  const usual = usualOf(() => [1, 4]);

  expect(usual.of(0)).toBeCloseTo(0.01, 3);
  expect(usual.of(1)).toBeCloseTo(0.04, 3);
});

test("a rate that rose and fell before says less of what it will be", () => {
  const steady = usualOf(() => [2, 2]);
  const restless = usualOf((window) => (Math.floor(window / 8) % 2 === 0 ? [0, 0] : [8, 8]));

  expect(restless.apart(1)).toBeGreaterThan(1.5 * steady.apart(1));
});

const noise: Noise = { burst: 1, bursts: [{ burst: 1, share: 1 }], burstMax: 1, drift: 0.05 };
/** A canary that fails 15 of 300 requests, one a window; the control fails `ofControl` times in as many. */
function nats(ofControl: number, usual: number | undefined): number {
  const scan = new CountScan(noise, 1, true, usual === undefined ? undefined : 0.3);
  for (let window = 0; window < 30; window++) {
    const stratum = {
      events: window % 2,
      exposure: 10,
      controlEvents: window % (30 / ofControl) === 0 ? 1 : 0,
      controlExposure: 10,
      ...(usual === undefined ? {} : { usual }),
    };
    scan.add([stratum], { starts: 10 * window, seconds: 10, podShare: 0.5, unknownPods: 0, disturbance: 0 }, 1.1);
  }
  return scan.finding(10).nats;
}

test("with few requests the history is a second witness, but not against a control that fails as much", () => {
  const alone = nats(3, undefined);
  const witnessed = nats(3, 0.01);
  const both = nats(15, 0.01);

  expect(witnessed).toBeGreaterThan(alone + 1);
  expect(witnessed).toBeLessThan(alone + 3);
  expect(both).toBeLessThan(2);
});

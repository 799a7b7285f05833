import { expect, test } from "vitest";
import { CountScan, type Stratum } from "./count-scan.ts";

const endpoint = (events: number): Stratum => ({
  events,
  exposure: 20,
  controlEvents: 0,
  controlExposure: 380,
  tolerated: 1.1,
});

/** A service whose failures come in bursts of four, and three windows of which the last brings failures. */
function natsOf(last: readonly number[]): number {
  const scan = new CountScan({ burst: 5, burstMin: 3, burstMax: 7, drift: 0.05 }, 1, true);
  for (const [index, events] of [last.map(() => 0), last.map(() => 0), last].entries()) {
    scan.add(events.map(endpoint), { starts: 200 + 10 * index, seconds: 10, podShare: 0, disturbance: 0 });
  }
  return scan.finding(20).nats;
}

test("failures on many endpoints within one window are many causes, as many on one endpoint are one burst", () => {
  expect(natsOf([2, 2, 2, 2])).toBeGreaterThan(natsOf([8, 0, 0, 0]) + 1);
});

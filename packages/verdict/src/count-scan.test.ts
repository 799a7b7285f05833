import { expect, test } from "vitest";
import { CountScan, type Stratum } from "./count-scan.ts";
import type { Noise } from "./noise.ts";

const endpoint = (events: number): Stratum => ({
  events,
  exposure: 20,
  controlEvents: 0,
  controlExposure: 380,
  tolerated: 1.1,
});

/** A service whose failures come in bursts, and three windows of which the last brings failures. */
function natsOf(last: readonly number[], bursts: Noise["bursts"] = [{ burst: 5, share: 1 }]): number {
  const scan = new CountScan({ burst: 5, bursts, burstMax: 7, drift: 0.05 }, 1, true);
  for (const [index, events] of [last.map(() => 0), last.map(() => 0), last].entries()) {
    const moment = { starts: 200 + 10 * index, seconds: 10, podShare: 0, unknownPods: 0, disturbance: 0 };
    scan.add(events.map(endpoint), moment);
  }
  return scan.finding(20).nats;
}

test("failures on many endpoints within one window are many causes, as many on one endpoint are one burst", () => {
  expect(natsOf([2, 2, 2, 2])).toBeGreaterThan(natsOf([8, 0, 0, 0]) + 1);
});

test("large bursts that may be are forgiven as far as they are likely", () => {
  const all = [4, 4, 4, 4];
  const small = natsOf(all, [{ burst: 1, share: 1 }]);
  const large = natsOf(all, [{ burst: 15, share: 1 }]);
  const between = natsOf(all, [
    { burst: 1, share: 0.9 },
    { burst: 15, share: 0.1 },
  ]);

  expect(large).toBeLessThan(between);
  expect(between).toBeLessThan(small);
  expect(between - large).toBeCloseTo(Math.log(10), 0);
});

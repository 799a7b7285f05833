import { seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Noise } from "../noise/noise.ts";
import { CountScan } from "./count-scan.ts";
import type { Stratum } from "./stratum.ts";

const endpoint = (events: number): Stratum => ({
  events,
  exposure: 20,
  controlEvents: 0,
  controlExposure: 380,
});

/** A service whose failures come in bursts, and three windows of which the last brings failures. */
function natsOf(last: readonly number[], bursts: Noise["bursts"] = [{ burst: 5, share: 1 }]): number {
  const scan = new CountScan({ burst: 5, bursts, burstMax: 7, drift: 0.05 }, 1, true);
  for (const [index, events] of [last.map(() => 0), last.map(() => 0), last].entries()) {
    const moment = { starts: 200 + 10 * index, seconds: 10, podShare: 0, unknownPods: 0, disturbance: 0 };
    scan.add(events.map(endpoint), moment, 1.1);
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

/** Ten minutes in which twice as much fails, then `later` windows. */
function natsAfter(later: readonly { readonly failing: number; readonly share?: number }[], drift: number): number {
  const belief = { memories: [140], variances: [drift * drift] };
  const scan = new CountScan(
    { burst: 1, bursts: [{ burst: 1, share: 1 }], burstMax: 1, drift },
    1,
    true,
    undefined,
    belief,
  );
  const windows = [...Array.from({ length: 60 }, () => ({ failing: 2, share: 1 })), ...later];
  for (const [index, { failing, share = 1 }] of windows.entries()) {
    const moment = {
      starts: 200 + 10 * index,
      seconds: 10,
      podShare: 0,
      unknownPods: 0,
      disturbance: 0,
      usualShare: share,
    };
    // Many at once, of which those of an outage are the most.
    const usual = 20 / share;
    const events = usual + 20 * (failing - 1);
    scan.add([{ events, exposure: 2000, controlEvents: 19 * usual, controlExposure: 38_000 }], moment, 1.1);
  }
  return scan.finding(20).nats;
}

test("an outage of both versions, in which the canary's own failures hardly show, doesn't drown what was seen before", () => {
  const outage = Array.from({ length: 60 }, () => ({ failing: 2, share: 0.05 }));
  const known = natsAfter(outage, 0.2);
  const unknown = natsAfter(
    outage.map(({ failing }) => ({ failing: (19 + failing) / 20 })),
    0.2,
  );

  expect(known).toBeGreaterThan(natsAfter([], 0.2) - 0.5);
  expect(unknown).toBeLessThan(natsAfter([], 0.2) / 2);
});

test("the less two versions drift apart, the more the same failures say", () => {
  const calm = natsAfter([], 0.1);

  expect(calm).toBeGreaterThan(6.9);
  expect(natsAfter([], 0.4)).toBeLessThan(calm / 3);
});

test("what comes to more than a floor is found as without one, and what doesn't comes to no more", () => {
  const random = seededRandom(3);
  const failuresOf = (requests: number, share: number) =>
    Array.from({ length: requests }, () => random.next()).filter((one) => one < share).length;
  const bursts = [
    { burst: 1, share: 0.5 },
    { burst: 3, share: 0.3 },
    { burst: 8, share: 0.2 },
  ];
  const scan = new CountScan({ burst: 2, bursts, burstMax: 9, drift: 0.05 }, 1, true, 0.2);
  const compared = { above: 0, below: 0 };
  for (let window = 0; window < 120; window++) {
    const events = failuresOf(200, window > 50 && window < 70 ? 0.012 : 0.004);
    const controlEvents = failuresOf(800, 0.004);
    const moment = { starts: 10 * window, seconds: 10, podShare: 1, unknownPods: 0, disturbance: 0 };
    scan.add([{ events, exposure: 200, controlEvents, controlExposure: 800, usual: 0.004 }], moment, 1.1);
    const whole = scan.finding(20);
    for (const floor of [-3, -1, 0, 0.5, 2, 5, whole.nats - 1e-6, whole.nats + 1e-6]) {
      const { nats } = scan.finding(20, floor);
      compared[whole.nats > floor ? "above" : "below"]++;
      if (whole.nats > floor) expect(scan.finding(20, floor)).toEqual(whole);
      else expect(nats).toBeLessThanOrEqual(floor);
    }
  }
  expect(Math.min(compared.above, compared.below)).toBeGreaterThan(200);
});

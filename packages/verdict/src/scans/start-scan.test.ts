import { expect, test } from "vitest";
import { CountScan } from "./count-scan.ts";
import { StartScan } from "./start-scan.ts";

const noise = { burst: 1, bursts: [{ burst: 1, share: 1 }], burstMax: 1, drift: 0.05 };

/** Windows after which a release of which `failing` times the usual failures come would end: 6.9 nats, 0.9 believed before. */
function windowsUntilProven(
  scan: { add(events: number, window: number): void; nats(): number },
  failing: number,
): number {
  for (let window = 1; window <= 40; window++) {
    scan.add(4 * failing, window);
    if (scan.nats() >= 6) return window;
  }
  return Number.POSITIVE_INFINITY;
}

const moment = (window: number) => ({
  starts: 10 * (window - 1),
  seconds: 10,
  podShare: 0,
  unknownPods: 0,
  disturbance: 0,
});
const stratum = (events: number) => ({ events, exposure: 1000, controlEvents: 36, controlExposure: 9000 });
const wild = (window: number) => 1.1 * (1 + 2.7 * Math.exp(-window / 6));

function guarded() {
  const scan = new StartScan(() => new CountScan(noise, 1, true), 2.5);
  return {
    add: (events: number, window: number) =>
      scan.add([stratum(events)], moment(window), { mild: 1.1, wild: wild(window) }),
    nats: () => scan.finding(100).nats,
  };
}

/** As if every start could be the wildest. */
function waiting() {
  const scan = new CountScan(noise, 1, true);
  return {
    add: (events: number, window: number) => scan.add([stratum(events)], moment(window), wild(window)),
    nats: () => scan.finding(100).nats,
  };
}

test.each([2, 3, 5])("%d times the usual failures are proven sooner than if every start could be wild", (failing) => {
  const sooner = windowsUntilProven(guarded(), failing);

  expect(sooner).toBeLessThan(windowsUntilProven(waiting(), failing));
  expect(sooner).toBeGreaterThan(2);
});

test("failures that a wild start explains end no release, however many there are", () => {
  const scan = guarded();

  for (let window = 1; window <= 40; window++) scan.add(4 * wild(window), window);

  expect(scan.nats()).toBeLessThan(3);
});

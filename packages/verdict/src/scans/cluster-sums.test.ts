import { seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { ClusterSums } from "./cluster-sums.ts";

const bursts = [1, 3.2, 15].map((burst) => ({ burst, share: 1 / 3 }));

/** Some windows of two endpoints, at any traffic, split and failure rate. */
function someWindows(random: { next(): number }): ClusterSums {
  const sums = new ClusterSums(bursts.length);
  const exposure = 10 ** (1 + 3 * random.next());
  const controlExposure = exposure * 10 ** (1.5 * random.next() - 0.5);
  const events = (exposed: number) => Math.floor(exposed * 0.1 * random.next() ** 3);
  for (let count = 1 + Math.floor(8 * random.next()); count > 0; count--) {
    const window = new ClusterSums(bursts.length);
    const strata = [0, 1].map(() => ({
      events: events(exposure),
      exposure,
      controlEvents: events(controlExposure),
      controlExposure,
    }));
    window.become(strata, 1.1, bursts);
    sums.add(window, 0.2 + 0.8 * random.next());
  }
  return sums;
}

test("what clusters come to at most is never less than what they come to, and often little enough to ask no further", () => {
  const random = seededRandom(11);
  let [close, all] = [0, 0];
  for (let service = 0; service < 300; service++) {
    const sums = someWindows(random);
    const drift = 0.05 * random.next() ** 2;
    for (const which of bursts.keys()) {
      const nats = sums.nats(which, drift);

      expect(sums.natsAtMost(which, drift)).toBeGreaterThanOrEqual(nats - 1e-12);
      all++;
      if (sums.natsAtMost(which, drift) - nats < 2) close++;
    }
  }
  expect(close).toBeGreaterThan(all / 3);
});

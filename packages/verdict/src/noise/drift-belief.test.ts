import { seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { cautious } from "./drift.ts";
import { DriftBelief } from "./drift-belief.ts";
import type { NoiseCell } from "./noise.ts";

/** A history that leaves open whether two equal versions drift apart by 5 or by 30 %. */
const unsure: readonly NoiseCell[] = [0.05, 0.3].map((drift) => ({ burst: 1, drift, log: 0 }));
const variance = (belief: DriftBelief) => belief.variances.reduce((sum, of) => sum + of / cautious ** 2, 0);

/** Half an hour of a busy release whose failures are `rateOf` times the stable version's, chance aside. */
function after(rateOf: (second: number) => number, { disturbed = 0 } = {}): DriftBelief {
  const belief = new DriftBelief(unsure, []);
  const random = seededRandom(7);
  for (let second = 0; second < 1800; second += 10) {
    const chance = (random.next() + random.next() + random.next() - 1.5) * 2 * Math.sqrt(400);
    belief.see({
      failures: Math.round(400 * rateOf(second) + chance),
      requests: 10_000,
      controlFailures: 4000,
      controlRequests: 100_000,
      seconds: 10,
      cold: 0,
      disturbed,
      newest: 0,
    });
  }
  return belief;
}

const waves = (second: number) => Math.exp(0.4 * Math.sin(second / 60) + 0.2 * Math.sin(second / 37));

test("a harm that stays, however large, is no drift, nor is one that begins late", () => {
  expect(variance(new DriftBelief(unsure, []))).toBeCloseTo((0.05 ** 2 + 0.3 ** 2) / 2, 6);
  expect(variance(after(() => 1))).toBeLessThan(0.06 ** 2);
  expect(variance(after(() => 3))).toBeLessThan(0.06 ** 2);
  expect(variance(after((second) => (second < 1650 ? 1 : 4)))).toBeLessThan(0.06 ** 2);
});

test("what goes up and down is drift, whatever the history let hope", () => {
  expect(variance(after(waves))).toBeGreaterThan(0.28 ** 2);
});

test("drift that is soon forgotten is told from one that stays for minutes: of it less is left in a mean", () => {
  const [brief = 0, , long = 0] = after((second) => Math.exp(0.42 * Math.sin(second / 14))).variances;
  const [briefOfSlow = 0, , longOfSlow = 0] = after((second) => Math.exp(0.42 * Math.sin(second / 200))).variances;

  expect(brief).toBeGreaterThan(long);
  expect(longOfSlow).toBeGreaterThan(briefOfSlow);
});

test("nothing is learned while something hits both versions, or where failures are too few to tell", () => {
  expect(variance(after(waves, { disturbed: 1 }))).toBeCloseTo(variance(new DriftBelief(unsure, [])), 9);

  const belief = new DriftBelief(unsure, []);
  for (let second = 0; second < 1800; second += 10) {
    const failures = second % 120 === 0 ? 2 : 0;
    const few = { failures, requests: 20, controlFailures: 0, controlRequests: 400 };
    belief.see({ ...few, seconds: 10, cold: 0, disturbed: 0, newest: 0 });
  }
  expect(variance(belief)).toBeCloseTo(variance(new DriftBelief(unsure, [])), 9);
});

test("the history says how long drift is remembered, without being counted twice for how large it is", () => {
  const random = seededRandom(3);
  let drift = 0;
  const history = Array.from({ length: 60 }, () => {
    drift = Math.exp(-60 / 280) * drift + 0.12 * (random.next() + random.next() + random.next() - 1.5) * 2;
    return { score: 2000 * drift, information: 2000, seconds: 60 };
  });
  const [brief = 0, , long = 0] = new DriftBelief([{ burst: 1, drift: 0.2, log: 0 }], history).variances;
  const belief = new DriftBelief(unsure, history);

  expect(long).toBeGreaterThan(brief);
  expect(variance(belief)).toBeCloseTo(variance(new DriftBelief(unsure, [])), 6);
});

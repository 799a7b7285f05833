import fc from "fast-check";
import { expect, test } from "vitest";
import { WeightWheel } from "./weight-wheel.ts";

const windowLength = 1000;

/** The worst deviation, over every window of 1,000, of any choice's count from its exact share. */
function worstDeviation(choices: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = weights.map(() => 0);
  let worst = 0;
  for (const [place, choice] of choices.entries()) {
    counts[choice] = (counts[choice] ?? 0) + 1;
    const gone = choices[place - windowLength];
    if (gone !== undefined) counts[gone] = (counts[gone] ?? 0) - 1;
    if (place < windowLength - 1) continue;
    for (const [index, weight] of weights.entries()) {
      worst = Math.max(worst, Math.abs((counts[index] ?? 0) - (weight / total) * windowLength));
    }
  }
  return worst;
}

const weightLists = fc
  .array(fc.oneof(fc.nat({ max: 100 }), fc.constant(0), fc.nat({ max: 100_000 })), { minLength: 2, maxLength: 7 })
  .filter((weights) => weights.some((weight) => weight > 0));

test("any 1,000 consecutive choices hold each its share, +-1, whatever the weights", () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const wheel = new WeightWheel(weights);

      const choices = Array.from({ length: 5000 }, () => wheel.next());

      expect(worstDeviation(choices, weights)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});

test("weights that sum to 100 come out exactly, in every window", () => {
  const wheel = new WeightWheel([95, 5]);

  const choices = Array.from({ length: 4321 }, () => wheel.next());

  expect(worstDeviation(choices, [95, 5])).toBe(0);
});

test("a choice too rare for one turn still gets its share over many", () => {
  const wheel = new WeightWheel([60_000, 39_990, 10]);

  const choices = Array.from({ length: 1_000_000 }, () => wheel.next());

  expect(choices.filter((choice) => choice === 2).length).toBe(100);
});

test("a choice without weight is never made", () => {
  fc.assert(
    fc.property(weightLists, (weights) => {
      const wheel = new WeightWheel(weights);

      const choices = new Set(Array.from({ length: 3000 }, () => wheel.next()));

      for (const choice of choices) expect(weights[choice]).toBeGreaterThan(0);
    }),
    { numRuns: 100 },
  );
});

test("5 % is one in each twenty, not fifty in a row", () => {
  const wheel = new WeightWheel([95, 5], 1);

  const choices = Array.from({ length: 40 }, () => wheel.next());

  expect(choices[0]).toBe(1);
  expect(choices.slice(0, 20).filter((choice) => choice === 1)).toHaveLength(1);
  expect(choices.slice(20).filter((choice) => choice === 1)).toHaveLength(1);
});

import { expect, test } from "vitest";
import { approximateCounts } from "./approximate.ts";
import { type BasicCanary, basicCounts } from "./basic.ts";
import { countOf, surgeLimits } from "./limits.ts";
import { routedCanaryCount } from "./routed.ts";

test.each<[replicas: number, weight: number, surge: number, canary: number, stable: number]>([
  [0, 50, 1, 0, 0],
  [1, 49, 0, 0, 1],
  [1, 50, 0, 1, 0],
  [1, 50, 1, 1, 1],
  [1, 5, 1, 1, 1],
  [2, 1, 0, 1, 1],
  [2, 99, 0, 1, 1],
  [10, 0, 0, 0, 10],
  [10, 100, 0, 10, 0],
  [10, 10, 0, 1, 9],
  [10, 5, 0, 1, 9],
  [10, 5, 1, 1, 10],
  [10, 9, 1, 1, 10],
  [10, 15, 0, 2, 8],
  [10, 15, 1, 2, 9],
  [10, 95, 0, 9, 1],
  [10, 95, 1, 10, 1],
  [4, 50, 0, 2, 2],
  [5, 50, 0, 3, 2],
  [5, 50, 1, 3, 3],
  [3, 33, 0, 1, 2],
  [3, 34, 0, 1, 2],
  [100, 1, 0, 1, 99],
])("%d replicas at %d%% with surge %d are %d and %d", (replicas, weight, surge, canary, stable) => {
  expect(approximateCounts(replicas, weight, 100, surge)).toEqual({ canary, stable });
});

test("neither side is ever empty between 1 and 99 %, and at most one Pod is surplus", () => {
  for (let replicas = 2; replicas <= 30; replicas++) {
    for (let weight = 1; weight <= 99; weight++) {
      for (const surge of [0, 1, 5]) {
        const { canary, stable } = approximateCounts(replicas, weight, 100, surge);

        expect(Math.min(canary, stable), `${replicas} at ${weight}`).toBeGreaterThan(0);
        expect(canary + stable).toBeLessThanOrEqual(replicas + (surge > 0 ? 1 : 0));
      }
    }
  }
});

test.each([
  [{}, 10, { maxSurge: 3, maxUnavailable: 2 }],
  [{ maxSurge: "25", maxUnavailable: "25" }, 10, { maxSurge: 3, maxUnavailable: 2 }],
  [{ maxSurge: "25%", maxUnavailable: 0 }, 10, { maxSurge: 3, maxUnavailable: 0 }],
  [{ maxSurge: 0, maxUnavailable: 0 }, 10, { maxSurge: 0, maxUnavailable: 1 }],
  [{ maxSurge: 0, maxUnavailable: "10%" }, 1, { maxSurge: 0, maxUnavailable: 1 }],
  [{ maxSurge: 1, maxUnavailable: 20 }, 10, { maxSurge: 1, maxUnavailable: 10 }],
])("limits of %j for %d replicas", (strategy, replicas, limits) => {
  expect(surgeLimits(strategy, replicas)).toEqual(limits);
});

test("a text is a percent, also without the sign", () => {
  expect(countOf("25", 10, Math.ceil)).toBe(3);
  expect(countOf(25, 10, Math.ceil)).toBe(25);
});

const canary = (input: Partial<BasicCanary>): BasicCanary => ({
  replicas: 10,
  weight: 10,
  maxSurge: 1,
  maxUnavailable: 0,
  canary: { wanted: 0, available: 0 },
  stable: { wanted: 10, available: 10 },
  older: 0,
  ...input,
});

test.each<[string, Partial<BasicCanary>, number, number]>([
  ["the surplus goes to the canary", {}, 1, 10],
  ["nothing shrinks before the canary is there", { canary: { wanted: 1, available: 0 } }, 1, 10],
  ["stable shrinks once it is", { canary: { wanted: 1, available: 1 } }, 1, 9],
  ["stable shrinks as far as availability allows", { weight: 50, maxUnavailable: 2, maxSurge: 0 }, 0, 8],
  ["stable grows first", { weight: 0, stable: { wanted: 8, available: 8 }, canary: { wanted: 2, available: 2 } }, 2, 9],
  [
    "an abort drains the canary whatever its availability",
    { weight: 0, canary: { wanted: 5, available: 0 }, stable: { wanted: 10, available: 10 } },
    0,
    10,
  ],
  ["older ones go first", { older: 2, canary: { wanted: 1, available: 1 }, weight: 50 }, 1, 10],
  ["with nothing stable all are new", { stable: undefined }, 10, 0],
])("%s", (_name, input, expectedCanary, expectedStable) => {
  expect(basicCounts(canary(input))).toEqual({ canary: expectedCanary, stable: expectedStable });
});

test("every weight is reached within surge and availability", () => {
  for (const [maxSurge, maxUnavailable] of [
    [0, 1],
    [1, 0],
    [3, 2],
  ] as const) {
    for (const weight of [0, 1, 20, 50, 99, 100]) {
      let [fresh, stable] = [0, 10];
      for (let turn = 0; turn < 100; turn++) {
        // The worst case: only what was wanted before is available.
        const sizes = { canary: { wanted: fresh, available: fresh }, stable: { wanted: stable, available: stable } };
        const next = basicCounts({ replicas: 10, weight, maxSurge, maxUnavailable, older: 0, ...sizes });

        expect(next.canary + next.stable).toBeLessThanOrEqual(10 + maxSurge);
        expect(Math.min(fresh, next.canary) + Math.min(stable, next.stable)).toBeGreaterThanOrEqual(
          10 - maxUnavailable,
        );
        [fresh, stable] = [next.canary, next.stable];
      }

      expect({ canary: fresh, stable }).toEqual(approximateCounts(10, weight, 100, maxSurge));
    }
  }
});

test.each<[replicas: number, weight: number, explicit: number | undefined, minimum: number | undefined, count: number]>(
  [
    [10, 5, undefined, undefined, 1],
    [10, 11, undefined, undefined, 2],
    [10, 0, undefined, 3, 0],
    [10, 5, undefined, 3, 3],
    [2, 5, undefined, 3, 2],
    [10, 5, 7, 3, 7],
    [10, 5, 0, 3, 0],
    [10, 100, undefined, undefined, 10],
  ],
)(
  "routed: %d replicas at %d%%, explicit %s, minimum %s are %d",
  (replicas, weight, explicit, minPodsPerReplicaSet, count) => {
    expect(routedCanaryCount({ replicas, weight, explicit, minPodsPerReplicaSet })).toBe(count);
  },
);

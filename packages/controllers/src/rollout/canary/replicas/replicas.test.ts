import { expect, test } from "vitest";
import { approximateCounts } from "./approximate.ts";
import { type BasicCanary, basicCounts } from "./basic.ts";
import { countOf, surgeLimits } from "./limits.ts";
import { routedCounts } from "./routed.ts";
import { isEnough } from "./threshold.ts";

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
  [
    "while older ones serve, surplus Pods that never became available make room for stable's",
    { older: 1, replicas: 1, weight: 0, canary: { wanted: 1, available: 0 }, stable: { wanted: 0, available: 0 } },
    0,
    0,
  ],
  [
    "while older ones serve, a broken stable version makes room for its fix",
    { older: 1, weight: 60, canary: { wanted: 1, available: 1 }, stable: { wanted: 10, available: 0 } },
    1,
    4,
  ],
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

interface RoutedRow {
  readonly weight: number;
  readonly replicas?: number;
  readonly explicit?: number;
  readonly minimum?: number;
  /** With dynamicStableScale: what the last status says is routed to the canary. */
  readonly routed?: number;
  readonly due?: number;
  readonly isScaled?: boolean;
  readonly canary: number;
  readonly stable: number;
}

test.each<RoutedRow>([
  { weight: 5, canary: 1, stable: 10 },
  { weight: 11, canary: 2, stable: 10 },
  { weight: 0, minimum: 3, canary: 0, stable: 10 },
  { weight: 5, minimum: 3, canary: 3, stable: 10 },
  { weight: 5, replicas: 2, minimum: 3, canary: 2, stable: 2 },
  { weight: 5, explicit: 7, minimum: 3, canary: 7, stable: 10 },
  { weight: 5, explicit: 0, minimum: 3, canary: 0, stable: 10 },
  { weight: 100, canary: 10, stable: 10 },
  { weight: 50, replicas: 0, canary: 0, stable: 0 },
  // Stable waits for the traffic to leave, and is there before it comes back.
  { weight: 40, routed: 0, canary: 4, stable: 10 },
  { weight: 40, routed: 40, canary: 4, stable: 6 },
  { weight: 10, routed: 40, canary: 4, stable: 9 },
  { weight: 100, routed: 40, canary: 10, stable: 6 },
  { weight: 100, routed: 100, canary: 10, stable: 0 },
  { weight: 100, routed: 95, minimum: 3, canary: 10, stable: 3 },
  { weight: 15, routed: 15, canary: 2, stable: 9 },
  { weight: 100, routed: 100, due: 5, canary: 10, stable: 1 },
  { weight: 80, routed: 60, due: 80, isScaled: true, canary: 8, stable: 8 },
  { weight: 10, routed: 40, isScaled: true, canary: 1, stable: 9 },
  { weight: 40, routed: 40, explicit: 7, canary: 7, stable: 10 },
  // Taken back: the canary leaves as its traffic does.
  { weight: 0, routed: 60, canary: 6, stable: 10 },
  { weight: 0, routed: 10, minimum: 2, canary: 2, stable: 10 },
  { weight: 0, routed: 0, canary: 0, stable: 10 },
])(
  "routed: $replicas at $weight %, routed $routed, explicit $explicit, stable due $due, scaled $isScaled: $canary and $stable",
  (row) => {
    const { replicas = 10, weight, explicit, minimum: minPodsPerReplicaSet, routed, due = 0, isScaled = false } = row;
    const dynamic = routed === undefined ? undefined : { routed, due, isScaled };

    const counts = routedCounts({ replicas, weight, explicit, minPodsPerReplicaSet, dynamic });

    expect(counts).toEqual({ canary: row.canary, stable: row.stable });
  },
);

test.each<[available: number, wanted: number, threshold: Parameters<typeof isEnough>[2], isMet: boolean]>([
  [9, 10, undefined, false],
  [10, 10, undefined, true],
  [9, 10, { type: "Percent", value: 90 }, true],
  [8, 10, { type: "Percent", value: 90 }, false],
  // 7 / 10 * 100 misses 70 by a rounding error.
  [7, 10, { type: "Percent", value: 70 }, true],
  [29, 100, { type: "Percent", value: 29 }, true],
  [0, 0, { type: "Percent", value: 100 }, true],
  [0, 3, { type: "Percent", value: 0 }, true],
  [3, 10, { type: "Pod", value: 3 }, true],
  [2, 10, { type: "Pod", value: 3 }, false],
  [2, 2, { type: "Pod", value: 3 }, true],
  [9, 10, { type: "Pod", value: -1 }, false],
  [9, 10, { type: "Percent", value: -1 }, false],
])("%d of %d available with threshold %j: %s", (available, wanted, threshold, isMet) => {
  expect(isEnough(available, wanted, threshold)).toBe(isMet);
});

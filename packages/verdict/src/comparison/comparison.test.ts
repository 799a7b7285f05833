import { expect, test } from "vitest";
import { type ComparedMetric, compareMetric } from "./compare.ts";
import { shiftOf, superiority } from "./mann-whitney.ts";
import { withoutOutliers } from "./outliers.ts";
import { compareVersions } from "./score.ts";

const nan = Number.NaN;
/** `count` values around `mean`, spread evenly by a tenth of it. */
const around = (mean: number, count = 20): readonly number[] =>
  Array.from({ length: count }, (_, index) => mean * (0.95 + (0.1 * index) / (count - 1)));

const metric = (fields: Partial<ComparedMetric> = {}): ComparedMetric => ({
  name: "latency",
  group: "latency",
  control: around(100),
  experiment: around(100),
  direction: "increase",
  nanStrategy: "remove",
  outliers: { strategy: "keep", factor: 3 },
  effectSize: { measure: "meanRatio", allowedIncrease: 1, allowedDecrease: 1 },
  isCritical: false,
  mustHaveData: false,
  ...fields,
});

test("the estimate is the median of all differences, the bounds are symmetric", () => {
  const control = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const experiment = control.map((value) => value + 4);

  const shift = shiftOf(experiment, control);

  expect(shift.estimate).toBeCloseTo(4, 9);
  expect(shift.high - 4).toBeCloseTo(4 - shift.low, 9);
  expect(shift.low).toBeGreaterThan(0);
});

test("the bounds are those at which the test would just refuse: 98 %, corrected, by the normal approximation", () => {
  const control = [10, 11, 12, 13, 14, 15, 16, 17];
  const experiment = [20.3, 21.6, 22.2, 23.9, 24.4, 25.8, 26.1, 27.7];

  const { low, high, estimate } = shiftOf(experiment, control);

  // By hand: the k-th smallest of 64 differences with k = 32 - 2.3263·9.522 - 0.5 = 9.35, so the 10th from each end.
  const differences = experiment.flatMap((one) => control.map((other) => one - other)).toSorted((a, b) => a - b);
  expect(low).toBeCloseTo(differences[9] ?? nan, 6);
  expect(high).toBeCloseTo(differences[54] ?? nan, 6);
  expect(estimate).toBeCloseTo(((differences[31] ?? nan) + (differences[32] ?? nan)) / 2, 0);
});

test("superiority counts pairs, ties half", () => {
  expect(superiority([2, 3], [1, 2])).toBe((1 + 0.5 + 1 + 1) / 4);
  expect(superiority([1], [1])).toBe(0.5);
});

test("outliers lie beyond three interquartile ranges", () => {
  expect(withoutOutliers([1, 2, 3, 4, 5, 11, 12], 3)).toEqual([1, 2, 3, 4, 5, 11, 12]);
  expect(withoutOutliers([1, 2, 3, 4, 5, 100], 3)).toEqual([1, 2, 3, 4, 5]);
  expect(withoutOutliers([], 3)).toEqual([]);
});

test.each<[string, Partial<ComparedMetric>, string]>([
  ["alike", {}, "Pass"],
  ["clearly higher", { experiment: around(130) }, "High"],
  ["clearly lower, where only higher is bad", { experiment: around(70) }, "Pass"],
  ["clearly lower, where lower is bad", { experiment: around(70), direction: "decrease" }, "Low"],
  ["clearly lower, where any change is bad", { experiment: around(70), direction: "either" }, "Low"],
  [
    "higher, by less than is allowed",
    { experiment: around(130), effectSize: { measure: "meanRatio", allowedIncrease: 1.5, allowedDecrease: 1 } },
    "Pass",
  ],
  [
    "higher, by more than is allowed",
    { experiment: around(160), effectSize: { measure: "meanRatio", allowedIncrease: 1.5, allowedDecrease: 1 } },
    "High",
  ],
  [
    "higher by CLES",
    { experiment: around(130), effectSize: { measure: "cles", allowedIncrease: 0.9, allowedDecrease: 0.1 } },
    "High",
  ],
  ["higher, too few to tell", { control: [1, 2, 3], experiment: [7, 8, 9] }, "Pass"],
  ["one value on both sides", { control: [5, 5, 5], experiment: [5, 5] }, "Pass"],
  ["two constants, enough of them", { control: Array(20).fill(5), experiment: Array(20).fill(6) }, "High"],
  ["from nothing to something", { control: Array(20).fill(0), experiment: around(1) }, "High"],
  ["no data", { experiment: [] }, "Nodata"],
  ["only NaN", { experiment: [nan, nan] }, "Nodata"],
  [
    "only NaN, which means 0",
    { control: around(1), experiment: Array(20).fill(nan), nanStrategy: "replace", direction: "decrease" },
    "Low",
  ],
  ["no data, though it must have some", { experiment: [], mustHaveData: true }, "NodataFailMetric"],
  [
    "higher by outliers alone, kept",
    { control: Array(20).fill(5), experiment: [...Array(10).fill(5), ...Array(10).fill(900)] },
    "High",
  ],
])("%s is classified", (_words, fields, classification) => {
  expect(compareMetric(metric(fields)).classification).toBe(classification);
});

const options = { pass: 95, marginal: 75, weights: {} };
const bad = { experiment: around(150) };

test.each<[string, readonly Partial<ComparedMetric>[], Partial<typeof options>, number, string]>([
  ["all pass", [{}, { name: "errors" }], {}, 100, "Pass"],
  ["one of two in a group", [{}, { name: "other", ...bad }], {}, 50, "Fail"],
  ["a group fails, equal shares", [{}, { group: "errors", ...bad }], {}, 50, "Fail"],
  ["its weight is small", [{}, { group: "errors", ...bad }], { weights: { errors: 20 } }, 80, "Marginal"],
  ["a third and two thirds", [{}, { group: "b" }, { group: "c", ...bad }], {}, 66.67, "Fail"],
  ["a critical one fails", [{}, {}, {}, { isCritical: true, ...bad }], {}, 0, "Fail"],
  ["a critical one has no data", [{}, {}, {}, { isCritical: true, experiment: [] }], {}, 0, "Fail"],
  ["a group without data counts as good", [{}, {}, { group: "b", experiment: [] }], {}, 100, "Pass"],
  ["half have no data", [{}, { group: "b", experiment: [] }], {}, 0, "Fail"],
  ["nobody has data", [{ experiment: [] }, { control: [] }], {}, 0, "Nodata"],
  ["data that must be there is not", [{}, {}, { experiment: [], mustHaveData: true }], {}, 66.67, "Fail"],
])("score: %s", (_words, fields, given, score, classification) => {
  const comparison = compareVersions(fields.map(metric), { ...options, ...given });

  expect(comparison).toMatchObject({ score, classification });
});

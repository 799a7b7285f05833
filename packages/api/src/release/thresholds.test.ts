import { describe, expect, test } from "vitest";
import { measuredNumber, thresholdsOf } from "./thresholds.ts";

const success = (successCondition: string) => thresholdsOf({ successCondition });
const failure = (failureCondition: string) => thresholdsOf({ failureCondition });
const short = (found: ReturnType<typeof thresholdsOf>) => found.map(({ good, value }) => `${good} ${value}`);

describe("the thresholds of conditions with a simple shape", () => {
  test.each([
    ["result[0] >= 0.95", ["above 0.95"]],
    ["result < 5", ["below 5"]],
    ["asFloat(result) <= 2", ["below 2"]],
    ["asFloat(result[0])>1e-3", ["above 0.001"]],
    ["0.95 <= result[0]", ["above 0.95"]],
    ["result > -1", ["above -1"]],
    ["result > 0.9 && result < 1.1", ["above 0.9", "below 1.1"]],
    ["isNaN(result[0]) || result[0] < 0.01", ["below 0.01"]],
    ["len(result) > 0 and result[0] >= 0.99", ["above 0.99"]],
  ])("%s is good", (condition, expected) => {
    expect(short(success(condition))).toEqual(expected);
  });

  test.each([
    ["result[0] > 0.05", ["below 0.05"]],
    ["result < 1 || result > 3", ["above 1", "below 3"]],
  ])("%s is bad", (condition, expected) => {
    expect(short(failure(condition))).toEqual(expected);
  });

  test.each([
    "",
    "true",
    "result == 1",
    "result.ok",
    "all(result, # > 5)",
    "result[1] > 5",
    "result < 1 || result > 3",
    "(result < 1) && result.ok",
    "result[0] < {{args.unknown}}",
  ])("%s has none", (condition) => {
    expect(success(condition)).toEqual([]);
  });

  test("what is bad only together with something else has no threshold of its own", () => {
    expect(failure("result > 1 && result < 3")).toEqual([]);
  });

  test("an argument stands for its value", () => {
    const metric = { successCondition: "result[0] >= {{ args.least }}" };

    expect(thresholdsOf(metric, [{ name: "least", value: "0.9" }])).toEqual([
      { value: 0.9, good: "above", text: ">= 0.9", of: "successCondition" },
    ]);
  });
});

test.each([
  ["[0.5]", 0.5],
  ["[0.5, 0.7]", 0.5],
  ["3", 3],
  ["[]", undefined],
  ["", undefined],
  [undefined, undefined],
  ["[NaN]", undefined],
  ['{"ok":true}', undefined],
])("%s measured is %s", (value, expected) => {
  expect(measuredNumber(value)).toBe(expected);
});

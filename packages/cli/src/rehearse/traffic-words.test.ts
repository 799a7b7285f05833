import { expect, test } from "vitest";
import { trafficOf } from "./traffic-words.ts";

test("traffic in plain words", () => {
  const words = { traffic: "30rpm", errors: "0.3%", p95: "1.5s", dailySwing: "3x", noise: "wild", conversions: "2%" };

  expect(trafficOf(words)).toMatchObject({
    requestsPerSecond: 0.5,
    errors: 0.003,
    p95Ms: 1500,
    dailySwing: 3,
    conversions: 0.02,
  });
});

test.each([
  ["120", 120],
  ["120 rps", 120],
  ["120RPS", 120],
  ["7,200rpm", 120],
  ["7200/min", 120],
  ["2krps", 2000],
  ["1.5k/s", 1500],
  ["120req/s", 120],
  ["120 requests a second", 120],
  ["360rph", 0.1],
  ["8.64M/day", 100],
])("--traffic %s is %d a second", (traffic, requestsPerSecond) => {
  expect(trafficOf({ traffic }).requestsPerSecond).toBeCloseTo(requestsPerSecond, 9);
});

test("units may stand apart, and a factor before its x", () => {
  expect(trafficOf({ errors: ".3 %", p95: "240 ms", dailySwing: "x3" })).toMatchObject({
    errors: 0.003,
    p95Ms: 240,
    dailySwing: 3,
  });
  expect(trafficOf({ p95: "500us", dailySwing: "3" })).toMatchObject({ p95Ms: 0.5, dailySwing: 3 });
});

test.each([
  [{ traffic: "lots" }, "--traffic: found lots, expected a rate such as 120rps, 2krps, 30rpm or 500/h"],
  [{ traffic: "2e6rps" }, "at most a million a second"],
  [{ traffic: "120 requests a year" }, "--traffic: found 120 requests a year"],
  [{ traffic: "0rps" }, "--traffic: found 0rps"],
  [{ errors: "0.3" }, "--errors: found 0.3, expected a share such as 0.3%"],
  [{ p95: "240" }, "--p95: found 240, expected a time such as 240ms or 1.5s"],
  [{ errors: "0,3%" }, "--errors: found 0,3%"],
  [{ dailySwing: "0.5x" }, "--daily-swing: found 0.5x"],
  [{ noise: "loud" }, "--noise: found loud, expected calm, normal, wild"],
])("%j is refused with what would be right", (words, message) => {
  expect(() => trafficOf(words)).toThrow(message);
});

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
  [{ traffic: "lots" }, "--traffic: found lots, expected a rate such as 120rps, 30rpm or 500/h"],
  [{ traffic: "0rps" }, "--traffic: found 0rps"],
  [{ errors: "0.3" }, "--errors: found 0.3, expected a share such as 0.3%"],
  [{ p95: "240" }, "--p95: found 240, expected a time such as 240ms or 1.5s"],
  [{ dailySwing: "0.5x" }, "--daily-swing: found 0.5x"],
  [{ noise: "loud" }, "--noise: found loud, expected calm, normal, wild"],
])("%j is refused with what would be right", (words, message) => {
  expect(() => trafficOf(words)).toThrow(message);
});

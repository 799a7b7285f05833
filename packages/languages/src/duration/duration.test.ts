import { millis } from "@sluice/kernel";
import { expect, test } from "vitest";
import { formatGoDuration, parseGoDuration } from "./go-duration.ts";
import { formatPrometheusDuration, parsePrometheusDuration } from "./prometheus-duration.ts";

test.each([
  ["0", 0],
  ["30s", 30_000],
  ["1h30m", 5_400_000],
  ["1.5h", 5_400_000],
  ["-2m", -120_000],
  ["+5s", 5000],
  [".5s", 500],
  ["1m1h", 3_660_000],
  ["100us", 0.1],
  ["1µs", 0.001],
])("Go reads %s as %d ms", (text, expected) => {
  const duration = parseGoDuration(text);

  expect(duration).toEqual({ is: "parsed", value: expected });
});

test.each(["", "-", "5", "5 s", "1d", "s", "5m ", "1h-1m", "NaN", "1e3s", "9999999999h"])("Go refuses %j", (text) => {
  expect(parseGoDuration(text).is).toBe("refused");
});

test.each([
  ["0", 0],
  ["5m", 300_000],
  ["1h30m", 5_400_000],
  ["1y", 31_536_000_000],
  ["1w2d", 777_600_000],
  ["1s500ms", 1500],
])("Prometheus reads %s as %d ms", (text, expected) => {
  expect(parsePrometheusDuration(text)).toEqual({ is: "parsed", value: expected });
});

test.each(["", "5", "1.5h", "-5m", "1m1h", "5m5m", "5M", "1h 5m"])("Prometheus refuses %j", (text) => {
  expect(parsePrometheusDuration(text)).toMatchObject({ is: "refused", refusal: { found: `"${text}"` } });
});

test("what is printed is read back", () => {
  expect(formatGoDuration(millis(5_400_000))).toBe("1h30m0s");
  expect(formatGoDuration(millis(1500))).toBe("1.5s");
  expect(formatGoDuration(millis(250))).toBe("250ms");
  for (const text of ["1h30m", "1m30s", "2w", "15d", "1s500ms"]) {
    const duration = parsePrometheusDuration(text);

    if (duration.is !== "parsed") throw new Error(text);
    expect(formatPrometheusDuration(duration.value)).toBe(text);
  }
});

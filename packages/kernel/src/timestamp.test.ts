import { expect, test } from "vitest";
import { randomInteger, seededRandom } from "./random.ts";
import { formatInstant, parseInstant } from "./timestamp.ts";
import { instant } from "./units.ts";

test("formats and parses every instant as Date does", () => {
  const random = seededRandom(1);

  for (let round = 0; round < 5000; round++) {
    const at = instant(randomInteger(random, 8_000_000_000_000) - 2_000_000_000_000);

    expect(formatInstant(at, "millis")).toBe(new Date(at).toISOString());
    expect(parseInstant(formatInstant(at, "millis"))).toBe(at);
  }
});

test("reads offsets and fractions, refuses what is no timestamp", () => {
  expect(parseInstant("2026-11-22T10:00:00+02:00")).toBe(Date.parse("2026-11-22T08:00:00Z"));
  expect(parseInstant("2026-11-22T10:00:00.123456789Z")).toBe(Date.parse("2026-11-22T10:00:00.123Z"));
  for (const text of ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-22"])
    expect(parseInstant(text)).toBeUndefined();
});

import { describe, expect, test } from "vitest";
import { LogPlace, parseLine } from "./log-reader.ts";

test("a line of a log is its time and its text, whatever the text is", () => {
  expect(parseLine("2026-11-22T23:46:05.123456789Z GET / 200")).toEqual({
    at: "2026-11-22T23:46:05.123456789Z",
    text: "GET / 200",
  });
  expect(parseLine("2026-11-22T23:46:05Z ")).toEqual({ at: "2026-11-22T23:46:05Z", text: "" });
  expect(parseLine("no time")).toEqual({ at: "", text: "no time" });
});

describe("the place in a log", () => {
  const read = (place: LogPlace, ...lines: string[]) =>
    lines
      .map((line) => parseLine(line))
      .filter((line) => place.isNew(line))
      .map(({ text }) => text);

  test("lines of one time are all shown", () => {
    expect(read(new LogPlace(), "2026-01-01T00:00:01Z a", "2026-01-01T00:00:01Z a", "2026-01-01T00:00:01Z b")).toEqual([
      "a",
      "a",
      "b",
    ]);
  });

  test("after a break what was shown isn't shown again, and nothing is left out", () => {
    const place = new LogPlace();
    read(place, "2026-01-01T00:00:01Z a", "2026-01-01T00:00:02Z b", "2026-01-01T00:00:02Z c");

    const since = place.resume();
    const again = read(
      place,
      "2026-01-01T00:00:01Z a",
      "2026-01-01T00:00:02Z b",
      "2026-01-01T00:00:02Z c",
      "2026-01-01T00:00:02Z d",
      "2026-01-01T00:00:03Z e",
    );

    expect([since, again]).toEqual(["2026-01-01T00:00:02Z", ["d", "e"]]);
  });
});

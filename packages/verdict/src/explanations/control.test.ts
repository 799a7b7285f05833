import { millis, ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import { serving } from "../windows/serving.fixture.ts";
import type { JudgedRelease } from "../windows/window.ts";
import { Control } from "./control.ts";

/** 100 requests a second before the release. */
const release: JudgedRelease = {
  plan: [],
  bucketEdgesMs: [],
  history: [{ lasts: millis(60_000), first: serving(3000), second: serving(3000) }],
};

function isFresh(weight: number, canary: number, stable: number, told: Partial<JudgedRelease> = {}): boolean {
  const control = new Control({ ...release, ...told });
  for (let window = 1; window <= 3; window++) {
    control.see({
      ends: millis(10_000 * window),
      lasts: millis(10_000),
      weight: ratio(weight),
      step: 0,
      stepAge: millis(10_000 * window),
      canary: serving(canary),
      stable: serving(stable),
    });
  }
  return control.isFresh;
}

test.each([
  ["canary and control get a twentieth each: the rest goes elsewhere", 0.05, 50, 50, true],
  ["the control gets all that the canary doesn't", 0.05, 50, 950, false],
  ["a split that isn't what was asked is no fresh baseline", 0.05, 500, 500, false],
  ["of half and half no one can tell", 0.5, 500, 500, false],
])("%s", (_, weight, canary, stable, expected) => {
  expect(isFresh(weight, canary, stable)).toBe(expected);
});

test("what is told isn't guessed", () => {
  expect(isFresh(0.05, 50, 950, { control: "fresh" })).toBe(true);
  expect(isFresh(0.05, 50, 50, { control: "stable" })).toBe(false);
});

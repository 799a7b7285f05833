import { millis, ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createJudge } from "./judge.ts";
import type { Served, VersionServed } from "./windows/window.ts";

/** A version that is asked for one thing often and for another seldom; `failing` and `slow` are of the seldom one. */
function asked(often: number, seldom: number, { failing = 0, slow = 0 } = {}): VersionServed {
  const of = (requests: number, failures: number, slowOnes: number): Served => ({
    requests,
    failures,
    latencyCounts: [0, requests - slowOnes, 0, 0, 0, 0, slowOnes],
  });
  const more = { exposures: 0, conversions: 0, restarts: 0, pods: 4 };
  return { ...of(often + seldom, failing, slow), endpoints: [of(often, 0, 0), of(seldom, failing, slow)], ...more };
}

/** At every window of a step of half the traffic, before the last one: does the judge suspect its release? */
function suspicions(windows: number, serve: (index: number) => readonly [VersionServed, VersionServed]): boolean[] {
  const judge = createJudge({
    plan: [0.5, 1].map((weight) => ({ weight: ratio(weight), lasts: millis(60_000) })),
    bucketEdgesMs: [10, 20, 40, 80, 160, 320],
    history: [{ lasts: millis(60_000), first: asked(149, 5), second: asked(149, 5) }],
    control: "stable",
  });
  return Array.from({ length: windows }, (_, index) => {
    const [canary, stable] = serve(index);
    const at = millis((index + 1) * 5000);
    return judge.observe({
      ends: at,
      lasts: millis(5000),
      weight: ratio(0.5),
      step: 0,
      stepAge: at,
      canary,
      stable,
    }).suspects;
  });
}

test.each([0, 2, 20, 1000])(
  "three slow requests hold no release, where it served %i before; a fourth does",
  (before) => {
    const held = (slow: number) => {
      const windows: boolean[] = suspicions(12, (index) => [
        asked(before + 20, 20, { slow: index < slow ? 1 : 0 }),
        asked(before + 20, 20),
      ]);
      return windows.includes(true);
    };

    expect(held(3)).toBe(false);
    expect(held(4)).toBe(true);
  },
);

test("two failures of an endpoint that the new version is seldom asked hold no release once it served thousands, and failed less", () => {
  const suspects = suspicions(40, (index) => [
    asked(1000, 2, { failing: index < 2 ? 1 : 0 }),
    asked(1000, 40, { failing: index % 4 === 0 ? 1 : 0 }),
  ]);

  expect(suspects).toContain(true);
  expect(suspects.at(-1)).toBe(false);
});

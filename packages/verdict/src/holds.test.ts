import { millis, ratio, seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { createJudge } from "./judge.ts";
import { rollbackNats } from "./learned/bar.ts";
import { Story } from "./story.fixture.ts";
import type { Served, VersionServed } from "./windows/window.ts";

const edges = [10, 20, 40, 80, 160, 320];

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
    bucketEdgesMs: edges,
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

test("what holds the weight before the last step is told, however little it is", () => {
  const story = new Story();

  const held = story
    .steps(50, 40, { weight: ratio(0.5), step: 1 }, { failing: 0.006 })
    .filter(({ suspects }) => suspects);

  expect(held.some(({ nats }) => nats < 1.9)).toBe(true);
  for (const { because } of held) expect(because).toMatch(/not (yet )?proven/);
});

test("the weight isn't raised while a harm is suspected but unproven", () => {
  const story = new Story();

  story.run(400, () => ({ failing: 0.0075 }));

  expect(story.last?.evidence[0]?.signal).toContain("failures");
  expect(["monitor", "rollback"]).toContain(story.last?.action);
});

test.each([
  ["few requests", "ends it", 4, 0.008, "rollback", /it was waited for as long as may be/],
  ["many, where it would have been proven,", "doesn't", 20, 0.0061, "continue", /fail .*; not proven$/],
] as const)("after all waiting a suspicion of %s %s", (_, _end, rate, failing, action, because) => {
  const story = new Story();
  story.steps(rate, 60, { weight: ratio(0.2), step: 0 }, { failing });

  const verdicts = story.steps(rate, 250, { weight: ratio(0.5), step: 1 }, { failing });

  expect(verdicts.filter((verdict) => verdict.action === "monitor").length).toBe(160);
  expect(verdicts.at(-1)).toMatchObject({ action });
  expect(verdicts.at(-1)?.nats).toBeGreaterThan(4);
  expect(verdicts.at(-1)?.nats).toBeLessThan(rollbackNats);
  expect(verdicts.at(-1)?.because).toMatch(because);
});

test("of Pods that differ by a few percent, as one Pod of the same program does from another, few hold the last step", () => {
  const held = Array.from({ length: 20 }, (_, seed) => {
    const random = seededRandom(seed + 1);
    const canaryIs = 1 + 0.16 * (random.next() - 0.5);
    const served = (slower: number): VersionServed => {
      const latencyCounts = new Array<number>(7).fill(0);
      for (let request = 0; request < 10; request++) {
        const bucket = edges.findIndex((edge) => 25 * slower * Math.exp(random.next() - 0.5) <= edge);
        latencyCounts[bucket] = (latencyCounts[bucket] ?? 0) + 1;
      }
      const one = { requests: 10, failures: 0, latencyCounts };
      return { ...one, endpoints: [one], exposures: 0, conversions: 0, restarts: 0, pods: 1 };
    };
    const judge = createJudge({
      plan: [0.5, 1].map((weight) => ({ weight: ratio(weight), lasts: millis(600_000) })),
      bucketEdgesMs: edges,
      history: Array.from({ length: 30 }, () => ({ lasts: millis(60_000), first: served(1), second: served(1) })),
    });
    return Array.from({ length: 60 }, (_, index) => {
      const at = millis((index + 1) * 10_000);
      const window = { ends: at, lasts: millis(10_000), weight: ratio(0.5), step: 0, stepAge: at };
      return judge.observe({ ...window, canary: served(canaryIs), stable: served(1) });
    }).at(-1)?.suspects;
  });

  expect(held.filter((suspects) => suspects === true).length).toBeLessThanOrEqual(2);
});

import { millis, ratio } from "@sluice/kernel";
import { expect, test } from "vitest";
import { serving } from "../windows/serving.fixture.ts";
import { Cohorts } from "./cold-start.ts";
import { Control } from "./control.ts";

interface Seen {
  readonly ends: number;
  readonly step: number;
  readonly stepAge: number;
  readonly weight: number;
  readonly pods: number;
}

/** Windows of ten seconds; `podsOfStable`: 1 as where nobody says how many there are. */
function cohorts(windows: readonly Seen[], podsOfStable = 20): Cohorts {
  const seen = new Cohorts(new Control({ plan: [], bucketEdgesMs: [], history: [], control: "stable" }));
  for (const { ends, step, stepAge, weight, pods } of windows) {
    seen.see({
      ends: millis(ends * 1000),
      lasts: millis(10_000),
      weight: ratio(weight),
      step,
      stepAge: millis(stepAge * 1000),
      canary: { ...serving(100), pods },
      stable: { ...serving(1000), pods: podsOfStable },
    });
  }
  return seen;
}

const first = { ends: 10, step: 0, stepAge: 10, weight: 0.01, pods: 1 };
const fade = { seconds: 60 };

test("a step that brings traffic and no Pod brings nothing that is cold", () => {
  const grown = [first, { ends: 610, step: 1, stepAge: 10, weight: 0.05, pods: 1 }];

  expect(cohorts(grown).newest).toBe(0);
  expect(cohorts(grown).coldness(610, fade)).toBeLessThan(0.001);
});

test("of five Pods the four that a step started are cold", () => {
  const grown = [first, { ends: 620, step: 1, stepAge: 20, weight: 0.25, pods: 5 }];

  expect(cohorts(grown).newest).toBe(600);
  expect(cohorts(grown).coldness(600, fade)).toBeCloseTo(0.8, 3);
});

test("a Pod that an autoscaler starts in the middle of a step is cold from then on", () => {
  const grown = [first, { ends: 310, step: 0, stepAge: 310, weight: 0.01, pods: 2 }];

  expect(cohorts(grown).newest).toBe(300);
  expect(cohorts(grown).coldness(300, fade)).toBeCloseTo(0.5, 2);
});

test("where nobody says how many Pods there are, what a step brings of traffic may be cold", () => {
  const grown = [first, { ends: 610, step: 1, stepAge: 10, weight: 0.05, pods: 1 }];

  expect(cohorts(grown, 1).newest).toBe(600);
  expect(cohorts(grown, 1).coldness(600, fade)).toBeCloseTo(0.8, 3);
});

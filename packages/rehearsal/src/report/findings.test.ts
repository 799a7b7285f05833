import { expect, test } from "vitest";
import { defaultTraffic, noises } from "../model/traffic.ts";
import { notOver } from "../release/outcome.ts";
import { amount, premiseOf, wordsOf } from "./findings.ts";
import type { ProfileResult, Rehearsal, StepView } from "./result.ts";

const nothing: ProfileResult = {
  good: { runs: 4, falseAborts: 0, asked: 0, rules: {}, seconds: 1200, waitedSeconds: 0, heldSeconds: 0 },
  predicted: { good: { low: 1, median: 1, high: 1 } },
  faults: [],
};

const step = (weight: number, caught: StepView["caught"]): StepView => ({
  index: 0,
  setWeight: 100 * weight,
  weight,
  seconds: 600,
  canaryRequests: 6000,
  isUntilPerson: false,
  smallest: {},
  caught,
});

const rehearsal = {
  rollout: "web",
  namespace: "shop",
  seed: 1,
  traffic: defaultTraffic,
  podsReadySeconds: 15,
  podsReadyFrom: "assumed",
  learned: [],
  hasAnalyses: true,
  countsConversions: false,
  madeUp: [],
  unanswerable: [],
  profiles: { argo: nothing, sluice: nothing },
  steps: [],
  idleRules: [],
  releasesOfEachSize: 5,
};

const said = (steps: readonly StepView[]) =>
  wordsOf({ ...rehearsal, steps }).filter((words) => words.includes("decide"));

test("steps that stop no release are told with the time that they take, for each profile", () => {
  const steps = [
    step(0.1, { argo: 3, sluice: 9 }),
    step(0.2, { argo: 0, sluice: 2 }),
    step(0.5, { argo: 0, sluice: 0 }),
  ];

  expect(said(steps)).toEqual([
    "The steps at 20 %, 50 % (20 min) decide nothing: your analyses stop no release there, good or bad.",
    "The step at 50 % (10 min) decides nothing: Sluice stops no release there, good or bad.",
  ]);
});

test("of steps that no good release gets to nobody knows what they decide", () => {
  expect(
    said([step(0.1, { argo: 1, sluice: 1 }), { ...step(0.5, { argo: 0, sluice: 0 }), seconds: undefined }]),
  ).toEqual([]);
});

test("what a step sees is doubted where few releases tell it", () => {
  const steps = [step(0.1, { argo: 3, sluice: 9 })];
  const doubts = (releasesOfEachSize: number) =>
    wordsOf({ ...rehearsal, steps, releasesOfEachSize }).filter((words) => words.includes("of each size"));

  expect([1, 4].flatMap(doubts)).toEqual([
    expect.stringMatching(/^What each step sees rests on one release of each size: .* --runs 10 and more tell\.$/),
    expect.stringContaining("on 4 releases of each size"),
  ]);
  expect(doubts(5)).toEqual([]);
});

test("where each step stops something nothing is said", () => {
  expect(said([step(0.1, { argo: 1, sluice: 1 })])).toEqual([]);
});

test("low traffic: what a longer first step was seen to find is said, or that it takes too long", () => {
  const few = [{ ...step(0.05, { argo: 1, sluice: 1 }), seconds: 120, canaryRequests: 72, smallest: { argo: 0.1 } }];
  const words = (longerFirst: Rehearsal["longerFirst"]) =>
    wordsOf({
      ...rehearsal,
      traffic: { ...defaultTraffic, requestsPerSecond: 12 },
      steps: few,
      ...(longerFirst && { longerFirst }),
    });

  expect(words(undefined)).toEqual([
    "At 12 requests a second your 2-minute step at 5 % sees 72 canary requests: your analyses see a 10-point regression from there on.",
    "A regression of 50 points or less stays invisible to Sluice before full traffic.",
  ]);
  expect(words({ seconds: 840, smallest: { sluice: 0.02 } })[2]).toBe(
    "Low traffic: 72 canary requests in the first step decide little. With 14 min there Sluice sees a 2-point regression by its end, your analyses nothing: that was rehearsed.",
  );
  expect(words({ seconds: 20_040 })[2]).toContain("Enough would take 5.6 h there: too long for most.");
  expect(words({ seconds: 20_040 })[3]).toContain("an EvidencePolicy in the same files");
});

test("who stops every good release sees nothing, and that is said", () => {
  const asking = { ...nothing, good: { ...nothing.good, asked: 1, rules: { NoData: 4 } } };
  const words = wordsOf({
    ...rehearsal,
    profiles: { argo: nothing, sluice: asking },
    steps: [step(0.1, { argo: 1, sluice: 4 })],
  });

  expect(words).toContain("As Sluice 100 % of good releases are stopped as well, by NoData.");
  expect(words.join(" ")).not.toMatch(/Sluice (sees|catches)|invisible to Sluice/);
});

test("a step that waits for a person is told as that", () => {
  const waiting = { ...step(0.2, { argo: 1, sluice: 1 }), isUntilPerson: true };

  expect(wordsOf({ ...rehearsal, steps: [waiting] })[0]).toMatch(
    /^At 100 requests a second your step at 20 %, until a person answers after 10 min, sees 6,000 canary requests: /,
  );
});

test("where nothing is measured no analysis of yours is spoken of", () => {
  const missed = { fault: "error +5pp", isHarmful: true, runs: 2, asked: 0, by: undefined, rules: {}, harmedMedian: 9 };
  const faults = (caught: number) => [{ ...missed, harmedP95: 9, caught, seconds: undefined, weight: undefined }];
  const words = wordsOf({
    ...rehearsal,
    hasAnalyses: false,
    profiles: { argo: { ...nothing, faults: faults(0) }, sluice: { ...nothing, faults: faults(1) } },
    steps: [step(0.1, { argo: 0, sluice: 0 })],
    longerFirst: { seconds: 840, smallest: { sluice: 0.02 } },
  });

  expect(words[0]).toBe(
    "No analysis measures the new version: as Argo Rollouts only a person or the progress deadline stops it.",
  );
  expect(words).toContain("Sluice catches 1 that nothing else here would: error +5pp.");
  expect(words.slice(1).join(" ")).not.toContain("analyses");
});

test("of a plan that never ends that is said, and no rule is blamed", () => {
  const endless = { ...nothing, good: { ...nothing.good, falseAborts: 1, rules: { [notOver]: 4 } } };
  const words = wordsOf({ ...rehearsal, profiles: { argo: endless, sluice: endless } });

  expect(words[0]).toBe(
    "A good release isn't over after two weeks: what comes after that of its plan wasn't rehearsed.",
  );
  expect(words.join(" ")).not.toMatch(/initialDelay|stopped as well/);
});

test.each([
  [0.001, "0.001"],
  [0.25, "0.3"],
  [12_345, "12,345"],
])("%d is written as %s", (value, words) => {
  expect(amount(value)).toBe(words);
});

test("the premise tells what was said of the day, and nothing of what is usual", () => {
  const day = { ...defaultTraffic, dailySwing: 3, noise: noises.wild, conversions: 0.02 };

  expect(premiseOf(rehearsal)).toBe(
    "100 requests/s, 0.3 % errors, p95 240 ms, Pods ready after 15 s (assumed), seed 1",
  );
  expect(premiseOf({ ...rehearsal, traffic: day })).toBe(
    "100 requests/s, 0.3 % errors, p95 240 ms, busiest hour 3 times the quietest, wild noise, 2 % conversions, Pods ready after 15 s (assumed), seed 1",
  );
});

import { expect, test } from "vitest";
import { defaultTraffic } from "../model/traffic.ts";
import { wordsOf } from "./findings.ts";
import type { ProfileResult, StepView } from "./result.ts";

const nothing: ProfileResult = {
  good: { runs: 4, falseAborts: 0, asked: 0, rules: {}, seconds: 1200, waitedSeconds: 0, heldSeconds: 0 },
  predicted: { good: { low: 1, median: 1, high: 1 } },
  faults: [],
};

const step = (weight: number, caught: StepView["caught"]): StepView => ({
  index: 0,
  weight,
  seconds: 600,
  canaryRequests: 6000,
  smallest: {},
  caught,
});

const said = (steps: readonly StepView[]) =>
  wordsOf({
    rollout: "web",
    namespace: "shop",
    seed: 1,
    traffic: defaultTraffic,
    learned: [],
    madeUp: [],
    unanswerable: [],
    profiles: { argo: nothing, sluice: nothing },
    steps,
    idleRules: [],
  }).filter((words) => words.includes("decide"));

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

test("where each step stops something nothing is said", () => {
  expect(said([step(0.1, { argo: 1, sluice: 1 })])).toEqual([]);
});

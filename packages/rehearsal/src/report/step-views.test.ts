import { expect, test } from "vitest";
import { type Fault, ladder, noFault } from "../model/fault.ts";
import { defaultTraffic } from "../model/traffic.ts";
import { canary, policyOf } from "../rehearsal.fixture.ts";
import type { Outcome } from "../release/outcome.ts";
import { stepsOf } from "./step-views.ts";

const released: Outcome = {
  end: "promoted",
  step: 5,
  weight: 1,
  seconds: 700,
  heldSeconds: 0,
  waitedSeconds: 0,
  canaryRequests: 1000,
  harmed: 0,
  decisions: [],
  weights: [
    { atSeconds: 15, weight: 0.1, step: 0 },
    { atSeconds: 330, weight: 0.5, step: 2 },
    { atSeconds: 645, weight: 1, step: 4 },
  ],
};
const stopped: Outcome = { ...released, end: "aborted", step: 1, weight: 0.1, seconds: 100 };

test("a size that was stopped by luck, while a larger one got through, isn't what a step sees", async () => {
  const policy = await policyOf(canary());
  const isStopped = ({ errors = 0 }: Fault) => errors === 0.005 || errors >= 0.05;
  const played = [noFault, ...ladder].map((fault) => ({
    profile: "argo" as const,
    fault,
    outcomes: [isStopped(fault) ? stopped : released],
  }));

  const steps = stepsOf(policy, defaultTraffic, played);

  expect(steps.map(({ weight, smallest }) => [weight, smallest.argo])).toEqual([
    [0.1, 0.05],
    [0.5, 0.05],
  ]);
});

import type { Rollout } from "@sluice/api";
import { expect, test } from "vitest";
import { progressWord, weightWord } from "./render-progress.ts";
import { blueGreen, now, paused, rollout, steps } from "./shown-release.fixture.ts";

const routedBack = { canary: { weight: 0, podTemplateHash: "new" }, stable: { weight: 100, podTemplateHash: "new" } };

test.each<[string, Rollout, string, string]>([
  ["a canary", rollout({ canary: { steps } }, { currentStepIndex: 2 }), "2/7", ""],
  ["without steps", rollout({ canary: {} }, {}), "-", ""],
  ["a canary that is done", rollout({ canary: { steps } }, { stableRS: "new" }), "7/7", ""],
  [
    "a canary that is done and was routed",
    rollout({ canary: { steps } }, { stableRS: "new", canary: { weights: routedBack } }),
    "7/7",
    "100 %",
  ],
  ["blue-green that counts down", rollout(blueGreen, paused), "switches in 20s", "0 %"],
  ["blue-green after the switch", rollout(blueGreen, { blueGreen: { activeSelector: "new" } }), "watched", "100 %"],
])("in a list: %s", (_, listed, step, weight) => {
  expect(progressWord(listed, now)).toBe(step);
  expect(weightWord(listed)).toBe(weight);
});

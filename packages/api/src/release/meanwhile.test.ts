import { after, formatInstant, type Instant, instant, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { Rollout, RolloutStatus } from "../kinds/argo/rollout.ts";
import { lastWord, meanwhileText, wordEvent } from "./meanwhile.ts";
import { stillSeen } from "./seen.ts";

const now = instant(1_767_225_600_000);
const steps = [{ pause: {} }, { setWeight: 50 }, { pause: {} }, { setWeight: 80 }, { pause: {} }, { setWeight: 100 }];
const rollout = (status: RolloutStatus): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "shop", namespace: "shop", uid: "shop" },
  spec: { strategy: { canary: { steps } } },
  status: { stableRS: "old", currentPodHash: "new", ...status },
});
const before = rollout({ currentStepIndex: 0 });
const said = (ago: number, by = "bob") =>
  wordEvent(before, { word: "promoted", by, component: "sluice-cli", at: stamp(after(now, seconds(-ago))) });
const stamp = (at: Instant): string => formatInstant(at);

test.each<[string, Rollout, number | undefined, string]>([
  [
    "who it was",
    rollout({ currentStepIndex: 3 }),
    3,
    "bob promoted it 3 s ago; it's now at step 4/6. Nothing was changed.",
  ],
  [
    "nobody left word",
    rollout({ currentStepIndex: 2 }),
    undefined,
    "it has gone on meanwhile; it's now at step 3/6. Nothing was changed.",
  ],
  [
    "a word of long ago has nothing to do with it",
    rollout({ abort: true }),
    600,
    "it has gone on meanwhile; it's aborted now. Nothing was changed.",
  ],
  [
    "another version",
    rollout({ currentPodHash: "newer", currentStepIndex: 0 }),
    undefined,
    "another version has begun meanwhile; it's now at step 1/6. Nothing was changed.",
  ],
  [
    "the end",
    rollout({ stableRS: "new", currentStepIndex: 6 }),
    1,
    "bob promoted it 1 s ago; it's fully promoted now. Nothing was changed.",
  ],
])("what happened meanwhile: %s", (_, later, ago, expected) => {
  expect(meanwhileText(before, later, ago === undefined ? [] : [said(ago)], now)).toBe(expected);
});

test("the last word counts, and only about this release", () => {
  const other = { ...said(0, "eve"), involvedObject: { uid: "another" } };

  expect(lastWord(before, [said(9), said(2, "alice"), said(5), other])?.by).toBe("alice");
});

test("what isn't there can't be tested", () => {
  expect(stillSeen(before, ["currentPodHash", "currentStepIndex", "pauseConditions"])).toEqual([
    { op: "test", path: "/status/currentPodHash", value: "new" },
    { op: "test", path: "/status/currentStepIndex", value: 0 },
  ]);
});

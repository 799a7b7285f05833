import type { PauseReason, Rollout, RolloutStatus } from "@sluice/api";
import { abortPatch, promotePatch, retryPatch } from "@sluice/controllers";
import { isFault } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import {
  abort,
  abortAsBad,
  promote,
  promoteFully,
  type ReleaseRequest,
  retry,
  skipAllSteps,
  skipStep,
} from "./requests.ts";

const steps = [
  { setWeight: 5 },
  { pause: {} },
  { analysis: { templates: [{ templateName: "errors" }] } },
  { experiment: { templates: [{ name: "baseline", specRef: "stable" as const }] } },
];

const rollout = (status: RolloutStatus, paused?: boolean): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "shop", namespace: "shop" },
  spec: { strategy: { canary: { steps } }, ...(paused === undefined ? {} : { paused }) },
  status,
});

const underWay = { stableRS: "old", currentPodHash: "new" };
const pause = (reason: PauseReason) => ({
  pauseConditions: [{ reason, startTime: "2026-01-01T00:00:00Z" }],
});
const quarantined = {
  conditions: [{ type: "Quarantined", status: "True", reason: "Quarantined", message: "it is bad" }],
} as const;

const states: Readonly<Record<string, Rollout>> = {
  "fully promoted": rollout({ stableRS: "new", currentPodHash: "new", currentStepIndex: 3 }),
  "its first deploy": rollout({ currentPodHash: "new" }),
  "on its way": rollout({ ...underWay, currentStepIndex: 0 }),
  "at a pause": rollout({ ...underWay, currentStepIndex: 1, ...pause("CanaryPauseStep") }),
  "at an analysis": rollout({ ...underWay, currentStepIndex: 2 }),
  "at an analysis without data": rollout({ ...underWay, currentStepIndex: 2, ...pause("NoData") }),
  "at an undecided analysis": rollout({ ...underWay, currentStepIndex: 2, ...pause("InconclusiveAnalysisRun") }),
  "at an experiment": rollout({ ...underWay, currentStepIndex: 3 }),
  "at an undecided experiment": rollout({ ...underWay, currentStepIndex: 3, ...pause("InconclusiveExperiment") }),
  "behind all steps": rollout({ ...underWay, currentStepIndex: 4 }),
  "undecided in the background": rollout({ ...underWay, currentStepIndex: 1, ...pause("InconclusiveAnalysisRun") }),
  "paused by hand": rollout({ ...underWay, currentStepIndex: 0 }, true),
  "paused by hand at a pause": rollout({ ...underWay, currentStepIndex: 1, ...pause("CanaryPauseStep") }, true),
  aborted: rollout({ ...underWay, currentStepIndex: 0, abort: true }),
  "aborted and quarantined": rollout({ ...underWay, currentStepIndex: 0, abort: true, ...quarantined }),
};

/** What the command would write; undefined where it refuses, or has nothing to write. */
function written(patches: () => readonly unknown[]): readonly unknown[] | undefined {
  try {
    const made = patches();
    return made.length === 0 ? undefined : made;
  } catch (thrown) {
    if (isFault(thrown) && ["invalid", "forbidden"].includes(thrown.kind)) return undefined;
    throw thrown;
  }
}

const patchesOf = (request: ReleaseRequest) => (request.is === "possible" ? request.patches : undefined);

describe.each(Object.entries(states))(
  "of a release that is %s, the console writes what the command writes",
  (name, state) => {
    test("to promote", () => expect(patchesOf(promote(state))).toEqual(written(() => promotePatch(state))));
    test("to promote fully", () =>
      expect(patchesOf(promoteFully(state))).toEqual(written(() => promotePatch(state, { full: true }))));
    test("to skip a step", () =>
      expect(patchesOf(skipStep(state))).toEqual(written(() => promotePatch(state, { skip: "current" }))));
    test("to skip all steps", () =>
      expect(patchesOf(skipAllSteps(state))).toEqual(written(() => promotePatch(state, { skip: "all" }))));
    test("to abort", () => expect(patchesOf(abort(state))).toEqual(written(() => abortPatch(state))));
    test("to retry", () => expect(patchesOf(retry(state))).toEqual(written(() => retryPatch(state))));
    test("to abort as bad", () => {
      const byCommand = written(() => abortPatch(state, { bad: "too slow" }));

      // The command may say it twice; a button for what is done already is none.
      expect(patchesOf(abortAsBad(state, "too slow"))).toEqual(
        name === "aborted and quarantined" ? undefined : byCommand,
      );
    });
  },
);

import type { Rollout, RolloutStatus } from "@sluice/api";
import { expect, test } from "vitest";
import { releaseStatus, statusLine } from "./release-status.ts";

const rollout = (status: RolloutStatus, spec: object = {}): Rollout =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", generation: 3 },
    spec: {
      strategy: { canary: { steps: [{ setWeight: 10 }, { pause: { duration: "5m" } }, { pause: {} }] } },
      ...spec,
    },
    status: { observedGeneration: "3", currentPodHash: "b", stableRS: "a", ...status },
  }) as Rollout;

const startTime = "2026-01-01T00:00:00Z";
const paused = (reason: string, currentStepIndex?: number): RolloutStatus =>
  ({
    phase: "Paused",
    message: reason,
    pauseConditions: [{ reason, startTime }],
    ...(currentStepIndex === undefined ? {} : { currentStepIndex }),
  }) as RolloutStatus;
const blueGreen = (fields: object) => ({ strategy: { blueGreen: { activeService: "web", ...fields } } });

test.each<[string, Rollout, string, ReturnType<typeof releaseStatus>["end"]]>([
  ["healthy", rollout({ phase: "Healthy" }), "Healthy", "healthy"],
  [
    "degraded",
    rollout({ phase: "Degraded", message: "RolloutAborted: bad" }),
    "Degraded - RolloutAborted: bad",
    "degraded",
  ],
  ["on its way", rollout({ phase: "Progressing", message: "more" }), "Progressing - more", undefined],
  [
    "held by the judge alone",
    rollout({
      phase: "Progressing",
      message: "more",
      conditions: [{ type: "HeldByJudge", status: "True", reason: "Suspected", message: "the judge doubts it" }],
    }),
    "Progressing - the judge doubts it",
    undefined,
  ],
  [
    "healthy, but of the spec before",
    rollout({ phase: "Healthy", observedGeneration: "2" }),
    "Progressing - waiting for rollout spec update to be observed",
    undefined,
  ],
  ["in a pause that ends by itself", rollout(paused("CanaryPauseStep", 1)), "Paused - CanaryPauseStep", undefined],
  ["in a pause for a person", rollout(paused("CanaryPauseStep", 2)), "Paused - CanaryPauseStep", "person"],
  ["without data", rollout(paused("NoData", 1)), "Paused - NoData", "person"],
  [
    "held by hand",
    rollout({ phase: "Paused", message: "manually paused" }, { paused: true }),
    "Paused - manually paused",
    "person",
  ],
  [
    "before a switch that comes by itself",
    rollout(paused("BlueGreenPause"), blueGreen({ autoPromotionSeconds: 30 })),
    "Paused - BlueGreenPause",
    undefined,
  ],
  [
    "before a switch that a person makes",
    rollout(paused("BlueGreenPause"), blueGreen({ autoPromotionEnabled: false })),
    "Paused - BlueGreenPause",
    "person",
  ],
])("a release that is %s", (_words, given, line, end) => {
  const status = releaseStatus(given);

  expect(statusLine(status)).toBe(line);
  expect(status.end).toBe(end);
});

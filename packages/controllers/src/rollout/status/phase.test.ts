import type { RolloutSpec, RolloutStatus } from "@sluice/api";
import { expect, test } from "vitest";
import { rollout } from "../release.fixture.ts";
import { phaseOf } from "./phase.ts";

const well: RolloutStatus = {
  updatedReplicas: 4,
  availableReplicas: 4,
  replicas: 4,
  stableRS: "a",
  currentPodHash: "a",
};
const progressing = (reason: string) => [{ type: "Progressing", status: "False", reason, message: "why" }] as const;

const stepPause = { reason: "CanaryPauseStep", startTime: "" } as const;

// The order matters: each row would also fit a later one.
test.each<[spec: Partial<RolloutSpec>, status: RolloutStatus, phase: string, message: string | undefined]>([
  [
    { paused: true },
    { conditions: [{ type: "InvalidSpec", status: "True", message: "no" }, ...progressing("RolloutAborted")] },
    "Degraded",
    "InvalidSpec: no",
  ],
  [{ paused: true }, { conditions: progressing("RolloutAborted") }, "Degraded", "RolloutAborted: why"],
  [{}, { conditions: progressing("ProgressDeadlineExceeded") }, "Degraded", "ProgressDeadlineExceeded: why"],
  [{}, { conditions: progressing("Quarantined") }, "Degraded", "Quarantined: why"],
  [{ paused: true }, { pauseConditions: [{ reason: "NoData", startTime: "" }] }, "Paused", "manually paused"],
  [{}, { pauseConditions: [{ reason: "NoData", startTime: "" }] }, "Paused", "NoData"],
  [{}, { pauseConditions: [stepPause, { reason: "NoData", startTime: "" }] }, "Paused", "NoData"],
  [{ restartAt: "2026-01-01T00:00:00Z" }, {}, "Progressing", "rollout is restarting"],
  [{}, { updatedReplicas: 3, availableReplicas: 1 }, "Progressing", "more replicas need to be updated"],
  [{}, { updatedReplicas: 4, availableReplicas: 3 }, "Progressing", "updated replicas are still becoming available"],
  [{}, { ...well, stableRS: "b" }, "Progressing", "waiting for all steps to complete"],
  [{}, { ...well, stableRS: "" }, "Progressing", "waiting for all steps to complete"],
  [{}, { ...well, replicas: 5 }, "Healthy", undefined],
  [{}, well, "Healthy", undefined],
])("%j with %j is %s", (spec, status, phase, message) => {
  expect(phaseOf(rollout("web:v1", { spec }), status)).toEqual({ phase, message });
});

test("old Pods count only where Pods are the weight", () => {
  expect(phaseOf(rollout("web:v1", { isRouted: false }), { ...well, replicas: 5 }).message).toBe(
    "old replicas are pending termination",
  );
});

const cut: RolloutStatus = { ...well, blueGreen: { activeSelector: "a" } };

test.each<[status: RolloutStatus, phase: string, message: string | undefined]>([
  [{ ...cut, pauseConditions: [{ reason: "BlueGreenPause", startTime: "" }] }, "Paused", "BlueGreenPause"],
  [
    {
      ...cut,
      pauseConditions: [
        { reason: "BlueGreenPause", startTime: "" },
        { reason: "NoData", startTime: "" },
      ],
    },
    "Paused",
    "NoData",
  ],
  [{ ...well, stableRS: "b" }, "Progressing", "active service cutover pending"],
  [{ ...well, blueGreen: { activeSelector: "b" } }, "Progressing", "active service cutover pending"],
  [{ ...cut, stableRS: "b" }, "Progressing", "waiting for analysis to complete"],
  [{ ...cut, replicas: 8 }, "Healthy", undefined],
])("blue-green with %j is %s", (status, phase, message) => {
  const spec = { strategy: { blueGreen: { activeService: "web" } } };
  expect(phaseOf(rollout("web:v1", { spec }), status)).toEqual({ phase, message });
});

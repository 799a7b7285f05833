import { describe, expect, test } from "vitest";
import type { ReplicaSet } from "../kinds/apps/replica-set.ts";
import type { BlueGreenStrategy, CanaryStep, Rollout, RolloutStatus } from "../kinds/argo/rollout.ts";
import { blueGreenStage } from "./blue-green-stage.ts";
import { parsePause, stepWords } from "./step-words.ts";
import { rolesOf, scaleDownAt } from "./version-roles.ts";

const template = { templateName: "errors" };
const side = (name: string, weight?: number) => ({
  name,
  specRef: "canary" as const,
  ...(weight === undefined ? {} : { weight }),
});

describe("a step in words", () => {
  test.each<[CanaryStep, string, string]>([
    [{ setWeight: 5 }, "5 %", "5 % of the traffic to the canary"],
    [{ pause: {} }, "wait", "Waits until somebody promotes it"],
    [{ pause: { duration: "1h30m" } }, "1.5 h", "Waits for 1.5 h"],
    [{ analysis: { templates: [template] } }, "analysis", "Analysis: errors"],
    [{ setCanaryScale: { weight: 25 } }, "scale 25 %", "Canary's pods: 25 %"],
    [{ setCanaryScale: { matchTrafficWeight: true } }, "scale as the traffic", "Canary's pods: as the traffic"],
    [
      { experiment: { templates: [side("baseline", 5), side("candidate", 5)], duration: "10m" } },
      "experiment",
      "Experiment: baseline with 5 % and candidate with 5 % beside each other for 10 min",
    ],
    [
      { setHeaderRoute: { name: "beta", match: [{ headerName: "x-beta", headerValue: { exact: "yes" } }] } },
      "header",
      "To the canary by header: x-beta yes",
    ],
    [{ setHeaderRoute: { name: "beta" } }, "header off", "Takes the header route beta away"],
    [
      { setMirrorRoute: { name: "copy", match: [{ path: { prefix: "/" } }], percentage: 35 } },
      "mirror 35 %",
      "Copies 35 % of matching requests to the canary",
    ],
    [{ setMirrorRoute: { name: "copy" } }, "mirror off", "Takes the mirror route copy away"],
    [{ plugin: { name: "acme/warm-up" } }, "plugin acme/warm-up", "Plugin acme/warm-up"],
  ])("%j", (step, text, title) => {
    expect(stepWords(step)).toMatchObject({ text, title });
  });

  test.each([
    [undefined, undefined],
    [30, 30_000],
    ["30", 30_000],
    ["1h30m", 5_400_000],
    ["1.5s", 1500],
    ["250ms", 250],
    ["soon", undefined],
  ])("a pause of %s is %s ms", (duration, milliseconds) => {
    expect(parsePause(duration)).toBe(milliseconds);
  });
});

const blueGreen = (status: RolloutStatus, strategy: Partial<BlueGreenStrategy> = {}, paused = false): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "page", namespace: "shop" },
  spec: { paused, strategy: { blueGreen: { activeService: "page", ...strategy } } },
  status,
});
const onItsWay = (status: RolloutStatus = {}): RolloutStatus => ({
  stableRS: "old",
  currentPodHash: "new",
  ...status,
  blueGreen: { activeSelector: "old", previewSelector: "new", ...status.blueGreen },
});
const paused = onItsWay({ pauseConditions: [{ reason: "BlueGreenPause", startTime: "2026-01-01T00:00:00Z" }] });

describe("how far a blue-green release is", () => {
  const tested = (status: "Running" | "Successful") =>
    onItsWay({ blueGreen: { prePromotionAnalysisRunStatus: { name: "pre", status } } });

  test.each<[string, Rollout, object]>([
    ["pods come", blueGreen(onItsWay()), { is: "starting" }],
    ["tests run", blueGreen(tested("Running")), { is: "testing" }],
    ["tests are through", blueGreen(tested("Successful")), { is: "starting" }],
    ["a person promotes", blueGreen(paused, { autoPromotionEnabled: false }), { is: "waiting" }],
    [
      "a time promotes",
      blueGreen(paused, { autoPromotionSeconds: 30 }),
      { is: "waiting", until: Date.parse("2026-01-01T00:00:30Z") },
    ],
    [
      "the time counts for nothing where only a person may",
      blueGreen(paused, { autoPromotionEnabled: false, autoPromotionSeconds: 30 }),
      { is: "waiting" },
    ],
    ["past the pause", blueGreen(onItsWay({ blueGreen: { scaleUpPreviewCheckPoint: true } })), { is: "scalingUp" }],
    ["switched", blueGreen(onItsWay({ blueGreen: { activeSelector: "new" } })), { is: "watching" }],
    [
      "no data after the switch",
      blueGreen(
        onItsWay({
          pauseConditions: [{ reason: "NoData", startTime: "2026-01-01T00:00:00Z" }],
          blueGreen: { activeSelector: "new" },
        }),
      ),
      { is: "asking", reason: "NoData" },
    ],
    ["held by hand", blueGreen(onItsWay(), {}, true), { is: "held" }],
    ["aborted", blueGreen(onItsWay({ abort: true })), { is: "aborted" }],
    ["done", blueGreen(onItsWay({ stableRS: "new", blueGreen: { activeSelector: "new" } }), {}, true), { is: "done" }],
  ])("%s", (_, rollout, expected) => {
    expect(blueGreenStage(rollout)).toEqual(expected);
  });
});

describe("what a version is", () => {
  const canary = (status: RolloutStatus): Rollout => ({ ...blueGreen(status), spec: { strategy: { canary: {} } } });
  const switched = onItsWay({ blueGreen: { activeSelector: "new" } });

  test.each<[string, Rollout, string, number, readonly string[]]>([
    ["canary", canary(onItsWay()), "new", 1, ["canary"]],
    ["its stable", canary(onItsWay()), "old", 1, ["stable"]],
    ["a canary that was aborted", canary(onItsWay({ abort: true })), "new", 1, ["aborted"]],
    ["one before", canary(onItsWay()), "older", 0, ["old"]],
    ["preview", blueGreen(onItsWay()), "new", 1, ["preview"]],
    [
      "preview without a preview Service",
      blueGreen(onItsWay({ blueGreen: { previewSelector: "" } })),
      "new",
      1,
      ["preview"],
    ],
    ["what everybody gets", blueGreen(onItsWay()), "old", 1, ["active", "stable"]],
    ["new, after the switch", blueGreen(switched), "new", 1, ["active"]],
    ["old, after the switch", blueGreen(switched), "old", 3, ["previous", "stable"]],
    ["aborted at the preview", blueGreen(onItsWay({ abort: true })), "new", 1, ["aborted"]],
    ["old, after the promotion", blueGreen({ ...switched, stableRS: "new" }), "old", 3, ["previous"]],
    ["and without Pods", blueGreen({ ...switched, stableRS: "new" }), "old", 0, ["old"]],
  ])("%s", (_, rollout, hash, pods, expected) => {
    expect(rolesOf(rollout, hash, pods)).toEqual(expected);
  });

  test("what is kept says until when, as long as it has Pods", () => {
    const kept = (replicas: number): ReplicaSet => ({
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      metadata: { name: "page-old", annotations: { "scale-down-deadline": "2026-01-01T00:00:30Z" } },
      spec: { replicas, selector: {} },
    });

    expect(scaleDownAt(kept(3))).toBe(Date.parse("2026-01-01T00:00:30Z"));
    expect(scaleDownAt(kept(0))).toBeUndefined();
  });
});

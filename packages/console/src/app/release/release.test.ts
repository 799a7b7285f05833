import type { Decision, Judgement, Pod, ReplicaSet, Rollout, RolloutStatus } from "@sluice/api";
import { describe, expect, test } from "vitest";
import { headlineOf } from "./headline.ts";
import { latestJudgement } from "./judge/latest-judgement.ts";
import { ringNote } from "./rings/ring-note.ts";
import { stepsOf } from "./steps.ts";
import { chaptersOf } from "./timeline.ts";
import { sharesOf, versionsOf } from "./versions.ts";

const rollout = (status: RolloutStatus): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "shop", namespace: "shop", uid: "r" },
  spec: { strategy: { canary: { steps: [{ setWeight: 5 }, { pause: { duration: "1m30s" } }, { setWeight: 100 }] } } },
  status,
});

const stateOf = (status: RolloutStatus) => stepsOf(rollout(status)).map(({ state }) => state);

describe("steps", () => {
  test("those before the current one are done", () => {
    expect(stateOf({ stableRS: "a", currentPodHash: "b", currentStepIndex: 1 })).toEqual(["done", "current", "next"]);
  });

  test("all are done when the version is stable, whatever the index says", () => {
    expect(stateOf({ stableRS: "b", currentPodHash: "b", currentStepIndex: 0 })).toEqual(["done", "done", "done"]);
  });

  test("none is current after an abort", () => {
    expect(stateOf({ stableRS: "a", currentPodHash: "b", currentStepIndex: 0, abort: true })).toEqual([
      "next",
      "next",
      "next",
    ]);
  });

  test("a timed pause says when it ends", () => {
    const [, pause] = stepsOf(
      rollout({
        stableRS: "a",
        currentPodHash: "b",
        currentStepIndex: 1,
        pauseConditions: [{ reason: "CanaryPauseStep", startTime: "2026-01-01T00:00:00Z" }],
      }),
    );

    expect(pause?.endsAt).toBe(Date.parse("2026-01-01T00:01:30Z"));
  });

  test("a timed pause that waits for evidence, too, has no end of its own", () => {
    const startTime = "2026-01-01T00:00:00Z";
    const [, pause] = stepsOf(
      rollout({
        stableRS: "a",
        currentPodHash: "b",
        currentStepIndex: 1,
        pauseConditions: [
          { reason: "CanaryPauseStep", startTime },
          { reason: "NoData", startTime },
        ],
      }),
    );

    expect(pause?.endsAt).toBeUndefined();
  });
});

describe("blue-green as steps", () => {
  const analysis = { templates: [{ templateName: "smoke" }] };
  const blueGreen = (status: RolloutStatus): Rollout => ({
    ...rollout({ stableRS: "old", currentPodHash: "new", ...status }),
    spec: {
      strategy: {
        blueGreen: {
          activeService: "page",
          previewReplicaCount: 1,
          autoPromotionSeconds: 30,
          prePromotionAnalysis: analysis,
          postPromotionAnalysis: analysis,
        },
      },
    },
  });
  const at = (status: RolloutStatus) => stepsOf(blueGreen(status)).find(({ state }) => state === "current");
  const begun = "2026-01-01T00:00:00Z";
  const selected = (activeSelector: string) => ({ blueGreen: { activeSelector, previewSelector: "new" } });

  test.each<[string, RolloutStatus, string | undefined]>([
    ["its pods come", selected("old"), "preview"],
    [
      "it is tested",
      { blueGreen: { activeSelector: "old", prePromotionAnalysisRunStatus: { name: "pre", status: "Running" } } },
      "test",
    ],
    ["it waits", { ...selected("old"), pauseConditions: [{ reason: "BlueGreenPause", startTime: begun }] }, "30 s"],
    ["it scales up", { blueGreen: { activeSelector: "old", scaleUpPreviewCheckPoint: true } }, "all pods"],
    ["it is watched", selected("new"), "watch"],
    ["it was aborted", { ...selected("old"), abort: true }, undefined],
    ["it is done", { ...selected("new"), stableRS: "new" }, undefined],
  ])("%s", (_, status, expected) => {
    expect(at(status)?.text).toBe(expected);
  });

  test("the pause counts down to the switch", () => {
    const pause = at({ ...selected("old"), pauseConditions: [{ reason: "BlueGreenPause", startTime: begun }] });

    expect(pause?.endsAt).toBe(Date.parse("2026-01-01T00:00:30Z"));
  });
});

const replicaSet = (hash: string, revision: number, replicas: number): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    name: `shop-${hash}`,
    uid: hash,
    labels: { "rollouts-pod-template-hash": hash },
    annotations: { "rollout.argoproj.io/revision": String(revision) },
  },
  spec: {
    replicas,
    selector: {},
    template: { spec: { containers: [{ name: "shop", image: `shop:v${revision}` }] } },
  } as ReplicaSet["spec"],
});

const pod = (name: string, owner: string, ready: boolean, restarts = 0): Pod =>
  ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", name: owner, uid: owner, controller: true }],
    },
    spec: { containers: [] },
    status: {
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
      containerStatuses: [{ name: "shop", restartCount: restarts }],
    },
  }) as unknown as Pod;

describe("versions", () => {
  const status = { stableRS: "a", currentPodHash: "b" };
  const sets = [replicaSet("a", 1, 3), replicaSet("b", 2, 1)];
  const pods = [pod("a1", "a", true), pod("a2", "a", false, 2), pod("b1", "b", true), pod("other", "x", true)];

  test("each has its own pods, newest first", () => {
    const versions = versionsOf(rollout(status), sets, pods, new Set());

    expect(
      versions.map(({ hash, roles, ready, wanted, restarts }) => [hash, roles.join(), ready, wanted, restarts]),
    ).toEqual([
      ["b", "canary", 1, 1, 0],
      ["a", "stable", 1, 3, 2],
    ]);
  });

  test("an aborted version isn't called the canary", () => {
    expect(versionsOf(rollout({ ...status, abort: true }), sets, pods, new Set())[0]?.roles).toEqual(["aborted"]);
  });

  test("shares are what is routed, as the status says", () => {
    const weights = { canary: { weight: 20, podTemplateHash: "b" }, stable: { weight: 80, podTemplateHash: "a" } };
    const routed = rollout({ ...status, canary: { weights } });

    expect(sharesOf(routed, [])).toEqual([
      { hash: "a", percent: 80 },
      { hash: "b", percent: 20 },
    ]);
  });

  test("an experiment's versions take theirs from the stable one", () => {
    const additional = [{ weight: 5, serviceName: "web-trial", podTemplateHash: "c" }];
    const weights = { canary: { weight: 20, podTemplateHash: "b" }, stable: { weight: 75 }, additional };

    expect(sharesOf(rollout({ ...status, canary: { weights } }), [])).toEqual([
      { hash: "a", percent: 75 },
      { hash: "b", percent: 20 },
      { hash: "c", percent: 5, experiment: "web-trial" },
    ]);
  });

  test("what rings make of a weight is told while it is that weight", () => {
    const rings = { weight: 20, share: "41.5", requests: 900, rings: [] };
    const at = (weight: number) =>
      rollout({ ...status, canary: { weights: { canary: { weight }, stable: { weight: 100 - weight } }, rings } });

    expect(ringNote(at(20))).toContain("41.5 % of the requests");
    expect(ringNote(at(50))).toBeUndefined();
    expect(ringNote(rollout(status))).toBeUndefined();
  });

  test("a stable version has all, whatever its weights were left at", () => {
    const weights = { canary: { weight: 0, podTemplateHash: "b" }, stable: { weight: 100, podTemplateHash: "b" } };

    expect(sharesOf(rollout({ stableRS: "b", currentPodHash: "b", canary: { weights } }), [])).toEqual([
      { hash: "b", percent: 100 },
    ]);
  });

  test("without routes they are what the ready pods make them", () => {
    const versions = versionsOf(rollout(status), sets, pods, new Set());

    expect(sharesOf(rollout(status), versions)).toEqual([
      { hash: "a", percent: 50 },
      { hash: "b", percent: 50 },
    ]);
  });
});

const decision = (at: number, action: Decision["spec"]["action"], hash: string, revision: string): Decision => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Decision",
  metadata: { name: `${action}-${at}`, resourceVersion: String(at) },
  spec: {
    subject: { kind: "Rollout", name: "shop", podTemplateHash: hash, revision },
    action,
    at: new Date(at * 1000).toISOString(),
    because: action,
  },
});

describe("timeline", () => {
  const images = ({ spec: { subject } }: Decision) => `shop:${subject.podTemplateHash}`;
  const told = (...decisions: Decision[]) =>
    chaptersOf(decisions, [], images).map(({ title, result, took }) => [title, result, took]);

  test("each release is a chapter with its end, newest first", () => {
    const decisions = [
      decision(10, "begin", "a", "1"),
      decision(20, "promote", "a", "1"),
      decision(30, "begin", "b", "2"),
      decision(35, "abort", "b", "2"),
      decision(36, "quarantine", "b", "2"),
      decision(40, "begin", "c", "3"),
    ];

    expect(told(...decisions.toReversed())).toEqual([
      ["shop:c", "under way", undefined],
      ["shop:b", "taken back", 5000],
      ["shop:a", "promoted", 10_000],
    ]);
  });

  test("one that another took the place of is neither promoted nor under way", () => {
    expect(told(decision(1, "begin", "a", "1"), decision(2, "begin", "b", "2"))[1]).toEqual([
      "shop:a",
      "replaced",
      undefined,
    ]);
  });

  test("one that was retried is under way again", () => {
    const decisions = [decision(1, "begin", "a", "1"), decision(2, "abort", "a", "1"), decision(3, "retry", "a", "1")];

    expect(told(...decisions)[0]?.[1]).toBe("under way");
  });

  test("decisions of one instant stand in the order they were written", () => {
    const [first, second] = [decision(5, "abort", "a", "1"), { ...decision(6, "quarantine", "a", "1") }];
    const sameTime: Decision = { ...second, spec: { ...second.spec, at: first.spec.at } };

    const [chapter] = chaptersOf([sameTime, first], [], images);

    expect(chapter?.entries.map(({ action }) => action)).toEqual(["quarantine", "abort"]);
  });
});

test("the headline says who has to act", () => {
  const waiting = rollout({
    stableRS: "a",
    currentPodHash: "b",
    currentStepIndex: 2,
    pauseConditions: [{ reason: "NoData", startTime: "2026-01-01T00:00:00Z" }],
  });

  expect(headlineOf(waiting, "shop:v2", stepsOf(waiting))).toBe(
    "shop:v2 waits for you at step 3 of 3: its evidence holds no data.",
  );
});

test.each([
  [
    { asked: { podTemplateHash: "b", because: "drops a column" } },
    "What comes next waits for you: drops a column can't be undone.",
  ],
  [
    { accepted: { podTemplateHash: "b", because: "drops a column", acceptedAt: "2026-01-01T00:00:00Z" } },
    "shop:v2 looks bad, and isn't taken back by itself: it can't be undone (drops a column).",
  ],
])("the headline says what can't be undone", (notRevertible, words) => {
  const pauseConditions = [{ reason: "NotRevertible", startTime: "2026-01-01T00:00:00Z" }] as const;
  const stopped = rollout({ pauseConditions, notRevertible, currentStepIndex: 0 });

  expect(headlineOf(stopped, "shop:v2", stepsOf(stopped))).toBe(words);
});

test("of two judgements of one revision the one after the switch is shown", () => {
  const judged = (name: string, beganAt: string) =>
    ({ metadata: { name }, spec: { revision: "2", beganAt } }) as unknown as Judgement;
  const preview = judged("web-2", "2026-01-01T00:00:00Z");
  const switched = judged("web-2.1", "2026-01-01T00:02:00Z");

  expect(latestJudgement([preview, switched])).toBe(switched);
  expect(latestJudgement([switched, preview])).toBe(switched);
});

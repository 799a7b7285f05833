import type { AnalysisRun, Experiment, Judgement, RolloutStatus } from "@sluice/api";
import { expect, test } from "vitest";
import { byWords } from "./render-release.ts";
import {
  ago,
  blueGreen,
  child,
  containers,
  decision,
  paused,
  picture,
  pod,
  replicaSet,
  rollout,
  run,
  steps,
  textOf,
} from "./shown-release.fixture.ts";

test("blue-green: which version stands where, the countdown to the switch, the analysis before it", () => {
  const text = textOf(
    picture({ rollout: rollout(blueGreen, paused), analysisRuns: [run("page-new-2-pre", "PrePromotion")] }),
  );

  expect(text).toBe(
    [
      "shop/page  blue-green  ‖ Paused  BlueGreenPause",
      "",
      "  stage    ready at the preview; everybody gets it in 20s",
      "  active   service page → revision 1 page:v1",
      "  preview  service page-preview → revision 2 page:v2",
      "  pods     desired 2 · current 3 · updated 0 · ready 0 · available 0",
      "  next     sluice rollout promote page -n shop",
      "           sluice rollout abort page -n shop",
      "",
      "  revision 2   preview        page:v2  1/1 ready  ●",
      "  └─ analysis before the switch  ↻ Running  40s  page-new-2-pre",
      "     ├─ success  ✘✔    0.99  wants >= 0.95  1 failed, 3 allowed",
      "     └─ p95            not measured yet  fails at > 0.3",
      "  revision 1   active stable  page:v1  2/2 ready  ●●",
    ].join("\n"),
  );
});

test("after the switch the version before says until when it can come back", () => {
  const status: RolloutStatus = { stableRS: "new", phase: "Healthy", blueGreen: { activeSelector: "new" } };
  const text = textOf(
    picture({
      rollout: rollout(blueGreen, status),
      replicaSets: [replicaSet("new", 2, 1), replicaSet("old", 1, 2, ago(-45))],
    }),
  );

  expect(text).toContain("everybody has it");
  expect(text).toMatch(/revision 1 +previous +page:v1 {2}2\/2 ready {2}●● {2}goes in 45s/);
});

const experiment: Experiment = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Experiment",
  metadata: child("page-new-2-3", "new", 2),
  spec: {
    duration: "5m",
    templates: [{ name: "candidate", selector: {}, template: { spec: { containers: containers("page:v2") } } }],
  },
  status: {
    phase: "Running",
    availableAt: ago(60),
    templateStatuses: [
      {
        name: "candidate",
        replicas: 1,
        updatedReplicas: 1,
        readyReplicas: 1,
        availableReplicas: 1,
        status: "Running",
        podTemplateHash: "trial",
      },
    ],
    analysisRuns: [{ name: "compare", analysisRun: "page-new-2-3-compare", phase: "Running" }],
  },
};

test("a canary: each step in words, a weighted experiment with what is measured of it", () => {
  const weights = {
    canary: { weight: 20 },
    stable: { weight: 75 },
    additional: [{ weight: 5, podTemplateHash: "trial" }],
  };
  const text = textOf(
    picture({
      rollout: rollout({ canary: { steps } }, { currentStepIndex: 3, canary: { weights } }),
      experiments: [experiment],
      analysisRuns: [run("page-new-2-3-compare", "", "page-new-2-3")],
    }),
  );

  expect(text).toContain(
    [
      "  step     4 of 7: experiment: candidate with 5 % beside each other for 5 min",
      "  steps    ✔ header · ✔ mirror 35 % · ✔ 20 % · ▶ experiment ·",
      "           plugin acme/warm-up · 1 min · 100 %",
      `  canary   ${"█".repeat(8)}${"░".repeat(32)}  20 %  5 % to the experiment`,
    ].join("\n"),
  );
  expect(text).toContain(
    [
      "  └─ experiment  ↻ Running  60s  4m left  page-new-2-3",
      "     ├─ candidate  page:v2  1/1 ready  5 % of the traffic  ↻ Running",
      "     └─ analysis compare  ↻ Running  40s  page-new-2-3-compare",
      "        ├─ success  ✘✔    0.99  wants >= 0.95  1 failed, 3 allowed",
    ].join("\n"),
  );
});

test("a timed pause counts down, and a weight that isn't there yet is told from the one asked for", () => {
  const canary = { weights: { canary: { weight: 5 }, stable: { weight: 95 } } };
  const pause = rollout(
    { canary: { steps } },
    { currentStepIndex: 5, canary, pauseConditions: [{ reason: "CanaryPauseStep", startTime: ago(20) }] },
  );

  expect(textOf(picture({ rollout: pause }))).toContain("6 of 7: waits for 1 min  40s left");
  const held = { ...pause, spec: { ...pause.spec, paused: true } };
  expect(textOf(picture({ rollout: held }))).not.toContain("left");
  expect(textOf(picture({ rollout: pause }))).toContain("5 %  of 20 % asked for");
});

test("pods in trouble are named, all with --pods", () => {
  const troubled = picture({
    rollout: rollout({ canary: { steps } }, {}),
    pods: [pod("new", "page-new-a", 3), pod("old", "page-old-a")],
  });

  expect(textOf(troubled)).toContain("└─ ✘ page-new-a  CrashLoopBackOff  3 restarts  50s  exit code 1");
  expect(textOf(troubled)).not.toContain("page-old-a");
  expect(textOf(troubled, 80, true)).toContain("└─ ● page-old-a  Running  50s");
});

test("rings: who is in, who comes when, and what that makes of the weight", () => {
  const weights = { canary: { weight: 5 }, stable: { weight: 95 } };
  const counted = {
    weight: 5,
    share: "24.3",
    requests: 900,
    rings: [
      { name: "employees", share: "100", requests: 180 },
      { name: "", share: "5.4", requests: 720 },
    ],
  };
  const text = textOf(
    picture({
      rollout: rollout({ canary: { steps } }, { canary: { weights, rings: counted } }),
      ringSet: {
        apiVersion: "sluice.dev/v1alpha1",
        kind: "RingSet",
        metadata: { name: "global", namespace: "shop" },
        spec: {
          user: { cookie: "user" },
          rings: [
            { name: "employees", weight: 1, who: [{ header: "x-employee", operator: "equals", values: ["true"] }] },
            { name: "everyone", weight: 100 },
          ],
        },
      },
    }),
  );

  expect(text).toContain(
    [
      "  rings global  users told apart by cookie user",
      "  ├─ employees   on          100 % new  header x-employee is true",
      "  ├─ everyone    from 100 %             everybody, as far as the weight goes",
      "  └─ all others              5.4 % new  whom no ring names",
    ].join("\n"),
  );
  expect(text).toContain("24.3 % of the requests, by rings");
});

const judged = (mode: Judgement["spec"]["mode"], status: NonNullable<Judgement["status"]>): Judgement => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Judgement",
  metadata: { name: "page-new", namespace: "shop" },
  spec: {
    rollout: { name: "page", uid: "page" },
    revision: "2",
    canary: { podTemplateHash: "new", name: "page:v2" },
    stable: { podTemplateHash: "old", name: "page:v1" },
    beganAt: ago(60),
    plan: [],
    windowSeconds: 5,
    mode,
  },
  status,
});

test("the judge in words, with what speaks against the version", () => {
  const judgement = judged("advise", {
    action: "monitor",
    because: "errors may have grown",
    windows: 12,
    requests: 340,
    rollbackNats: 6.3,
    evidence: [
      { signal: "errors", nats: 2.13, since: 20 },
      { signal: "latency", nats: -1, since: 0 },
    ],
  });
  const text = textOf(picture({ rollout: rollout({ canary: { steps } }, {}), judgement }));

  expect(text).toContain("holds the weight (only advises)  errors may have grown\n");
  expect(text).toContain("12 windows, 340 requests");
  expect(text).toContain("errors: 2.1 of 6.3 nats  since 20 s after its begin");
  expect(text).not.toContain("latency");
});

test.each([
  [
    { message: "answered with HTTP status 401; the built-in verdict stands" },
    "silent  answered with HTTP status 401; ",
  ],
  [{ probability: 0.234, message: "looks ordinary" }, "23 % for a rollback  looks ordinary"],
])("what the policy's model says is told, and why it doesn't", (model, words) => {
  const judgement = judged("enforce", { action: "continue", because: "no harm is seen", model });

  const text = textOf(picture({ rollout: rollout({ canary: { steps } }, {}), judgement }));

  expect(text).toContain(`model    ${words}`);
});

test("what is held back for comparison is said, and why a release waits for a person", () => {
  const conditions = [
    { type: "Holdback", status: "True" as const, message: "holds 5 % back", lastTransitionTime: ago(90) },
    { type: "Paused", status: "True" as const, message: "its evidence holds no data" },
  ];
  const text = textOf(picture({ rollout: rollout({ canary: { steps } }, { conditions }) }));

  expect(text).toContain("holdback holds 5 % back  90s so far");
  expect(text).toContain("why      its evidence holds no data");
});

test("what waits for the judge alone says so, and how a person goes on all the same", () => {
  const conditions = [{ type: "HeldByJudge", status: "True" as const, message: "the judge doubts it (latency)" }];
  const status: RolloutStatus = { message: "more replicas need to be updated", currentStepIndex: 0, conditions };
  const text = textOf(picture({ rollout: rollout({ canary: { steps } }, status) }), 100);

  expect(text).toContain("the judge doubts it (latency)");
  expect(text).not.toContain("more replicas need to be updated");
  expect(text).toContain("next     sluice rollout promote page -n shop --skip-current-step");
});

test("analysis runs of an earlier revision with the same Pods, or of an attempt before a retry, aren't this one's", () => {
  const at = (name: string, revision: string, creationTimestamp: string): AnalysisRun => {
    const one = run(name, "Step");
    const annotations = { "rollout.argoproj.io/revision": revision };
    return { ...one, metadata: { ...one.metadata, creationTimestamp, annotations } };
  };
  const analysisRuns = [
    at("page-new-1-0", "1", ago(55)),
    at("page-new-2-0", "2", ago(50)),
    at("page-new-2-1", "2", ago(20)),
  ];
  const shown = (status: RolloutStatus) =>
    textOf(picture({ rollout: rollout({ canary: { steps } }, status), analysisRuns })).match(/page-new-\d-\d/g);

  expect(shown({})).toEqual(["page-new-2-0", "page-new-2-1"]);
  expect(shown({ begunAgain: { at: ago(30) } })).toEqual(["page-new-2-1"]);
});

test.each([40, 60, 80, 120])("no line is wider than %s columns; a pipe's lines are whole", (columns) => {
  const because = "a reason that takes many words to be told, more of them than any narrow terminal has room for";
  const all = picture({
    rollout: rollout(blueGreen, paused),
    analysisRuns: [run("page-new-2-pre", "PrePromotion")],
    decisions: [decision("pause", because, 130)],
  });

  const widths = textOf(all, columns)
    .split("\n")
    .map((line) => line.length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
  expect(textOf(all, Number.POSITIVE_INFINITY)).toContain(`2m10s    pause      ${because}`);
});

test.each([
  ["a person promoted it", "a person", ""],
  ["all its Pods are ready", "a person", " (a person)"],
  ["its pause is over", undefined, ""],
])("%s, by %s: who it was isn't said twice", (because, by, words) => {
  expect(byWords({ because, by })).toBe(words);
});

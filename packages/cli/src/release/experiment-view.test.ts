import type { AnalysisRun, Experiment, Pod, ReplicaSet, Rollout } from "@sluice/api";
import { expect, test } from "vitest";
import type { ExperimentPicture } from "./experiment-picture.ts";
import { experimentLine, renderExperiment } from "./experiment-view.ts";
import { ago, now, podStatus } from "./shown-release.fixture.ts";

const owned = (kind: string, by: string) => [{ apiVersion: "v1", kind, name: by, uid: by, controller: true }];

const template = (name: string, image: string) => ({
  name,
  selector: {},
  template: { spec: { containers: [{ name: "web", image }] } },
});

const experiment: Experiment = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Experiment",
  metadata: { name: "compare", namespace: "shop", uid: "compare", creationTimestamp: ago(60) },
  spec: {
    duration: "2m",
    templates: [template("baseline", "web:v1"), template("canary", "web:v2")],
    analyses: [
      { name: "errors", templateName: "errors" },
      { name: "speed", templateName: "speed" },
    ],
  },
  status: {
    phase: "Running",
    availableAt: ago(40),
    templateStatuses: ["baseline", "canary"].map((name) => ({
      name,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: name === "canary" ? 0 : 1,
      availableReplicas: 1,
      status: "Running",
      podTemplateHash: `${name}-hash`,
    })),
    analysisRuns: [{ name: "errors", analysisRun: "compare-errors", phase: "Running" }],
  },
};

const replicaSet = (name: string): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: {
    name: `compare-${name}`,
    uid: `compare-${name}`,
    annotations: { "experiment.argoproj.io/template-name": name },
    ownerReferences: owned("Experiment", "compare"),
  },
  spec: { replicas: 1, selector: {} },
});

const pod = (name: string, restartCount: number): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: `compare-${name}-a`,
    uid: name,
    creationTimestamp: ago(50),
    ownerReferences: owned("ReplicaSet", `compare-${name}`),
  },
  spec: { containers: [{ name: "web", image: "web" }] },
  status: podStatus("web", restartCount),
});

const run: AnalysisRun = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name: "compare-errors", namespace: "shop", ownerReferences: owned("Experiment", "compare") },
  spec: { metrics: [{ name: "share", successCondition: "result[0] <= 0.02", provider: { prometheus: {} } }] },
  status: {
    phase: "Running",
    startedAt: ago(30),
    metricResults: [{ name: "share", phase: "Running", measurements: [{ phase: "Successful", value: "[0.01]" }] }],
  },
};

const alone: ExperimentPicture = {
  experiment,
  rollout: undefined,
  replicaSets: [replicaSet("baseline"), replicaSet("canary")],
  pods: [pod("baseline", 0), pod("canary", 2)],
  analysisRuns: [run],
};
const textOf = (picture: ExperimentPicture, columns = 90): string =>
  renderExperiment(picture, (hash) => (hash === "baseline-hash" ? "30.0/s" : ""), { columns, now });

test("an experiment that stands alone: what runs, what fails, how long it lasts, how to end it", () => {
  expect(textOf(alone)).toBe(
    [
      "shop/compare  experiment  ↻ Running",
      "",
      "  begun    40s ago",
      "  lasts    2m from when all Pods are available  80s left",
      "  end it   sluice experiment terminate compare -n shop",
      "",
      "  baseline  web:v1  1/1 ready  ●  ↻ Running  30.0/s",
      "  canary    web:v2  0/1 ready  ✘  ↻ Running",
      "  └─ ✘ compare-canary-a  CrashLoopBackOff  2 restarts  50s  exit code 1",
      "",
      "  analysis errors  ↻ Running  30s  compare-errors",
      "  └─ share  ✔     0.01  wants <= 0.02",
      "  analysis speed  begins once all Pods are available",
    ].join("\n"),
  );
  expect(experimentLine(alone)).toBe("Running: baseline Running, canary Running, errors Running");
});

test("a step of a rollout: whose it is, and what part of the traffic each version gets", () => {
  const weights = {
    canary: { weight: 10 },
    stable: { weight: 70 },
    additional: [{ weight: 20, podTemplateHash: "baseline-hash" }],
  };
  const rollout = { status: { canary: { weights } } } as unknown as Rollout;
  const text = textOf({
    ...alone,
    rollout,
    experiment: { ...experiment, metadata: { ...experiment.metadata, ownerReferences: owned("Rollout", "web") } },
  });

  expect(text).toContain("  of       rollout web");
  expect(text).toContain("baseline  web:v1  1/1 ready  ●  20 % of the traffic");
});

test("one whose Pods never were all there never began", () => {
  const { availableAt: _, ...status } = experiment.status ?? {};
  const failed = { ...experiment, status: { ...status, phase: "Failed" as const, analysisRuns: [] } };
  const text = textOf({ ...alone, experiment: failed });

  expect(text).toContain("begun    never");
  expect(text).toContain("analysis errors  never began");
});

test("one that has ended says why, and can't be ended again", () => {
  const status = { ...experiment.status, phase: "Failed", message: "errors failed" } as const;
  const text = textOf({ ...alone, experiment: { ...experiment, status } });

  expect(text).toContain("✘ Failed  errors failed");
  expect(text).not.toContain("terminate");
  expect(text).not.toContain("left");
});

test.each([40, 60, 100])("no line is wider than %s columns", (columns) => {
  const lines = textOf(alone, columns).split("\n");

  expect(lines.filter((line) => line.length > columns)).toEqual([]);
});

import type { AnalysisRun } from "@sluice/api";
import { expect, test } from "vitest";
import { analysisLine, renderAnalysisRun } from "./analysis-view.ts";

const now = Date.parse("2026-01-01T00:10:00Z");
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString().replace(".000Z", "Z");

const run: AnalysisRun = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: {
    name: "web-2",
    namespace: "shop",
    labels: { "rollout-type": "Background" },
    ownerReferences: [
      { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: "web", uid: "web", controller: true },
    ],
  },
  spec: {
    args: [{ name: "hash", value: "abc" }],
    metrics: [
      {
        name: "errors",
        successCondition: "result[0] <= 0.02",
        failureLimit: 1,
        provider: { prometheus: { query: 'sum(\n  rate(errors_total{hash="{{args.hash}}"}[10s])\n)' } },
      },
    ],
  },
  status: {
    phase: "Running",
    startedAt: ago(30),
    metricResults: [
      {
        name: "errors",
        phase: "Running",
        failed: 1,
        measurements: [0.001, 0.002, 0.003, 0.004, 0.05, 0.01].map((value, index) => ({
          phase: value > 0.02 ? "Failed" : "Successful",
          value: `[${value}]`,
          finishedAt: ago(12 - 2 * index),
        })),
      },
    ],
  },
};

test("what it asks with its arguments put in, what it wants, and what it measured last", () => {
  expect(renderAnalysisRun(run, { columns: 90, now })).toBe(
    [
      "shop/web-2  analysis run  ↻ Running",
      "",
      "  of       rollout web  beside the steps",
      "  begun    30s ago",
      "  end it   sluice analysis terminate web-2 -n shop",
      "",
      "  errors  ✔✔✔✔✘✔  0.01  wants <= 0.02  1 failed, 1 allowed",
      '  ├─ asks  sum( rate(errors_total{hash="abc"}[10s]) )',
      "  ├─ ✔ 0.002  10s ago",
      "  ├─ ✔ 0.003  8s ago",
      "  ├─ ✔ 0.004  6s ago",
      "  ├─ ✘ 0.05  4s ago",
      "  └─ ✔ 0.01  2s ago",
    ].join("\n"),
  );
});

test("in a log it is a line without times; one that has ended can't be ended again", () => {
  const ended: AnalysisRun = { ...run, status: { ...run.status, phase: "Failed", message: "errors failed" } };

  expect(analysisLine(run)).toBe("Running: errors 0.01 Successful");
  expect(analysisLine(ended)).toBe("Failed - errors failed: errors 0.01 Successful");
  expect(renderAnalysisRun(ended, { columns: 90, now })).not.toContain("terminate");
});

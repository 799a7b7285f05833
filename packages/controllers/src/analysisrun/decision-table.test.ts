import type { AnalysisRunPhase, Metric, MetricResult } from "@sluice/api";
import { expect, test } from "vitest";
import { isWorse } from "../phases/index.ts";
import { assessMetric, assessRun } from "./assess.ts";
import { assessResult } from "./evaluate.ts";
import { effectiveCount, metricsFault } from "./limits.ts";
import { recorded } from "./measure.ts";
import { matchedMetrics } from "./rules.ts";

const nan = Number.NaN;
const metric = (fields: Partial<Metric> = {}): Metric => ({
  name: "m",
  provider: { prometheus: { query: "up" } },
  ...fields,
});

test.each<[success: string | undefined, failure: string | undefined, result: unknown, phase: string]>([
  [undefined, undefined, 1, "Successful"],
  [undefined, undefined, nan, "Successful"],
  ["result >= 1", undefined, 1, "Successful"],
  ["result >= 1", undefined, 0, "Failed"],
  ["result >= 1", undefined, nan, "Failed"],
  [undefined, "result < 1", 1, "Successful"],
  [undefined, "result < 1", 0, "Failed"],
  [undefined, "result < 1", nan, "Successful"],
  ["result >= 1", "result >= 1", 1, "Failed"],
  ["result >= 2", "result < 1", 1.5, "Inconclusive"],
  ["result >= 2", "result < 1", 0, "Failed"],
  ["result >= 2", "result < 1", 3, "Successful"],
  ["result >= 2", "result < 1", nan, "Inconclusive"],
  ["result[0] >= 1", undefined, [], "Error"],
  ["true", "result[0] >= 1", [], "Error"],
  ["result[0]", undefined, [1], "Error"],
  ["result >", undefined, 1, "Error"],
])("success %s, failure %s on %j is %s", (successCondition, failureCondition, result, phase) => {
  const conditions = {
    ...(successCondition === undefined ? {} : { successCondition }),
    ...(failureCondition === undefined ? {} : { failureCondition }),
  };

  expect(assessResult(conditions, result).phase).toBe(phase);
});

test("an empty answer says so", () => {
  expect(assessResult({ successCondition: "result[0] > 1" }, []).message).toBe(
    "metric result is nil or empty: index out of range: 0 (array length is 0)",
  );
});

test.each([
  [{}, 1],
  [{ count: 0 }, 1],
  [{ count: 5, interval: "1m" }, 5],
  [{ count: "5", interval: "1m" }, 5],
  [{ interval: "1m" }, undefined],
  [{ count: 0, interval: "1m" }, undefined],
])("%j is measured %s times", (fields, count) => {
  expect(effectiveCount(metric(fields))).toBe(count);
});

/** Replays phases of measurements as S, F, I, E; then the metric's phase. */
function after(history: string, fields: Partial<Metric>, isTerminating = false): AnalysisRunPhase {
  const phases = { S: "Successful", F: "Failed", I: "Inconclusive", E: "Error" } as const;
  let result: MetricResult = { name: "m", phase: "Running" };
  for (const letter of history) {
    result = recorded(result, { phase: phases[letter as keyof typeof phases] });
    const phase = assessMetric(metric(fields), result, false);
    if (phase !== "Running") return phase;
  }
  return assessMetric(metric(fields), result, isTerminating);
}

test.each<[history: string, fields: Partial<Metric>, phase: AnalysisRunPhase]>([
  ["S", {}, "Successful"],
  ["F", {}, "Failed"],
  ["I", {}, "Inconclusive"],
  ["SSSS", { interval: "1m" }, "Running"],
  ["SSSSS", { interval: "1m", count: 5 }, "Successful"],
  ["SFS", { interval: "1m", count: 3, failureLimit: 1 }, "Successful"],
  ["FFF", { interval: "1m", failureLimit: 3 }, "Running"],
  ["FFFF", { interval: "1m", failureLimit: 3 }, "Failed"],
  ["FSFSFSF", { interval: "1m", failureLimit: 3 }, "Failed"],
  ["FFFFFFFF", { interval: "1m", failureLimit: -1 }, "Running"],
  ["II", { interval: "1m", inconclusiveLimit: 2 }, "Running"],
  ["III", { interval: "1m", inconclusiveLimit: 2 }, "Inconclusive"],
  ["EEEE", { interval: "1m" }, "Running"],
  ["EEEEE", { interval: "1m" }, "Error"],
  ["EEEESEEEE", { interval: "1m" }, "Running"],
  ["EEEEFEEEE", { interval: "1m", failureLimit: 1 }, "Running"],
  ["EES", { interval: "1m", count: 1 }, "Successful"],
  ["EE", { consecutiveErrorLimit: 1 }, "Error"],
  ["FSS", { interval: "1m", failureLimit: 1, consecutiveSuccessLimit: 2 }, "Successful"],
  ["SFSF", { interval: "1m", count: 4, failureLimit: 2, consecutiveSuccessLimit: 2 }, "Inconclusive"],
  ["SFSF", { interval: "1m", count: 4, failureLimit: -1, consecutiveSuccessLimit: 2 }, "Failed"],
])("%s under %j is %s", (history, fields, phase) => {
  expect(after(history, fields)).toBe(phase);
});

test("Error wins over Inconclusive over Failed", () => {
  const all: MetricResult = {
    name: "m",
    phase: "Running",
    measurements: [{ phase: "Error" }],
    failed: 1,
    inconclusive: 1,
  };

  expect(assessMetric(metric(), { ...all, consecutiveError: 5 }, false)).toBe("Error");
  expect(assessMetric(metric(), all, false)).toBe("Inconclusive");
  expect(assessMetric(metric(), { ...all, inconclusive: 0 }, false)).toBe("Failed");
});

test("a terminated metric is Successful, measured or not", () => {
  expect(after("", { interval: "1m" }, true)).toBe("Successful");
  expect(after("S", { interval: "1m" }, true)).toBe("Successful");
});

test("from best to worst", () => {
  const order: AnalysisRunPhase[] = ["Successful", "Running", "Pending", "Inconclusive", "Error", "Failed"];

  for (const [index, phase] of order.entries()) {
    for (const [other, next] of order.entries()) expect(isWorse(phase, next)).toBe(other > index);
  }
});

test("one bad metric ends the run and the others with it", () => {
  const metrics = [metric({ name: "a", interval: "1m" }), metric({ name: "b", interval: "1m" }), metric({ name: "c" })];
  const metricResults: MetricResult[] = [
    { name: "a", phase: "Running", measurements: [{ phase: "Successful" }], successful: 1, count: 1 },
    { name: "b", phase: "Running", measurements: [{ phase: "Failed" }], failed: 1, count: 1 },
  ];

  const assessed = assessRun(metrics, new Set(), undefined, { metricResults });

  expect(assessed.phase).toBe("Failed");
  expect(assessed.message).toBe('Metric "b" assessed Failed due to failed (1) > failureLimit (0)');
  expect(assessed.runSummary).toEqual({ count: 3, successful: 2, failed: 1, inconclusive: 0, error: 0 });
});

test("the message of an error says what the provider said", () => {
  const error = { phase: "Error", message: "connection refused" } as const;
  const metricResults: MetricResult[] = [
    { name: "m", phase: "Running", measurements: [error], error: 5, consecutiveError: 5 },
  ];

  expect(assessRun([metric()], new Set(), undefined, { metricResults }).message).toBe(
    'Metric "m" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4): "Error Message: connection refused"',
  );
});

test("a metric that runs dry counts only in its summary", () => {
  const metricResults: MetricResult[] = [
    { name: "m", phase: "Running", dryRun: true, measurements: [{ phase: "Failed" }], failed: 1, count: 1 },
  ];

  const assessed = assessRun([metric()], new Set(["m"]), undefined, { metricResults });

  expect(assessed.phase).toBe("Successful");
  expect(assessed.dryRunSummary).toEqual({ count: 1, successful: 0, failed: 1, inconclusive: 0, error: 0 });
  expect(assessed.runSummary.count).toBe(0);
});

test("rules are unanchored patterns, and one that matches nothing is an error", () => {
  const metrics = [metric({ name: "error-rate" }), metric({ name: "latency" })];

  expect(matchedMetrics("dryRun", [{ metricName: "rate" }], metrics)).toEqual({
    is: "resolved",
    value: new Map([["error-rate", { metricName: "rate" }]]),
  });
  expect(matchedMetrics("dryRun", [{ metricName: "nothing" }], metrics)).toEqual({
    is: "fault",
    message: "dryRun[0]: Rule didn't match any metric name(s)",
  });
});

test.each<[readonly Metric[], string | undefined]>([
  [[], "no metrics specified"],
  [[metric(), metric()], "metrics[1]: duplicate name 'm"],
  [[metric({ count: 2 })], "metrics[0]: interval must be specified when count > 1"],
  [[metric({ count: 2, failureLimit: 3, interval: "1m" })], "metrics[0]: count must be >= failureLimit"],
  [[metric({ count: 2, inconclusiveLimit: 3, interval: "1m" })], "metrics[0]: count must be >= inconclusiveLimit"],
  [[metric({ interval: "soon" })], 'metrics[0]: invalid interval string: time: invalid duration "soon"'],
  [[metric({ provider: {} })], "metrics[0]: no provider specified"],
  [
    [metric({ provider: { kayenta: {} } })],
    "metrics[0]: provider kayenta is not supported yet: use prometheus, web, job, plugin",
  ],
  [[metric({ failureLimit: -1 })], undefined],
])("metrics %j: %s", (metrics, fault) => {
  expect(metricsFault(metrics)).toBe(fault);
});

import type { AnalysisRun, AnalysisRunPhase, MetricResult } from "@sluice/api";
import { after, instant, parseInstant, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import type { TrafficQuestion } from "../observe.ts";
import { isEmptyAnswer, judgeRun } from "./evidence.ts";

const ended = parseInstant("2026-01-01T00:10:00Z") ?? instant(0);
const later = after(ended, seconds(60));

const analysisRun = (phase: AnalysisRunPhase, ...metricResults: MetricResult[]): AnalysisRun => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name: "run" },
  spec: { metrics: [] },
  status: { phase, message: "why", metricResults, completedAt: "2026-01-01T00:10:00Z" },
});

/** `F[0.5]` is a failed measurement of that value, `E` an error without one. */
const result = (phase: AnalysisRunPhase, ...history: string[]): MetricResult => ({
  name: "m",
  phase,
  measurements: history.map((one) => {
    const value = one.slice(1);
    const phases = { S: "Successful", F: "Failed", I: "Inconclusive", E: "Error" } as const;
    return { phase: phases[one[0] as "S"], ...(value === "" ? {} : { value }) };
  }),
});

test.each([
  ["[]", true],
  ["{}", true],
  ["", true],
  ["null", true],
  ["NaN", true],
  ["[NaN]", true],
  ["[NaN,NaN]", true],
  ["[0]", false],
  ["[NaN,0.1]", false],
  ["0", false],
  ['"ok"', false],
  ["false", false],
])("%j says nothing: %s", (value, expected) => {
  expect(isEmptyAnswer({ value })).toBe(expected);
});

test.each<[AnalysisRunPhase, MetricResult, string]>([
  ["Running", result("Running", "S[1]"), "running"],
  ["Successful", result("Successful", "S[1]"), "good"],
  ["Successful", result("Successful", "SNaN", "S[1]"), "good"],
  ["Successful", result("Successful", "S[NaN]", "S[]"), "noData"],
  ["Failed", result("Failed", "F[0.5]"), "bad"],
  ["Failed", result("Failed", "S[0.1]", "F[NaN]"), "noData"],
  ["Failed", result("Failed", "F[NaN]", "F[0.5]"), "bad"],
  ["Error", result("Error", "E[]", "E[]"), "noData"],
  ["Error", result("Error", "E", "E"), "broken"],
  ["Error", result("Error", "E[]", "E"), "broken"],
  ["Inconclusive", result("Inconclusive", "I[0.5]"), "inconclusive"],
  ["Inconclusive", result("Inconclusive", "I[NaN]"), "noData"],
])("%s after %j is %s", (phase, metricResult, expected) => {
  expect(judgeRun(analysisRun(phase, metricResult), { needsData: true, traffic: undefined }, later).is).toBe(expected);
});

const traffic = (state: TrafficQuestion["state"]): TrafficQuestion => ({ id: "t", state });
const answered = (requests: number, finishedAt = later) =>
  traffic({ is: "done", result: { requests }, startedAt: finishedAt, finishedAt });

test.each<[AnalysisRunPhase, TrafficQuestion, string]>([
  ["Failed", answered(1, ended), "bad"],
  ["Failed", answered(0, ended), "asking"],
  ["Failed", answered(0), "noData"],
  ["Failed", traffic({ is: "absent" }), "bad"],
  ["Successful", answered(0), "noData"],
  ["Successful", answered(7), "good"],
])("a run that %s, with %j, is %s", (phase, question, expected) => {
  const metricResult = phase === "Failed" ? result(phase, "F[1]") : result(phase, "S[1]");

  expect(judgeRun(analysisRun(phase, metricResult), { needsData: true, traffic: question }, later).is).toBe(expected);
});

test("while the question is open nothing is decided, but not for ever", () => {
  const open = { needsData: true, traffic: traffic({ is: "running", startedAt: ended }) };
  const run = analysisRun("Failed", result("Failed", "F[1]"));

  expect(judgeRun(run, open, after(ended, seconds(1)))).toEqual({ is: "asking", until: after(ended, seconds(10)) });
  expect(judgeRun(run, open, after(ended, seconds(10))).is).toBe("bad");
});

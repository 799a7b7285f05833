import type { AnalysisRun, Measurement } from "@sluice/api";
import { expect, test } from "vitest";
import { chartOf } from "./measurements.ts";

const at = (second: number, value: string, phase: Measurement["phase"] = "Successful"): Measurement => ({
  phase,
  value,
  finishedAt: `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`,
});
const metric = { name: "errors", successCondition: "result[0] <= 0.05", provider: {} };
const run = (measurements: readonly Measurement[], dryRun = false): AnalysisRun => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name: "run", namespace: "shop" },
  spec: { metrics: [metric] },
  status: { phase: "Running", metricResults: [{ name: "errors", phase: "Running", measurements, dryRun }] },
});

test("measurements stand at their times, threshold and values on one scale", () => {
  const { points, lines } = chartOf(run([at(0, "[0.01]"), at(10, "[0.03]"), at(40, "[0.09]", "Failed")]), metric);

  expect(points.map(({ x }) => x.toFixed(2))).toEqual(["0.02", "0.26", "0.98"]);
  expect(lines).toHaveLength(1);
  const [good, , failed] = points.map(({ y = Number.NaN }) => y);
  const line = lines[0]?.y ?? Number.NaN;
  expect(good).toBeLessThan(line);
  expect(failed).toBeGreaterThan(line);
  for (const share of [good, line, failed]) expect(share).toBeGreaterThan(0);
  for (const share of [good, line, failed]) expect(share).toBeLessThan(1);
});

test("what measured no number has no height", () => {
  const { points } = chartOf(run([at(0, "[]", "Error"), at(1, "[0.2]")]), metric);

  expect(points.map(({ y }) => y === undefined)).toEqual([true, false]);
});

test("a single value without a threshold stands in the middle", () => {
  const { points, lines } = chartOf(run([at(0, "7")]), { name: "errors", provider: {} });

  expect(points).toMatchObject([{ x: 0.5, y: 0.5 }]);
  expect(lines).toEqual([]);
});

test("a dry run is one", () => {
  expect(chartOf(run([], true), metric)).toMatchObject({ isDryRun: true, points: [] });
});

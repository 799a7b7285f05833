import type { AnalysisRun } from "@sluice/api";
import { parseInstant, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "../laws/index.ts";
import { analysisRunReconciler } from "./index.ts";

const runs = 1000;
const interval = 10_000;
const measurements = 4;

const run = (index: number): AnalysisRun => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: { name: `run-${index}`, namespace: "shop" },
  spec: {
    metrics: [
      {
        name: "errors",
        interval: "10s",
        successCondition: "result[0] < 1",
        provider: { prometheus: { address: "http://prometheus", query: "errors" } },
      },
    ],
  },
});

test("1,000 runs with an interval of 10 s measure each on its tick, without drift, and write no more than that takes", async () => {
  let asked = 0;
  const world = await World.create({
    reconcilers: (effects) => [analysisRunReconciler(effects)],
    tasks: () => ({
      queryPrometheus: async () => {
        asked++;
        return { value: "[0]", parsed: [0] };
      },
    }),
  });
  await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  for (let index = 0; index < runs; index++) await world.client.create(run(index));
  await world.settle();
  const before = world.writes;

  // A millisecond after the tick: an interval is over strictly after its end.
  await world.run(seconds((measurements - 1) * 10 + 1));

  const found = await world.list<AnalysisRun>({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" });
  const drifts = found.map(({ status }) => {
    const at = (status?.metricResults?.[0]?.measurements ?? []).map(
      ({ startedAt }) => parseInstant(startedAt ?? "") ?? Number.NaN,
    );
    expect(at).toHaveLength(measurements);
    return Math.abs((at.at(-1) ?? Number.NaN) - (at[0] ?? Number.NaN) - (measurements - 1) * interval);
  });
  expect(Math.max(...drifts)).toBeLessThan(1000);
  expect(asked).toBe(runs * measurements);
  // Begun and ended: two statuses a measurement.
  expect(world.writes - before).toBeLessThanOrEqual(runs * (measurements - 1) * 2);
  world.stop();
});

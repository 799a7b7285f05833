import type { AnalysisRun } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { World } from "../../laws/index.ts";
import type { Effects } from "../../loop/index.ts";
import { rolloutReconciler } from "../reconciler.ts";
import { analysis, handlers, Outside, pause, Release, reconcilers, setWeight } from "../release.fixture.ts";

type RolloutPlan = ReturnType<ReturnType<typeof rolloutReconciler>["plan"]>;

/** Plans as they are made. */
const watched = (plans: RolloutPlan[]) => (effects: Effects) => {
  const real = rolloutReconciler(effects);
  const plan: typeof real.plan = (observed, now) => {
    const made = real.plan(observed, now);
    plans.push(made);
    return made;
  };
  return [{ ...real, plan }, ...reconcilers(effects).slice(1)];
};

test("what a step or a promotion was decided on goes only once status tells of it", async () => {
  const outside = new Outside();
  const plans: RolloutPlan[] = [];
  const world = await World.create({ reconcilers: watched(plans), tasks: handlers(outside) });
  const release = new Release(world, outside);
  await release.prepare();
  const canary = { analysis: { templates: [{ templateName: "latency" }] } };
  const options = { steps: [setWeight(20), analysis(), pause("30s")], canary };
  await release.push("web:v1", options);
  await world.run(seconds(5));

  await release.push("web:v2", options);
  await world.run(seconds(120));

  const moving = plans.filter(({ because }) => /succeeded$|^Completed/.test(because));
  const ending = moving.flatMap(({ actions }) =>
    actions.filter(
      (action) => action.do === "cancelTask" || (action.do === "patch" && action.key.kind === "AnalysisRun"),
    ),
  );
  expect(moving.map(({ because }) => because)).toEqual([
    expect.stringContaining("succeeded"),
    "Completed all 3 canary steps",
  ]);
  expect(ending).toEqual([]);
  const runs = await release.analysisRuns();
  const isOver = ({ status }: AnalysisRun) => status?.phase === "Successful";
  expect(runs.map(isOver)).toEqual([true, true]);
  world.stop();
});

test("Pods that a version was aborted for go only once status tells of it, where no Quarantine does", async () => {
  const outside = new Outside();
  const plans: RolloutPlan[] = [];
  const world = await World.create({ reconcilers: watched(plans), tasks: handlers(outside) });
  const release = new Release(world, outside);
  await release.prepare();
  const options = {
    steps: [setWeight(20), pause("30s")],
    isRouted: false,
    annotations: { "sluice.dev/gate-quarantine": "off" },
  };
  await release.push("web:v1", options);
  await world.run(seconds(5));

  await release.push("web:crashing", options);
  await world.run(seconds(60));

  const condemned = plans.filter(({ because }) => because.startsWith("taken back"));
  const scaled = condemned.flatMap(({ actions }) =>
    actions.filter((action) => action.do === "patch" && action.key.kind === "ReplicaSet"),
  );
  expect(condemned.length).toBeGreaterThan(0);
  expect(scaled).toEqual([]);
  const sets = await release.replicaSets();
  expect(sets.map(({ spec }) => spec.replicas ?? 1).filter((replicas) => replicas > 0)).toHaveLength(1);
  world.stop();
});

import type { Judgement, Resource } from "@sluice/api";
import { type Clock, seconds } from "@sluice/kernel";
import { judgementReconciler } from "../../judgement/index.ts";
import { World } from "../../laws/index.ts";
import type { Effects } from "../../loop/index.ts";
import { handlers, Outside, pause, Release, type ReleaseOptions, reconcilers, setWeight } from "../release.fixture.ts";
import { Bench } from "./bench.fixture.ts";

export const careful: ReleaseOptions = {
  steps: [setWeight(20), pause("1m"), setWeight(50), pause("1m"), setWeight(100)],
};
const judgementKind = { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" };

export const withJudge = (effects: Effects) => [...reconcilers(effects), judgementReconciler(effects)];
export const tasksOf = (bench: Bench, outside: Outside) => (clock: Clock) => ({
  ...handlers(outside)(clock),
  judgeWindows: bench.handler,
});

export async function underWay(options: ReleaseOptions = careful, ...given: Resource[]) {
  const bench = new Bench();
  const outside = new Outside();
  const world = await World.create({ reconcilers: withJudge, tasks: tasksOf(bench, outside) });
  const release = new Release(world, outside);
  await release.prepare();
  await world.apply(...given);
  await release.push("web:v1", options);
  await world.run(seconds(60));
  await release.push("web:v2", options);
  await world.run(seconds(8));
  return { release, bench, world };
}

export const judgements = (world: World) => world.list<Judgement>(judgementKind, { namespace: "shop" });
export const policy = (spec: object): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RollbackPolicy",
    metadata: { name: "careful", namespace: "shop" },
    spec,
  }) as Resource;

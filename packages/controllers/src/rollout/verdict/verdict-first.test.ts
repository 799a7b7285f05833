import { type AnalysisRun, keyOf, type Rollout, type VirtualService } from "@sluice/api";
import { type KindKey, type ListFilter, type Reader, type ResourceKey, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { observe } from "../observe.ts";
import { plan } from "../plan.ts";
import { analysis, Release, setWeight } from "../release.fixture.ts";

const steps = [setWeight(20), analysis("latency"), setWeight(100)];

/** Reads the store as it is; the router has answered. */
const readerOf = ({ world }: Release): Reader => ({
  get: async <R>(key: ResourceKey) => (await world.get(key)) as R | undefined,
  list: async <R>(kind: KindKey, filter?: ListFilter) =>
    (await world.list(kind, filter)) as readonly unknown[] as readonly R[],
  task<Result>() {
    const now = world.clock.now();
    return { is: "done", result: { requests: 100 } as Result, startedAt: now, finishedAt: now };
  },
});

test("between a failed run and zero traffic nothing is written and nothing is waited for", async () => {
  const release = await Release.begin();
  await release.push("web:v1", { steps });
  await release.push("web:v2", { steps });
  await release.world.run(seconds(5));
  release.world.stop();
  const [run] = await release.analysisRuns();
  const metricResults = [{ name: "latency", phase: "Failed", measurements: [{ phase: "Failed", value: "[0.5]" }] }];
  const status = { ...run?.status, phase: "Failed", message: "too slow", metricResults };
  await release.world.client.update({ ...(run as AnalysisRun), status } as AnalysisRun, { subresource: "status" });

  const rollout = await release.rollout();
  const { actions, status: next } = plan(await observe(rollout, readerOf(release)), release.world.clock.now());

  const [first, ...rest] = actions;
  const routed = first?.do === "update" ? (first.object as VirtualService) : undefined;
  expect(routed?.spec.http?.[0]?.route?.map(({ weight }) => weight)).toEqual([100, 0]);
  expect(rest.flatMap((action) => (action.do === "create" ? [action.object.kind] : []))).toEqual([
    "Decision",
    "Decision",
    "Quarantine",
  ]);
  expect(next).toMatchObject({ abort: true, canary: { weights: { canary: { weight: 0 } } } });
});

test("the same plan again after its effects changes nothing", async () => {
  const release = await Release.begin();
  await release.push("web:v1", { steps });
  await release.push("web:v2", { steps });
  await release.world.run(seconds(5));
  release.world.stop();
  const rollout = await release.world.get<Rollout>(keyOf(await release.rollout()));

  const now = release.world.clock.now();
  const once = plan(await observe(rollout as Rollout, readerOf(release)), now);

  expect(once.actions).toEqual([]);
  expect(once.status).toEqual(rollout?.status);
});

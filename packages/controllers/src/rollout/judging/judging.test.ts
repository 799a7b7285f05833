import type { Decision, Resource } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { askJudge } from "../../analysisrun/index.ts";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, World } from "../../laws/index.ts";
import { abortPatch, promotePatch, retryPatch } from "../index.ts";
import { Outside, pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";
import { Bench } from "./bench.fixture.ts";
import { careful, judgements, policy, tasksOf, underWay, withJudge } from "./judged.fixture.ts";

test("a release is judged from its first traffic on, window by window, until it is promoted", async () => {
  const { release, bench, world } = await underWay();

  const [judgement] = await judgements(world);
  await world.run(minutes(4));
  const [ended] = await judgements(world);

  expect(judgement?.spec).toMatchObject({
    canary: { name: "v2" },
    stable: { name: "v1" },
    plan: [
      { weight: 20, seconds: 60 },
      { weight: 50, seconds: 60 },
      { weight: 100, seconds: 0 },
    ],
    windowSeconds: 5,
    mode: "enforce",
  });
  expect(judgement?.status).toMatchObject({ phase: "Judging", action: "continue", windows: 1, requests: 500 });
  expect(bench.asked.slice(0, 4)).toEqual([1, 2, 3, 4]);
  expect(ended).toMatchObject({ spec: { terminate: true, outcome: "promoted" }, status: { phase: "Ended" } });
  expect(await release.stableImage()).toBe("web:v2");
});

test("a Judgement that has ended isn't looked at by the next release", async () => {
  const { release, world } = await underWay();
  await world.run(minutes(4));
  const [ended] = await judgements(world);
  const before = world.story.length;

  await release.push("web:v3", careful);
  await world.run(minutes(4));

  const looks = world.story.slice(before).filter((line) => line.includes("Judgement"));
  expect(looks).not.toEqual([]);
  expect(looks.filter((line) => line.includes(ended?.metadata.name ?? "none"))).toEqual([]);
});

test("the judge's word takes a version back, quarantines it and says from what", async () => {
  const { release, bench, world } = await underWay();

  bench.action = "rollback";
  await world.run(seconds(6));

  expect(await release.weight()).toBe(0);
  expect((await release.quarantines()).map(({ spec }) => spec.reason)).toEqual(["checkout fails 2 % on v2"]);
  const decisions = await world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
  const [judgement] = await judgements(world);
  expect(decisions.find(({ spec }) => spec.action === "abort")?.spec).toMatchObject({
    because: "checkout fails 2 % on v2",
    inputs: { cause: "judge", judgement: judgement?.metadata.name, windows: 2, decidedBy: "judge" },
    evidence: [{ name: "failures", requests: 500, confidence: 0.9 }],
  });
  expect(judgement?.spec).toMatchObject({ terminate: true, outcome: "rolledBack" });
});

describe("who is taken back is blamed", () => {
  const blamed = async (world: World) => (await judgements(world)).map(({ spec }) => [spec.outcome, spec.blamed]);

  test("not by a plain abort, unless a person later says that it was bad", async () => {
    const { release, world } = await underWay();

    await release.ask((rollout) => abortPatch(rollout));
    await world.settle();
    const plain = await blamed(world);
    await release.ask((rollout) => abortPatch(rollout, { bad: "people see errors" }));
    await world.settle();

    expect(plain).toEqual([["rolledBack", false]]);
    expect(await blamed(world)).toEqual([["rolledBack", true]]);
  });

  test.each([{}, { "sluice.dev/gate-quarantine": "off" }])("by a person's word, with %j", async (annotations) => {
    const { release, world } = await underWay({ ...careful, annotations });

    await release.ask((rollout) => abortPatch(rollout, { bad: "people see errors" }));
    await world.run(seconds(6));

    expect(await blamed(world)).toEqual([["rolledBack", true]]);
  });

  test("by a plain abort that answers what the judge asks", async () => {
    const { release, bench, world } = await underWay();
    bench.action = "alert";
    await world.run(minutes(2));

    await release.ask((rollout) => abortPatch(rollout));
    await world.settle();

    expect(await blamed(world)).toEqual([["rolledBack", true]]);
  });

  test("not by an abort while the judge only doubts", async () => {
    const { release, bench, world } = await underWay();
    bench.suspects = true;
    await world.run(minutes(2));

    await release.ask((rollout) => abortPatch(rollout));
    await world.settle();

    expect(await blamed(world)).toEqual([["rolledBack", false]]);
  });

  test.each([{}, { "sluice.dev/gate-quarantine": "off" }])("by the judge, with %j", async (annotations) => {
    const { release, bench, world } = await underWay({ ...careful, annotations });

    bench.action = "rollback";
    await world.run(seconds(6));

    expect(await release.weight()).toBe(0);
    expect(await blamed(world)).toEqual([["rolledBack", true]]);
  });
});

test("a version that a person lifted has a Judgement of its own, and the old one says nothing any more", async () => {
  const { release, bench, world } = await underWay();
  bench.action = "rollback";
  await world.run(seconds(6));
  const [quarantine] = await release.quarantines();

  bench.action = "continue";
  const held = { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine", namespace: "shop" };
  const lift = { type: "merge", value: { spec: { liftedBy: "ada" } } } as const;
  await world.client.patch({ ...held, name: quarantine?.metadata.name ?? "" }, lift);
  await world.settle();
  await release.ask(retryPatch);
  const weight = await release.weight();
  await world.run(minutes(4));

  expect(weight).toBe(20);
  expect(await release.stableImage()).toBe("web:v2");
  expect((await judgements(world)).map(({ spec }) => spec.outcome)).toEqual(["rolledBack", "promoted"]);
  expect(await release.quarantines()).toHaveLength(1);
});

test("a suspicion holds the weight at the end of a step, and lets go", async () => {
  const { release, bench, world } = await underWay();

  bench.suspects = true;
  await world.run(minutes(5));
  const held = await release.weight();
  const heldWith = await release.status();
  bench.suspects = false;
  await world.run(seconds(10));

  expect(held).toBe(20);
  expect(heldWith.conditions?.filter(({ type }) => type === "HeldByJudge")).toMatchObject([
    { status: "True", message: expect.stringContaining("the judge doubts the new version (failures)") },
  ]);
  expect(await release.weight()).toBe(50);
  expect((await release.status()).conditions?.map(({ type }) => type)).not.toContain("HeldByJudge");
});

test("who promotes a release that the judge holds is told so, and how to go on all the same", async () => {
  const steps = [setWeight(20), pause(), { setCanaryScale: { matchTrafficWeight: true } }, setWeight(50), pause()];
  const { release, bench, world } = await underWay({ steps });
  bench.suspects = true;
  await world.run(seconds(10));
  await release.ask(promotePatch);
  await world.run(seconds(10));

  await expect(release.ask(promotePatch)).rejects.toThrow(/the judge doubts .* promote --skip-current-step goes on/);
  await release.ask((rollout) => promotePatch(rollout, { skip: "current" }));
  await world.run(seconds(10));

  expect(await release.weight()).toBe(50);
});

test("an alert pauses before more traffic, and a person's promote goes on", async () => {
  const { release, bench, world } = await underWay();

  bench.action = "alert";
  await world.run(minutes(2));
  const paused = await release.status();
  await release.ask(promotePatch);
  await world.run(seconds(10));

  expect(paused.pauseConditions?.map(({ reason }) => reason)).toContain("VerdictAlert");
  expect(paused.message).toContain("VerdictAlert");
  expect(paused.conditions?.find(({ type }) => type === "Paused")?.message).toBe(
    "asks a person before more traffic: checkout fails 2 % on v2",
  );
  expect(await release.weight()).toBe(50);
});

test("at a pause without an end a person is asked at once, so that their word to go on answers it", async () => {
  const { release, bench, world } = await underWay({ steps: [setWeight(20), pause(), setWeight(50), pause()] });

  bench.action = "alert";
  await world.run(seconds(10));
  const paused = await release.status();
  await release.ask(promotePatch);
  await world.run(seconds(3));

  expect(paused.pauseConditions?.map(({ reason }) => reason)).toEqual(["CanaryPauseStep", "VerdictAlert"]);
  expect(await release.weight()).toBe(50);
});

test.each([
  ["off", 0, 100],
  ["advise", 1, 100],
])("with the gate %s nothing follows", async (gate, count) => {
  const { release, bench, world } = await underWay({ ...careful, annotations: { "sluice.dev/gate-judge": gate } });

  bench.action = "rollback";
  await world.run(minutes(4));

  expect(await judgements(world)).toHaveLength(count);
  expect(await release.stableImage()).toBe("web:v2");
});

test("under a policy its default rules hold: too many errors end a release at once", async () => {
  const { release, bench, world } = await underWay(careful, policy({ holdback: { weight: 0 } }));

  bench.errorRate = 6;
  await world.run(seconds(6));

  expect(await release.weight()).toBe(0);
  expect((await release.quarantines()).map(({ spec }) => spec.reason)).toEqual([
    "policy: rule error-rate-threshold: error rate 6 %, above 5 %",
  ]);
});

test("where the stable version fails as well a person is asked instead", async () => {
  const { release, bench, world } = await underWay(careful, policy({ holdback: { weight: 0 } }));

  Object.assign(bench, { errorRate: 6, stableErrorRate: 7 });
  await world.run(minutes(2));

  expect(await release.weight()).toBe(20);
  expect((await release.status()).pauseConditions?.map(({ reason }) => reason)).toContain("VerdictAlert");
});

test("a policy holds a share of the stable version back after the last step, for a while", async () => {
  const { release, world } = await underWay(careful, policy({}));

  await world.run(minutes(3));
  const held = await release.weight();
  const { conditions, phase } = await release.status();
  await world.run(minutes(8));
  const stillHeld = await release.weight();
  await world.run(minutes(3));

  expect(held).toBe(95);
  expect(conditions?.find(({ type }) => type === "Holdback")?.message).toBe(
    "holds 5 % back on the stable version for 10m, to compare with",
  );
  expect(phase).toBe("Progressing");
  expect(stillHeld).toBe(95);
  expect(await release.stableImage()).toBe("web:v2");
  expect((await release.status()).phase).toBe("Healthy");
});

test("a holdback that a suspicion prolongs isn't counted anew", async () => {
  const { release, bench, world } = await underWay(careful, policy({ holdback: { seconds: 60 } }));
  await world.run(minutes(2.5));
  expect(await release.weight()).toBe(95);

  bench.suspects = true;
  await world.run(minutes(2));
  const prolonged = await release.weight();
  bench.suspects = false;
  await world.run(seconds(20));

  expect(prolonged).toBe(95);
  expect(await release.stableImage()).toBe("web:v2");
});

test("a bad version is caught in the holdback, and a person needn't wait for its end", async () => {
  const caught = await underWay(careful, policy({}));
  await caught.world.run(minutes(4));
  caught.bench.action = "rollback";
  await caught.world.run(seconds(6));
  expect(await caught.release.weight()).toBe(0);

  const promoted = await underWay(careful, policy({}));
  await promoted.world.run(minutes(4));
  await promoted.release.ask((rollout) => promotePatch(rollout, { full: true }));
  await promoted.world.run(seconds(6));
  expect(await promoted.release.stableImage()).toBe("web:v2");
});

describe("an AnalysisTemplate that names the judge", () => {
  const template = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name: "verdict", namespace: "shop" },
    spec: {
      args: [{ name: "canary-hash" }],
      metrics: [
        { name: "judge", provider: { plugin: { "sluice.dev/judge": { podTemplateHash: "{{args.canary-hash}}" } } } },
      ],
    },
  } as Resource;
  const args = [{ name: "canary-hash", valueFrom: { podTemplateHashValue: "Latest" as const } }];
  const asking: ReleaseOptions = {
    steps: [
      setWeight(20),
      pause("20s"),
      { analysis: { templates: [{ templateName: "verdict" }], args } },
      setWeight(50),
      pause("1h"),
    ],
    annotations: { "sluice.dev/gate-judge": "advise" },
  };

  test.each([
    ["continue", 50, "Successful"],
    ["rollback", 0, "Failed"],
    ["monitor", 20, "Inconclusive"],
  ] as const)("measures what he says: %s", async (action, weight, phase) => {
    const bench = new Bench();
    const outside = new Outside();
    const world: World = await World.create({
      reconcilers: withJudge,
      tasks: (clock) => ({
        ...tasksOf(bench, outside)(clock),
        askJudge: (work, cancellation) => askJudge(world.client)(work, cancellation),
      }),
    });
    const release = new Release(world, outside);
    await release.prepare();
    await world.apply(template);
    await release.push("web:v1", asking);
    await world.run(seconds(60));
    bench.action = action;
    await release.push("web:v2", asking);
    await world.run(seconds(40));

    expect(await release.weight()).toBe(weight);
    const [run] = await release.analysisRuns();
    expect(run?.status?.metricResults?.[0]?.measurements?.[0]).toMatchObject({
      phase,
      value: expect.stringContaining(`"action":"${action}"`),
    });
  });
});

const lawful: Scenario = (() => {
  const bench = new Bench();
  return {
    world: { reconcilers: withJudge, tasks: tasksOf(bench, new Outside()) },
    async story(world: World) {
      bench.action = "continue";
      const release = new Release(world, new Outside());
      await release.prepare();
      await world.apply(policy({ judge: { windowSeconds: 20 }, holdback: { seconds: 60 } }));
      for (const image of ["web:v1", "web:v2"]) {
        await release.push(image, careful);
        await world.run(minutes(5));
      }
      await release.push("web:v3", careful);
      await world.run(seconds(30));
      bench.action = "rollback";
      await world.run(minutes(2));
    },
    async end(world: World) {
      const release = new Release(world, new Outside());
      return {
        weight: await release.weight(),
        stable: await release.stableImage(),
        quarantined: (await release.quarantines()).map(({ spec }) => spec.images),
        judgements: (await judgements(world)).map(({ spec, status }) => [
          spec.canary.name,
          spec.outcome,
          status?.phase,
        ]),
      };
    },
  };
})();

test("a judged release settles", () => settles(lawful));
test("a judged release survives a crash between any two effects", () => survivesCrashes(lawful));
test("a judged release survives stale reads", () => survivesStaleReads(lawful));

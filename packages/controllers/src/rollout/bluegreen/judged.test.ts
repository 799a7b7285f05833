import type { Decision, Judgement, Resource } from "@sluice/api";
import { type Clock, minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { judgementReconciler } from "../../judgement/index.ts";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, World } from "../../laws/index.ts";
import type { Effects } from "../../loop/index.ts";
import { promotePatch } from "../index.ts";
import { Bench } from "../judging/bench.fixture.ts";
import { handlers, Outside, template } from "../release.fixture.ts";
import { BlueGreenRelease, blueGreenReconcilers, byHand } from "./blue-green.fixture.ts";

const looking = { postPromotionAnalysis: { templates: [{ templateName: "short" }] } };

const withJudge = (effects: Effects) => [...blueGreenReconcilers(effects), judgementReconciler(effects)];
const tasksOf = (bench: Bench, outside: Outside) => (clock: Clock) => ({
  ...handlers(outside)(clock),
  judgeWindows: bench.handler,
});

async function released(strategy = {}, ...given: Resource[]) {
  const bench = new Bench();
  const outside = new Outside();
  const world = await World.create({ reconcilers: withJudge, tasks: tasksOf(bench, outside) });
  const release = new BlueGreenRelease(world, outside);
  outside.answers = { short: [0.01] };
  await release.prepare();
  await world.apply(template("short", { interval: "10s", count: 3 }), ...given);
  await release.pushBlueGreen("web:v1", strategy);
  await world.run(seconds(60));
  return { release, bench, world };
}

const judgements = async (world: World): Promise<readonly Judgement[]> => {
  const found = await world.list<Judgement>(
    { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" },
    { namespace: "shop" },
  );
  return found.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
};
const reasons = async (release: BlueGreenRelease) =>
  ((await release.status()).pauseConditions ?? []).map(({ reason }) => reason);

test("from the switch on it is compared with what was served before, until those that it replaced are gone", async () => {
  const { release, bench, world } = await released();

  await release.pushBlueGreen("web:v2");
  await world.run(seconds(8));
  const [judging] = await judgements(world);
  await world.run(seconds(40));

  expect(judging?.spec).toMatchObject({
    canary: { name: "v2" },
    stable: { name: "v1" },
    plan: [{ weight: 100, seconds: 0 }],
    comparedWith: "before",
  });
  expect(judging?.status).toMatchObject({ phase: "Judging", windows: 1 });
  expect(bench.asked.slice(0, 3)).toEqual([1, 2, 3]);
  expect(await judgements(world)).toMatchObject([
    { spec: { terminate: true, outcome: "promoted" }, status: { phase: "Ended" } },
  ]);
});

test("promoted already, a version that is seen to be bad loses everybody again while the old Pods stand", async () => {
  const { release, bench, world } = await released();
  await release.pushBlueGreen("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Healthy" });

  bench.action = "rollback";
  await world.run(seconds(8));

  expect(await release.selected()).toBe("web:v1");
  expect(await release.answering()).toEqual(["web:v1"]);
  expect(await release.stableImage()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect((await release.quarantines()).map(({ spec }) => [spec.images, spec.reason])).toEqual([
    [["web:v2"], "checkout fails 2 % on v2"],
  ]);
  await world.run(minutes(2));
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 0 });
  expect((await judgements(world))[0]?.spec.outcome).toBe("rolledBack");
  const aborts = await world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
  expect(aborts.find(({ spec }) => spec.action === "abort")?.spec.inputs).toMatchObject({ cause: "judge", windows: 1 });
});

test("taken back, its fix goes out; lifted, it begins again with nothing against it", async () => {
  const { release, bench, world } = await released();
  await release.pushBlueGreen("web:v2");
  bench.action = "rollback";
  await world.run(seconds(8));
  bench.action = "continue";

  await release.pushBlueGreen("web:v3");
  await world.run(seconds(60));
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await release.stableImage()).toBe("web:v3");

  const [quarantine] = await release.quarantines();
  await world.client.patch(
    { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine", namespace: "shop", name: quarantine?.metadata.name ?? "" },
    { type: "merge", value: { spec: { liftedBy: "ann" } } },
  );
  await release.pushBlueGreen("web:v2");
  await world.run(seconds(60));
  expect(await release.stableImage()).toBe("web:v2");
});

test("once the old Pods are gone nothing is taken back any more: nobody would be there", async () => {
  const { release, bench, world } = await released();
  await release.pushBlueGreen("web:v2");
  await world.run(seconds(40));

  bench.action = "rollback";
  await world.run(minutes(1));

  expect(await release.selected()).toBe("web:v2");
  expect(await release.quarantines()).toEqual([]);
});

test("a suspicion keeps the old Pods beyond their time, and lets them go", async () => {
  const { release, bench, world } = await released();
  bench.suspects = true;
  await release.pushBlueGreen("web:v2");

  await world.run(minutes(5));
  const kept = await release.pods();
  bench.suspects = false;
  await world.run(seconds(40));

  expect(kept).toEqual({ "web:v1": 2, "web:v2": 2 });
  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 2 });
});

test("before the promotion a suspicion holds, an alert asks, and a rollback switches back", async () => {
  const { release, bench, world } = await released(looking);
  bench.suspects = true;
  await release.pushBlueGreen("web:v2", looking);
  await world.run(minutes(20));
  expect((await release.status()).message).toBe("waiting for analysis to complete");
  expect(await release.stableImage()).toBe("web:v1");

  bench.action = "alert";
  await world.run(seconds(8));
  expect(await reasons(release)).toEqual(["VerdictAlert"]);
  const paused = (await release.status()).conditions?.find(({ type }) => type === "Paused");
  expect(paused?.message).toBe("asks a person before it is promoted: checkout fails 2 % on v2");

  bench.action = "rollback";
  await world.run(seconds(8));
  expect(await release.selected()).toBe("web:v1");
  expect(await release.quarantines()).toHaveLength(1);
});

test("a person's word goes on over an alert", async () => {
  const { release, bench, world } = await released(looking);
  bench.action = "alert";
  await release.pushBlueGreen("web:v2", looking);
  await world.run(minutes(5));
  expect(await reasons(release)).toEqual(["VerdictAlert"]);

  await release.ask(promotePatch);
  await world.run(seconds(1));

  expect(await release.stableImage()).toBe("web:v2");
});

test("what testers meet at the preview takes nothing back: a person is asked before everybody meets it", async () => {
  const { release, bench, world } = await released({ autoPromotionSeconds: 60 });
  bench.action = "rollback";
  await release.pushBlueGreen("web:v2", { autoPromotionSeconds: 60 });
  await world.run(minutes(2));

  expect((await judgements(world))[0]?.spec).toMatchObject({ plan: [{ weight: 0 }] });
  expect(await reasons(release)).toEqual(["BlueGreenPause", "VerdictAlert"]);
  expect(await release.selected()).toBe("web:v1");
  expect(await release.quarantines()).toEqual([]);
  bench.action = "continue";
  await release.ask(promotePatch);
  await world.run(seconds(8));

  expect(await release.stableImage()).toBe("web:v2");
  expect((await judgements(world)).map(({ spec }) => [spec.comparedWith, spec.outcome])).toEqual([
    [undefined, "promoted"],
    ["before", undefined],
  ]);
});

test("who promotes by hand is asked before that what the preview's testers met, and their word then goes on", async () => {
  const { release, bench, world } = await released(byHand);
  await release.pushBlueGreen("web:v2", byHand);
  await world.run(seconds(20));
  const before = await reasons(release);
  bench.action = "rollback";
  await world.run(seconds(8));

  expect(before).toEqual(["BlueGreenPause"]);
  expect(await reasons(release)).toEqual(["BlueGreenPause", "VerdictAlert"]);
  expect((await release.status()).conditions?.find(({ type }) => type === "Paused")?.message).toBe(
    "asks a person before everybody gets it: checkout fails 2 % on v2",
  );
  expect(await release.selected()).toBe("web:v1");

  bench.action = "continue";
  await release.ask(promotePatch);
  await world.run(seconds(8));
  expect(await release.selected()).toBe("web:v2");
});

test.each([
  ["the whole preview", {}],
  ["a smaller preview, which gets its other Pods first", { previewReplicaCount: 1 }],
])("who goes on in spite of what testers met isn't asked again: %s", async (_words, smaller) => {
  const options = { ...byHand, ...smaller };
  const { release, bench, world } = await released(options);
  await release.pushBlueGreen("web:v2", options);
  await world.run(seconds(20));
  bench.action = "rollback";
  await world.run(seconds(8));
  const asked = await reasons(release);

  await release.ask(promotePatch);
  await world.run(seconds(3));

  expect(asked).toEqual(["BlueGreenPause", "VerdictAlert"]);
  expect(await reasons(release)).toEqual([]);
  expect(await release.selected()).toBe("web:v2");
});

test.each([
  [0, "; the preview got no requests, so nothing of it was judged"],
  [40, "; at the preview: no harm is seen"],
])("the switch says what was judged before it, at %i requests", async (requests, words) => {
  const { release, bench, world } = await released({ autoPromotionSeconds: 60 });
  bench.requests = requests;
  await release.pushBlueGreen("web:v2", { autoPromotionSeconds: 60 });
  await world.run(seconds(70));

  const decisions = await world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
  const because = decisions.map(({ spec }) => spec.because);

  expect(because).toContain(`all its Pods are ready: everybody gets it from now on${words}`);
});

test("what can't be undone isn't taken back by itself once it is promoted: its old Pods stay for a person", async () => {
  const { release, bench, world } = await released();
  const template = {
    metadata: { labels: { app: "web" }, annotations: { "sluice.dev/not-revertible": "migrates orders" } },
    spec: { containers: [{ name: "web", image: "web:v2", ports: [{ containerPort: 80 }] }] },
  };
  await release.pushBlueGreen("web:v2", {}, { template });
  await release.ask(promotePatch);
  await world.run(seconds(1));
  expect(await release.stableImage()).toBe("web:v2");

  bench.action = "rollback";
  await world.run(minutes(5));

  expect(await release.selected()).toBe("web:v2");
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });
});

test.each([
  [
    "promote --full",
    async (release: BlueGreenRelease) => {
      await release.pushBlueGreen("web:v2", byHand);
      await release.ask((rollout) => promotePatch(rollout, { full: true }));
    },
  ],
  [
    "the way back to the version before",
    async (release: BlueGreenRelease) => {
      await release.pushBlueGreen("web:v2");
      await release.pushBlueGreen("web:v1");
    },
  ],
])("%s isn't questioned", async (_name, tell) => {
  const { release, bench, world } = await released();
  await tell(release);
  const selected = await release.selected();

  bench.action = "rollback";
  await world.run(minutes(1));

  expect(await release.selected()).toBe(selected);
  expect(await release.quarantines()).toEqual([]);
});

test.each([
  ["off", 0],
  ["advise", 1],
])("with the gate %s nothing follows", async (gate, count) => {
  const { release, bench, world } = await released();
  bench.action = "rollback";
  await release.pushBlueGreen("web:v2");
  const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace: "shop", name: "web" };
  const value = { metadata: { annotations: { "sluice.dev/gate-judge": gate } } };
  await world.client.patch(key, { type: "merge", value });
  await release.pushBlueGreen("web:v3");
  await world.run(minutes(1));

  expect((await judgements(world)).filter(({ spec }) => spec.canary.name === "v3")).toHaveLength(count);
  expect(await release.stableImage()).toBe("web:v3");
});

test("a policy's holdback is refused by name, and its rules hold", async () => {
  const policy = (spec: object) =>
    ({
      apiVersion: "sluice.dev/v1alpha1",
      kind: "RollbackPolicy",
      metadata: { name: "careful", namespace: "shop" },
      spec,
    }) as Resource;
  const { release, bench, world } = await released({}, policy({ holdback: { weight: 10 } }));
  await release.pushBlueGreen("web:v2");

  const holdback = (await release.status()).conditions?.find(({ type }) => type === "Holdback");
  bench.errorRate = 6;
  await world.run(seconds(8));

  expect(holdback).toMatchObject({ status: "False", reason: "NotHonoured" });
  expect(holdback?.message).toMatch(
    /^RollbackPolicy careful: spec.holdback holds nothing back here: .* scaleDownDelay/,
  );
  expect(await release.selected()).toBe("web:v1");
});

const lawful: Scenario = (() => {
  const bench = new Bench();
  return {
    world: { reconcilers: withJudge, tasks: tasksOf(bench, new Outside()) },
    async story(world: World) {
      bench.action = "continue";
      const release = new BlueGreenRelease(world, new Outside());
      await release.prepare();
      await release.pushBlueGreen("web:v1", { scaleDownDelaySeconds: 300 });
      await world.run(seconds(5));
      await release.pushBlueGreen("web:v2", { scaleDownDelaySeconds: 300 });
      await world.run(seconds(30));
      bench.action = "rollback";
      await world.run(minutes(2));
    },
    async end(world: World) {
      const release = new BlueGreenRelease(world, new Outside());
      return {
        active: await release.selected(),
        answering: await release.answering(),
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

test("a judged blue-green release settles", () => settles(lawful));
test("a judged blue-green release survives a crash between any two effects", () =>
  survivesCrashes(lawful, { points: 40 }));
test("a judged blue-green release survives stale reads", () => survivesStaleReads(lawful, { seeds: 4 }));

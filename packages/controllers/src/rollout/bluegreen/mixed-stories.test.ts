// What else a Rollout has, together with the strategy blueGreen.
import type { Deployment, Pod, Resource, Rollout, RolloutSpec } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { type Scenario, settles, survivesCrashes, survivesStaleReads, type World } from "../../laws/index.ts";
import { abortPatch, promotePatch, restartPatch } from "../index.ts";
import { handlers, Outside, rollout, setWeight, template } from "../release.fixture.ts";
import { analysed, BlueGreenRelease, blueGreenReconcilers, byHand } from "./blue-green.fixture.ts";

const canary: Partial<RolloutSpec> = {
  replicas: 2,
  strategy: { canary: { steps: [setWeight(50), { pause: {} }] } },
};
const pushCanary = (release: BlueGreenRelease, image: string) => release.push(image, { spec: canary, isRouted: false });

test("antiAffinity keeps the new version off the old one's nodes until everybody has it", async () => {
  const strategy = { ...byHand, antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } };
  const release = await BlueGreenRelease.released(strategy);
  const affinity = async (image: string) =>
    (await release.replicaSets()).find(({ spec }) => spec.template?.spec.containers[0]?.image === image)?.spec.template
      ?.spec.affinity;

  await release.pushBlueGreen("web:v2", strategy);
  const onItsWay = JSON.stringify(await affinity("web:v2"));
  const stable = (await release.status()).stableRS ?? "nobody";
  await release.ask(promotePatch);
  await release.world.run(minutes(1));

  expect(onItsWay).toContain("podAntiAffinity");
  expect(onItsWay).toContain(stable);
  expect(JSON.stringify((await affinity("web:v2")) ?? {})).not.toContain(stable);
});

test("a workloadRef: its changed template begins a release, and its own Pods go once the Rollout has all", async () => {
  const release = await BlueGreenRelease.begin();
  const deployment = (image: string): Resource =>
    ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "shop", namespace: "shop" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
      },
    }) as Resource;
  const { selector: _, template: __, ...spec } = rollout("").spec;
  const written = {
    ...rollout(""),
    spec: {
      ...spec,
      replicas: 2,
      workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "shop", scaleDown: "onsuccess" },
      strategy: { blueGreen: { activeService: "web", previewService: "web-preview", ...byHand } },
    },
  } as Rollout;
  await release.world.apply(deployment("web:v1"), written);
  await release.world.run(seconds(60));
  const key = { apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "shop" };
  const scaled = (await release.world.get<Deployment>(key))?.spec.replicas;

  await release.world.apply(deployment("web:v2"));
  await release.world.run(seconds(5));
  const previewed = [await release.selected(), await release.selected("web-preview")];
  await release.ask(promotePatch);

  expect(scaled).toBe(0);
  expect(previewed).toEqual(["web:v1", "web:v2"]);
  expect(await release.selected()).toBe("web:v2");
});

test.each([
  [2, "web:v1"],
  [0, "web:v3"],
])(
  "rollbackWindow of %i revisions: back to a version of some time ago, %s has everybody",
  async (revisions, active) => {
    const spec = revisions === 0 ? {} : { rollbackWindow: { revisions } };
    const release = await BlueGreenRelease.released(byHand, spec);
    for (const image of ["web:v2", "web:v3"]) {
      await release.pushBlueGreen(image, byHand, spec);
      await release.ask(promotePatch);
      await release.world.run(minutes(5));
    }

    await release.pushBlueGreen("web:v1", byHand, spec);
    await release.world.run(seconds(10));

    expect(await release.selected()).toBe(active);
  },
);

test("from canary to blue-green and back, between releases: nobody is disturbed, and the next release has the new way", async () => {
  const release = await BlueGreenRelease.begin();
  await pushCanary(release, "web:v1");
  await release.world.run(seconds(30));

  await release.pushBlueGreen("web:v1", byHand);
  await release.world.run(seconds(5));
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await release.answering()).toEqual(["web:v1"]);
  await release.pushBlueGreen("web:v2", byHand);
  expect([await release.selected(), await release.selected("web-preview")]).toEqual(["web:v1", "web:v2"]);
  await release.ask(promotePatch);
  await release.world.run(minutes(1));

  await pushCanary(release, "web:v2");
  await release.world.run(seconds(5));
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect((await release.status()).blueGreen).toBeUndefined();
  expect(await release.answering()).toContain("web:v2");
});

test("from canary to blue-green in the middle of a release: everybody keeps the stable version until the switch", async () => {
  const release = await BlueGreenRelease.begin();
  await pushCanary(release, "web:v1");
  await release.world.run(seconds(30));
  await pushCanary(release, "web:v2");
  await release.world.run(seconds(10));

  await release.pushBlueGreen("web:v2", { ...byHand, prePromotionAnalysis: analysed("errors") });
  await release.world.run(seconds(30));
  const before = [await release.answering(), await release.answering("web-preview")];
  await release.ask(promotePatch);
  await release.world.run(minutes(1));

  expect(before).toEqual([["web:v1"], ["web:v2"]]);
  expect(await release.answering()).toEqual(["web:v2"]);
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("from blue-green to canary in the middle of a release: it goes on by steps, and ends", async () => {
  const release = await BlueGreenRelease.released(byHand);
  await release.pushBlueGreen("web:v2", byHand);

  await pushCanary(release, "web:v2");
  await release.world.run(seconds(10));
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "CanaryPauseStep" });
  await release.ask(promotePatch);
  await release.world.run(minutes(1));

  expect(await release.stableImage()).toBe("web:v2");
  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 2 });
});

test("after a switch that was taken back git asks for the good version again: nobody notices, nothing stays aborted", async () => {
  const strategy = { postPromotionAnalysis: analysed("latency") };
  const release = await BlueGreenRelease.released(strategy);
  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(15));
  release.outside.answers = { latency: [0.5] };
  await release.world.run(seconds(15));
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });

  await release.pushBlueGreen("web:v1", strategy);
  await release.world.run(seconds(5));

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect((await release.status()).abort).toBeUndefined();
  expect(await release.answering()).toEqual(["web:v1"]);
  expect((await release.analysisRuns()).filter(({ spec }) => spec.terminate !== true)).toHaveLength(1);
});

test("NoData after the switch: the old Pods stay until a person has answered, either way", async () => {
  const strategy = { postPromotionAnalysis: analysed("errors"), scaleDownDelaySeconds: 5 };
  const begin = async () => {
    const release = await BlueGreenRelease.released(strategy);
    release.outside.answers = { errors: [Number.NaN] };
    await release.pushBlueGreen("web:v2", strategy);
    await release.world.run(minutes(30));
    return release;
  };
  const release = await begin();
  expect(await release.status()).toMatchObject({ phase: "Paused", message: "NoData" });
  expect(await release.selected()).toBe("web:v2");
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });

  await release.ask(promotePatch);
  expect(await release.stableImage()).toBe("web:v2");

  const other = await begin();
  await other.ask(abortPatch);
  expect(await other.answering()).toEqual(["web:v1"]);
  expect(await other.quarantines()).toEqual([]);
});

test.each([
  [1, 3],
  ["50%", 2],
])("a restart with maxUnavailable %s leaves %i Pods of 4 at every moment", async (maxUnavailable, least) => {
  const release = await BlueGreenRelease.released({ maxUnavailable }, { replicas: 4 });
  const pods = async () => release.world.list<Pod>({ apiVersion: "v1", kind: "Pod" }, { namespace: "shop" });
  const before = new Set((await pods()).map(({ metadata }) => metadata.uid));
  let fewest = 4;
  const looking = (async () => {
    for await (const _ of release.world.client.watch({ apiVersion: "v1", kind: "Pod" })) {
      const now = await pods();
      fewest = Math.min(fewest, now.length);
      if (now.length === 4 && now.every(({ metadata }) => !before.has(metadata.uid))) return;
    }
  })();

  await release.ask((current) => restartPatch(current, "2026-01-01T00:01:00Z"));
  await release.world.run(minutes(5));
  await looking;

  expect(fewest).toBeGreaterThanOrEqual(least);
  expect((await release.status()).restartedAt).toBe("2026-01-01T00:01:00Z");
});

/** The strategies change about, with a version on its way. */
const switching: Scenario = {
  world: { reconcilers: blueGreenReconcilers, tasks: handlers(new Outside()) },
  async story(world: World) {
    const release = new BlueGreenRelease(world, new Outside());
    await release.prepare();
    await world.apply(template("errors", {}));
    await pushCanary(release, "web:v1");
    await world.run(seconds(10));
    await pushCanary(release, "web:v2");
    await world.run(seconds(10));
    await release.pushBlueGreen("web:v2", byHand);
    await world.run(seconds(10));
    await release.ask(promotePatch);
    await world.run(minutes(1));
    await pushCanary(release, "web:v2");
    await world.run(minutes(1));
  },
  async end(world: World) {
    const release = new BlueGreenRelease(world, new Outside());
    const { phase, blueGreen, canary: ofCanary, abort } = await release.status();
    return {
      ...{ phase, blueGreen, weights: ofCanary?.weights, abort },
      stable: await release.stableImage(),
      pods: await release.pods(),
    };
  },
};

test("law: a release whose strategy changes settles", () => settles(switching));
test("law: a crash at any point of it changes nothing in the end", () => survivesCrashes(switching, { points: 25 }));
test("law: stale reads of it converge to the same end", () => survivesStaleReads(switching, { seeds: 3 }));

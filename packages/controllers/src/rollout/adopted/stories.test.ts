import { type Deployment, keyOf, type ReplicaSet, type Resource } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { deploymentReconciler } from "../../deployment/index.ts";
import { settles, survivesConflicts, survivesCrashes, survivesStaleReads, type World } from "../../laws/index.ts";
import type { Effects } from "../../loop/index.ts";
import { BlueGreenRelease } from "../bluegreen/blue-green.fixture.ts";
import { abortPatch } from "../index.ts";
import {
  analysis,
  handlers,
  Outside,
  pause,
  Release,
  type ReleaseOptions,
  reconcilers,
  rollout,
  setWeight,
} from "../release.fixture.ts";

const steps = [setWeight(20), pause(), setWeight(60), pause("30s")];
const experiment = { templates: [{ name: "trial", specRef: "canary" as const }] };
const [routed, basic]: readonly ReleaseOptions[] = [{ steps }, { steps, isRouted: false }] as const;

/** What it owns stays. */
async function orphaned(release: Release): Promise<readonly string[]> {
  await release.world.client.delete(keyOf(await release.rollout()), { propagationPolicy: "Orphan" });
  await release.world.run(seconds(5));
  return (await release.replicaSets()).map(({ metadata }) => metadata.uid ?? "");
}

const ownersOf = async (release: Release) =>
  (await release.replicaSets()).map(({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid));

test.each([
  ["routed", routed],
  ["basic", basic],
] as const)(
  "%s: the version that is there goes on under a new Rollout, and nothing is restarted",
  async (_, options) => {
    const release = await Release.begin();
    await release.push("web:v1", options);
    await release.world.run(seconds(5));
    const before = await orphaned(release);

    await release.push("web:v1", options);
    await release.world.run(seconds(5));

    expect((await release.replicaSets()).map(({ metadata }) => metadata.uid)).toEqual(before);
    expect(await ownersOf(release)).toEqual([[(await release.rollout()).metadata.uid]]);
    expect(await release.status()).toMatchObject({ phase: "Healthy", currentStepIndex: 4 });
    expect(await release.decisions()).toEqual(["begin", "promote", "promote"]);
    expect((await release.rollout()).metadata.annotations?.["rollout.argoproj.io/revision"]).toBe("1");
    release.world.stop();
  },
);

test.each([
  ["routed", routed],
  ["basic", basic],
] as const)(
  "%s: deleted in mid-release, users keep their version, and the other begins by its steps",
  async (_, options) => {
    const release = await Release.begin();
    await release.push("web:v1", options);
    await release.push("web:v2", options);
    await release.world.run(seconds(5));
    const before = await orphaned(release);

    await release.push("web:v2", options);
    await release.world.run(seconds(5));

    expect((await release.replicaSets()).map(({ metadata }) => metadata.uid)).toEqual(before);
    expect(await release.stableImage()).toBe("web:v1");
    expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 1 });
    expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 1 });
    if (options.isRouted !== false) expect(await release.subsets()).toEqual({ stable: "web:v1", canary: "web:v2" });
    release.world.stop();
  },
);

test("what was measured of it before is nobody's proof: it is measured anew, by names of its own", async () => {
  const measured = { steps: [setWeight(20), analysis(), { experiment }, pause()] };
  const release = await Release.begin();
  await release.push("web:v1");
  await release.push("web:v2", measured);
  await release.world.run(seconds(30));
  const [old] = await release.analysisRuns();
  await orphaned(release);

  await release.push("web:v2", measured);
  await release.world.run(seconds(30));

  const runs = (await release.analysisRuns()).map(({ metadata, status }) => [metadata.name, status?.phase]);
  expect(runs).toEqual([
    [old?.metadata.name, "Successful"],
    [`${old?.metadata.name}.1`, "Successful"],
  ]);
  const experiments = await release.world.list({ apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" });
  expect(experiments.map(({ metadata }) => metadata.ownerReferences?.length ?? 0)).toEqual([0, 1]);
  expect(await release.status()).toMatchObject({ currentStepIndex: 2 });
  release.world.stop();
});

test("what had everybody keeps everybody, whichever side it was on", async () => {
  const release = await Release.begin();
  await release.push("web:v1", { steps: [setWeight(100), pause()] });
  await release.push("web:v2", { steps: [setWeight(100), pause()] });
  await release.world.run(seconds(5));
  expect(await release.weight()).toBe(100);
  await orphaned(release);

  await release.push("web:v2", routed);
  await release.world.run(seconds(60));

  expect(await release.stableImage()).toBe("web:v2");
  expect(await release.subsets()).toMatchObject({ stable: "web:v2" });
  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 4 });
  release.world.stop();
});

test.each([
  ["routed", routed],
  ["basic", basic],
] as const)("%s: a version that was judged bad stays away from a new Rollout of the name, too", async (_, options) => {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.push("web:v2", options);
  await release.world.run(seconds(5));
  await release.ask((found) => abortPatch(found, { bad: "it looks odd" }));
  await orphaned(release);

  await release.push("web:v2", options);
  await release.world.run(seconds(60));

  expect(await release.stableImage()).toBe("web:v1");
  expect(await release.weight()).toBe(0);
  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 0 });
  release.world.stop();
});

test("where no Pod is ready as it begins the routes still tell who has users", async () => {
  const release = await Release.begin();
  await release.push("web:v1", routed);
  await release.world.run(seconds(5));
  await release.limit("web:v1", 0);
  await orphaned(release);

  await release.push("web:v2", routed);
  await release.world.run(seconds(5));

  expect(await release.stableImage()).toBe("web:v1");
  expect(await release.status()).toMatchObject({ currentStepIndex: 1 });
  release.world.stop();
});

test("blue-green: everybody stays on the active version, which no new one replaces before its pause is over", async () => {
  const release = await BlueGreenRelease.begin();
  const strategy = { autoPromotionEnabled: false };
  await release.pushBlueGreen("web:v1", strategy);
  await release.world.run(seconds(5));
  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(5));
  const before = await orphaned(release);

  await release.pushBlueGreen("web:v2", strategy);
  await release.world.run(seconds(60));

  expect((await release.replicaSets()).map(({ metadata }) => metadata.uid)).toEqual(before);
  expect(await release.selected()).toBe("web:v1");
  expect(await release.selected("web-preview")).toBe("web:v2");
  expect(await release.status()).toMatchObject({ phase: "Paused" });
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });
  release.world.stop();
});

const workload = (kind: "Deployment" | "ReplicaSet"): Resource => {
  const { replicas: _, strategy: __, ...spec } = rollout("web:v1").spec;
  const labels = { app: "web" };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name: "old", namespace: "shop", labels },
    spec: { replicas: 0, ...spec },
  } as Resource;
};

test.each(["Deployment", "ReplicaSet"] as const)(
  "by the selector of its workloadRef, a %s, which stays its own",
  async (kind) => {
    const release = await Release.begin();
    const { template: _, selector: __, ...spec } = rollout("").spec;
    const referring = { ...rollout(""), spec: { ...spec, workloadRef: { kind, name: "old" } } } as Resource;
    await release.world.apply(workload(kind), referring);
    await release.world.run(seconds(5));
    const before = await orphaned(release);

    await release.world.apply(referring);
    await release.world.run(seconds(5));

    const sets = await release.replicaSets();
    expect(sets.map(({ metadata }) => metadata.uid)).toEqual(before);
    expect(sets.map(({ metadata }) => metadata.ownerReferences?.length ?? 0)).toEqual(
      kind === "ReplicaSet" ? [0, 1] : [1],
    );
    expect(await release.status()).toMatchObject({ phase: "Healthy" });
    release.world.stop();
  },
);

test("copies of what a version reads are adopted with it", async () => {
  const release = await Release.begin();
  const source = { configMapRef: { name: "settings" } };
  const containers = [{ name: "web", image: "web:v1", envFrom: [source] }];
  const template = { metadata: { labels: { app: "web" } }, spec: { containers } };
  const settings = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "shop" },
    data: { value: "old" },
  };
  await release.world.apply(settings as Resource);
  await release.push("web:v1", { spec: { template } });
  await release.world.run(seconds(5));
  const before = await orphaned(release);

  await release.push("web:v1", { spec: { template } });
  await release.world.run(seconds(5));

  expect((await release.replicaSets()).map(({ metadata }) => metadata.uid)).toEqual(before);
  const copies = (await release.world.list({ apiVersion: "v1", kind: "ConfigMap" })).filter(
    ({ metadata }) => metadata.name !== "settings",
  );
  const { uid } = (await release.rollout()).metadata;
  expect(copies.map(({ metadata }) => metadata.ownerReferences?.map((owner) => owner.uid))).toEqual([[uid]]);
  release.world.stop();
});

test("what matches its selector no more is let go, and another takes its place", async () => {
  const release = await Release.begin();
  await release.push("web:v1");
  await release.world.run(seconds(5));
  const [set] = await release.replicaSets();

  await release.world.client.patch(keyOf(set as Resource), {
    type: "merge",
    value: { metadata: { labels: { app: "aside" } } },
  });
  await release.world.run(seconds(30));

  const sets = await release.replicaSets();
  expect(sets.map(({ metadata }) => [metadata.labels?.app, metadata.ownerReferences?.length ?? 0])).toEqual(
    expect.arrayContaining([
      ["aside", 0],
      ["web", 1],
    ]),
  );
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  release.world.stop();
});

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "api", namespace: "shop" },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: "api" } },
    template: { metadata: { labels: { app: "api" } }, spec: { containers: [{ name: "api", image: "api:v1" }] } },
  },
} as Deployment;

/** A Rollout in mid-release and a Deployment, both deleted without what they own, while news of it may come late. */
const left = (isBack: boolean) => {
  const outside = new Outside();
  return {
    world: {
      reconcilers: (effects: Effects) => [...reconcilers(effects), deploymentReconciler(effects)],
      tasks: handlers(outside),
    },
    story: async (world: World) => {
      const release = new Release(world, outside);
      await release.prepare();
      await world.apply(deployment);
      await release.push("web:v1", routed);
      await world.run(seconds(5));
      await release.push("web:v2", routed);
      await world.run(seconds(20));
      for (const one of [rollout(""), deployment])
        await world.client.delete(keyOf(one), { propagationPolicy: "Orphan" });
      if (isBack) {
        await release.push("web:v2", routed);
        await world.apply(deployment);
      }
      await world.run(seconds(60));
    },
    end: async (world: World) => {
      const release = new Release(world, outside);
      const sets = await world.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace: "shop" });
      return {
        sets: sets
          .map(({ metadata, spec }) => [metadata.name, spec.replicas, metadata.ownerReferences?.[0]?.kind ?? ""])
          .sort(),
        weight: await release.weight(),
        subsets: await release.subsets(),
      };
    },
  };
};

test("what is left behind is left alone by who was told late that it is gone", async () => {
  await survivesStaleReads(left(false));
});
test("taking it up settles", async () => {
  await settles(left(true));
});
test("a crash between any two effects of it changes nothing in the end", async () => {
  await survivesCrashes(left(true));
});
test("late news of who owned it before converge", async () => {
  await survivesStaleReads(left(true));
});
test("that somebody else writes meanwhile stalls nothing", async () => {
  await survivesConflicts(left(true));
});

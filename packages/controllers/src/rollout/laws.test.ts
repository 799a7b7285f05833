import type { Deployment, Job, Resource } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import {
  type Scenario,
  settles,
  survivesConflicts,
  survivesCrashes,
  survivesStaleReads,
  type World,
} from "../laws/index.ts";
import { abortPatch, promotePatch } from "./index.ts";
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
} from "./release.fixture.ts";

const steps = [setWeight(20), pause("30s"), analysis(), setWeight(50), pause("30s"), setWeight(100)];
const background: ReleaseOptions = {
  steps: [setWeight(20), pause("30s"), setWeight(60), pause(), setWeight(100)],
  canary: { analysis: { templates: [{ templateName: "latency" }], startingStep: 1 } },
};

/** A story told in a world that may crash or hear late; `outside` is the same for every telling. */
function scenario(tell: (release: Release) => Promise<void>): Scenario {
  const outsides = new WeakMap<object, Outside>();
  let outside = new Outside();
  return {
    world: {
      reconcilers,
      tasks: (clock) => {
        const known = outsides.get(clock);
        if (known === undefined) {
          outside = new Outside();
          outsides.set(clock, outside);
        }
        return handlers(known ?? outside)(clock);
      },
    },
    async story(world: World) {
      const release = new Release(world, outsides.get(world.clock) ?? outside);
      await release.prepare();
      await tell(release);
    },
    async end(world: World) {
      const release = new Release(world, outside);
      const { phase, message, currentStepIndex, abort, pauseConditions, promoteFull } = await release.status();
      return {
        weight: await release.weight(),
        rings: [(await release.status()).canary?.rings, await release.routedRings()],
        subsets: await release.subsets(),
        pods: await release.pods(),
        stable: await release.stableImage(),
        status: { phase, message: message?.replaceAll(/web-[a-z0-9]+/g, "web"), currentStepIndex, abort, promoteFull },
        pauses: pauseConditions?.map(({ reason }) => reason),
        quarantines: (await release.quarantines()).map(({ spec }) => [spec.images, spec.reason]),
        runsGoOn: (await release.analysisRuns()).filter(({ status }) => status?.phase === "Running").length,
        taken: (
          await world.get<Deployment>({ apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "old" })
        )?.spec.replicas,
        decisions: (await release.decisions()).filter((action) => ["promote", "abort", "quarantine"].includes(action)),
      };
    },
  };
}

const good = scenario(async (release) => {
  await release.push("web:v1", { steps });
  await release.world.run(seconds(5));
  await release.push("web:v2", { steps });
  await release.world.run(seconds(200));
});

const bad = scenario(async (release) => {
  await release.push("web:v1", { steps });
  await release.world.run(seconds(5));
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", { steps });
  await release.world.run(seconds(120));
  release.outside.answers = { errors: [0] };
  await release.push("web:v3", { steps });
  await release.world.run(seconds(200));
});

const takenBack = scenario(async (release) => {
  const short = { steps: [setWeight(20), analysis()] };
  await release.push("web:v1", short);
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", short);
  await release.world.run(seconds(40));
});

const persons = scenario(async (release) => {
  await release.push("web:v1", background);
  await release.world.run(seconds(5));
  await release.push("web:v2", background);
  await release.world.run(seconds(60));
  await release.ask(promotePatch);
  await release.world.run(seconds(60));
  await release.push("web:v3", background);
  await release.world.run(seconds(10));
  await release.ask((rollout) => abortPatch(rollout, { bad: "no" }));
  await release.world.run(seconds(60));
});

const crashing = scenario(async (release) => {
  await release.push("web:v1", { steps, isRouted: false });
  await release.world.run(seconds(5));
  await release.push("web:crashing", { steps, isRouted: false });
  await release.world.run(seconds(60));
});

const noData = scenario(async (release) => {
  await release.push("web:v1", { steps });
  await release.world.run(seconds(5));
  release.outside.requests = 0;
  await release.push("web:v2", { steps });
  await release.world.run(seconds(60));
});

const settings = (value: string) =>
  ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "shop" },
    data: { value },
  }) as Resource;

const configuration = scenario(async (release) => {
  const source = { configMapRef: { name: "settings" } };
  const containers = [{ name: "web", image: "web:v1", envFrom: [source] }];
  const template = { metadata: { labels: { app: "web" } }, spec: { containers } };
  await release.world.apply(settings("old"));
  await release.push("web:v1", { steps, spec: { template } });
  await release.world.run(seconds(5));
  release.outside.answers = { errors: [0.5] };
  await release.world.apply(settings("bad"));
  await release.world.run(seconds(90));
});

const workload = (image: string): Resource => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "old", namespace: "shop" },
  spec: {
    replicas: 4,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
  },
});

const takenOver = scenario(async (release) => {
  const { template: _1, selector: _2, ...spec } = rollout("", { steps: [setWeight(20), pause("30s")] }).spec;
  const workloadRef = { kind: "Deployment", name: "old", scaleDown: "progressively" } as const;
  await release.world.apply(workload("web:v1"));
  await release.world.apply({ ...rollout(""), spec: { ...spec, workloadRef } } as Resource);
  await release.world.run(seconds(5));
  await release.world.apply(workload("web:v2"));
  await release.world.run(seconds(60));
});

const checked = scenario(async (release) => {
  await release.world.apply({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "EvidencePolicy",
    metadata: { name: "careful", namespace: "shop" },
    spec: {
      noData: "fail",
      minimumRequests: 50,
      askAfter: "60s",
      syntheticChecks: [{ name: "home", service: "web", count: 20 }],
    },
  } as Resource);
  await release.push("web:v1", { steps });
  await release.world.run(seconds(5));
  release.outside.requests = 20;
  await release.push("web:v2", { steps });
  await release.world.run(seconds(150));
  release.outside.requests = 30;
  await release.push("web:v3", { steps });
  await release.world.run(seconds(200));
});

/** What a Job came to, whoever runs it. */
async function endJob(release: Release, type: "Complete" | "Failed"): Promise<void> {
  const [job] = await release.world.list<Job>({ apiVersion: "batch/v1", kind: "Job" }, { namespace: "shop" });
  const status = { conditions: [{ type, status: "True" }] };
  if (job !== undefined) await release.world.client.update({ ...job, status } as Resource, { subresource: "status" });
}

const checkedByJob = scenario(async (release) => {
  const podSpec = { restartPolicy: "Never", containers: [{ name: "smoke", image: "smoke" }] };
  await release.world.apply({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "EvidencePolicy",
    metadata: { name: "careful", namespace: "shop" },
    spec: { syntheticChecks: [{ name: "smoke", job: { spec: { template: { spec: podSpec } } } }] },
  } as Resource);
  await release.push("web:v1", { steps });
  await release.world.run(seconds(5));
  release.outside.answers = { errors: [], latency: [] };
  await release.push("web:v2", { steps });
  await release.world.run(seconds(100));
  await endJob(release, "Complete");
  await release.world.run(seconds(120));
  await release.push("web:v3", { steps });
  await release.world.run(seconds(10));
  await endJob(release, "Failed");
  await release.world.run(seconds(60));
});

const lasting = scenario(async (release) => {
  const metadata = { labels: { app: "web" }, annotations: { "sluice.dev/not-revertible": "migrates orders" } };
  const template = (image: string) => ({ metadata, spec: { containers: [{ name: "web", image }] } });
  await release.push("web:v1", { steps });
  await release.world.run(seconds(5));
  await release.push("web:v2", { steps, spec: { template: template("web:v2") } });
  await release.world.run(seconds(5));
  await release.ask(promotePatch);
  release.outside.answers = { errors: [0.5] };
  await release.world.run(seconds(60));
  await release.ask(promotePatch);
  await release.world.run(seconds(10));
  await release.push("web:v3", { steps });
  await release.world.run(seconds(90));
});

const ringed = scenario(async (release) => {
  const annotations = { "sluice.dev/rings": "global" };
  const rings = [
    { name: "staff", weight: 1 },
    { name: "all", weight: 100 },
  ];
  const metadata = { name: "global", namespace: "shop" };
  await release.world.apply({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RingSet",
    metadata,
    spec: { user: { cookie: "user" }, rings },
  } as Resource);
  await release.push("web:v1", { steps, annotations });
  await release.world.run(seconds(5));
  release.outside.rings = [["staff", 90, 10]];
  await release.push("web:v2", { steps, annotations });
  await release.world.run(seconds(50));
  await release.world.apply({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RingSet",
    metadata,
    spec: { user: { cookie: "user" }, rings: rings.slice(1) },
  } as Resource);
  await release.world.run(seconds(20));
});

const laws = [
  ["a good release", good, 50],
  ["a bad release and its fix", bad, 50],
  // Every point: what is taken back is taken back once, wherever it was cut.
  ["a bad release", takenBack, 1000],
  ["a release that people steer", persons, 50],
  ["a crash loop without a router", crashing, 30],
  ["a release without requests", noData, 8],
  ["a bad ConfigMap", configuration, 40],
  ["a Deployment that is taken over", takenOver, 30],
  ["a release that can't be undone", lasting, 40],
  ["a release by rings", ringed, 30],
  ["a release that must have enough requests", checked, 10],
  ["releases that a Job checks", checkedByJob, 15],
] as const;

test.each(laws)("law: %s settles", (_name, law) => settles(law));
test.each(laws)("law: a crash at any point of %s changes nothing in the end", (_name, law, points) =>
  survivesCrashes(law, { points }),
);
test.each(laws)("law: stale reads of %s converge to the same end", (_name, law) =>
  survivesStaleReads(law, { seeds: 4 }),
);
test.each(laws)("law: objects modified by others stall %s nowhere", (_name, law) =>
  survivesConflicts(law, { seeds: 4 }),
);

test("invariant: at no moment does a canary that isn't there, or was taken back, have weight", async () => {
  const release = await Release.begin({ stale: true, seed: 3 });
  const check = async () => {
    const [weight, pods, status] = await Promise.all([release.weight(), release.pods(), release.status()]);
    if ((weight ?? 0) > 0) expect(pods["web:v2"] ?? 0).toBeGreaterThan(0);
    if (status.abort === true) expect(weight).toBe(0);
  };
  await release.push("web:v1", { steps });
  release.outside.answers = { errors: [0.5] };
  await release.push("web:v2", { steps });

  for (let second = 0; second < 60; second++) {
    await release.world.run(seconds(1));
    await check();
  }

  expect((await release.status()).abort).toBe(true);
});

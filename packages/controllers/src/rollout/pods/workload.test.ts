import type { Deployment, PodTemplate, ReplicaSet, Resource, Rollout } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { deploymentReconciler } from "../../deployment/index.ts";
import { abortPatch, promotePatch, setImagePatch, undoPatch } from "../index.ts";
import { pause, Release, type ReleaseOptions, reconcilers, rollout, setWeight } from "../release.fixture.ts";

type Reference = NonNullable<Rollout["spec"]["workloadRef"]>;

const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image }] },
});
const selector = { matchLabels: { app: "web" } };
const metadata = { name: "old", namespace: "shop" };

const deployment = (image: string, replicas = 4): Deployment => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata,
  spec: { replicas, selector, template: template(image) },
});
const replicaSet = (image: string): ReplicaSet => ({
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata,
  spec: { replicas: 4, selector, template: template(image) },
});
const podTemplate = (image: string): PodTemplate => ({
  apiVersion: "v1",
  kind: "PodTemplate",
  metadata,
  template: template(image),
});

const careful: ReleaseOptions = { steps: [setWeight(25), pause()] };

/** A Rollout whose template stands in `old`. */
function referring(reference: Partial<Reference> = {}, options: ReleaseOptions = careful): Rollout {
  const whole = rollout("", options);
  const { template: _, selector: own, ...spec } = whole.spec;
  const workloadRef: Reference = { apiVersion: "apps/v1", kind: "Deployment", name: "old", ...reference };
  const hasSelector = workloadRef.kind === "PodTemplate";
  return { ...whole, spec: { ...spec, workloadRef, ...(hasSelector && own !== undefined ? { selector: own } : {}) } };
}

/** With the Deployment controller beside the Rollouts'. */
async function begun(workload: Resource, reference: Partial<Reference> = {}, options = careful): Promise<Release> {
  const release = await Release.begin({
    reconcilers: (effects) => [...reconcilers(effects), deploymentReconciler(effects)],
  });
  await release.world.apply(workload);
  await release.world.apply(referring(reference, options));
  await release.world.run(seconds(5));
  return release;
}

const ofRollout = async (release: Release) =>
  Object.fromEntries(
    (await release.replicaSets())
      .filter(({ metadata: { ownerReferences } }) => ownerReferences?.[0]?.kind === "Rollout")
      .map(({ spec }) => [spec.template?.spec.containers[0]?.image, spec.replicas]),
  );

const sizeOf = async (release: Release) =>
  (await release.world.get<Deployment>({ apiVersion: "apps/v1", kind: "Deployment", ...metadata }))?.spec.replicas;

test.each([
  ["Deployment", deployment, "apps/v1"],
  ["ReplicaSet", replicaSet, "apps/v1"],
  ["PodTemplate", podTemplate, "v1"],
] as const)("a changed template in a %s begins a release", async (kind, make, apiVersion) => {
  const release = await begun(make("web:v1"), { kind, apiVersion });
  expect(await release.status()).toMatchObject({ phase: "Healthy", selector: "app=web" });
  expect(await ofRollout(release)).toEqual({ "web:v1": 4 });

  await release.world.apply(make("web:v2"));

  expect(await release.status()).toMatchObject({ phase: "Paused", currentStepIndex: 1 });
  expect(await ofRollout(release)).toEqual({ "web:v1": 4, "web:v2": 1 });
  expect(await release.weight()).toBe(25);
  await release.ask(promotePatch);
  expect(await release.stableImage()).toBe("web:v2");
});

test("status and an annotation say which generation of it they are about", async () => {
  const release = await begun(deployment("web:v1"));
  const generation = async () =>
    (await release.world.get<Deployment>({ apiVersion: "apps/v1", kind: "Deployment", ...metadata }))?.metadata
      .generation;
  const before = await generation();

  await release.world.apply(deployment("web:v2"));

  expect(await generation()).not.toBe(before);
  expect((await release.status()).workloadObservedGeneration).toBe(String(await generation()));
  expect((await release.rollout()).metadata.annotations).toMatchObject({
    "rollout.argoproj.io/workload-generation": String(await generation()),
  });
});

test("never, the default: its own Pods stay", async () => {
  const release = await begun(deployment("web:v1"));

  expect(await sizeOf(release)).toBe(4);
});

test("onsuccess: its own Pods go once the Rollout is healthy, not before", async () => {
  const release = await begun(deployment("web:stuck"), { scaleDown: "onsuccess" });
  expect(await sizeOf(release)).toBe(4);

  await release.limit("web:stuck", 4);
  await release.world.run(seconds(5));

  expect(await sizeOf(release)).toBe(0);
});

test("progressively: its own Pods go as the Rollout's come, and come back as those fail", async () => {
  const release = await begun(deployment("web:stuck", 5), { scaleDown: "progressively" });
  expect(await sizeOf(release)).toBe(5);

  await release.limit("web:stuck", 3);
  expect(await sizeOf(release)).toBe(2);
  await release.limit("web:stuck", 0);
  expect(await sizeOf(release)).toBe(5);
  await release.limit("web:stuck", 4);
  expect(await sizeOf(release)).toBe(0);
  await release.limit("web:stuck", 0);

  // Taken over is taken over: the Rollout's own version is to be repaired, not the one before it.
  expect(await sizeOf(release)).toBe(0);
});

test("progressively: a first version that never becomes ready gives all of it back", async () => {
  const options = { ...careful, spec: { progressDeadlineSeconds: 60 } };
  const release = await begun(deployment("web:v1", 4), { scaleDown: "progressively" }, options);
  expect(await sizeOf(release)).toBe(0);
  const other = await begun(deployment("web:stuck", 4), { scaleDown: "progressively" }, options);

  await other.world.run(minutes(2));

  expect((await other.status()).message).toMatch(/^ProgressDeadlineExceeded/);
  expect(await sizeOf(other)).toBe(4);
});

test.each(["onsuccess", "progressively"] as const)(
  "%s: a manifest that is applied again with its replicas brings no ungated Pods back",
  async (scaleDown) => {
    const release = await begun(deployment("web:v1"), { scaleDown });
    expect(await sizeOf(release)).toBe(0);

    await release.world.apply(deployment("web:v2", 4));
    await release.world.settle();

    expect(await sizeOf(release)).toBe(0);
    expect(await ofRollout(release)).toEqual({ "web:v1": 4, "web:v2": 1 });
    await release.ask(abortPatch);
    expect(await sizeOf(release)).toBe(0);
    expect(await release.weight()).toBe(0);
  },
);

test("a Rollout without Pods of its own takes nothing over", async () => {
  const release = await begun(deployment("web:v1"), { scaleDown: "onsuccess" }, { ...careful, spec: { replicas: 0 } });

  expect(await sizeOf(release)).toBe(4);
});

test.each(["onsuccess", "progressively"] as const)(
  "%s: a Rollout that is prepared without Pods takes over only once it has them, and keeps it when it is scaled to none",
  async (scaleDown) => {
    const sized = (replicas: number) => ({ ...careful, spec: { replicas } });
    const release = await begun(deployment("web:stuck"), { scaleDown }, sized(0));
    const prepared = await sizeOf(release);

    await release.world.apply(referring({ scaleDown }, sized(4)));
    await release.world.run(seconds(30));
    const coming = await sizeOf(release);
    await release.limit("web:stuck", 4);
    await release.world.run(seconds(5));
    const whole = await sizeOf(release);
    await release.world.apply(referring({ scaleDown }, sized(0)));
    await release.world.run(seconds(5));

    expect([prepared, coming, whole, await sizeOf(release)]).toEqual([4, 4, 0, 0]);
  },
);

test("progressively, and the Rollout is scaled to none in mid-way: all of it comes back", async () => {
  const release = await begun(deployment("web:stuck", 5), { scaleDown: "progressively" });
  await release.limit("web:stuck", 3);
  const midway = await sizeOf(release);

  await release.world.apply(referring({ scaleDown: "progressively" }, { ...careful, spec: { replicas: 0 } }));
  await release.world.run(seconds(5));

  expect([midway, await sizeOf(release)]).toEqual([2, 5]);
});

test("progressively becomes onsuccess in mid-way: what the Rollout loses comes back, what it has doesn't go", async () => {
  const release = await begun(deployment("web:stuck", 5), { scaleDown: "progressively" });
  await release.limit("web:stuck", 3);

  await release.world.apply(referring({ scaleDown: "onsuccess" }));
  await release.world.run(seconds(5));
  const kept = await sizeOf(release);
  await release.limit("web:stuck", 1);
  const lost = await sizeOf(release);
  await release.limit("web:stuck", 3);

  expect([kept, lost, await sizeOf(release)]).toEqual([2, 4, 4]);
});

test.each(["onsuccess", "progressively"] as const)(
  "%s: at no instant are there fewer Pods than before",
  async (scaleDown) => {
    const release = await begun(deployment("web:stuck", 4), { scaleDown });
    const seen: number[] = [];
    const steps: readonly (() => Promise<unknown>)[] = [
      () => release.limit("web:stuck", 1),
      () => release.ask(abortPatch).catch(() => undefined),
      () => release.limit("web:stuck", 2),
      // Somebody scales it, too: down where the Rollout counts for it, else up.
      () => release.world.apply(deployment("web:stuck", scaleDown === "progressively" ? 1 : 6)),
      () => release.limit("web:stuck", 3),
      () => release.world.apply(deployment("web:stuck", 4)),
      () => release.world.run(seconds(20)),
      () => release.limit("web:stuck", 4),
    ];

    for (const step of steps) {
      await step();
      await release.world.settle();
      seen.push(
        ((await sizeOf(release)) ?? 0) +
          (await release.status().then(({ availableReplicas = 0 }) => availableReplicas)),
      );
    }

    expect(Math.min(...seen)).toBeGreaterThanOrEqual(4);
    expect(await sizeOf(release)).toBe(0);
  },
);

test("scaleDown set back to never lets go of its size", async () => {
  const release = await begun(deployment("web:v1"), { scaleDown: "onsuccess" });

  await release.world.apply(referring({ scaleDown: "never" }));
  await release.world.apply(deployment("web:v1", 2));
  await release.world.settle();

  expect(await sizeOf(release)).toBe(2);
});

test("what it refers to goes missing: the version that runs goes on, the message says what is missing", async () => {
  const release = await begun(deployment("web:v1"));
  await release.world.apply(deployment("web:v2"));
  expect(await release.weight()).toBe(25);

  await release.world.client.delete({ apiVersion: "apps/v1", kind: "Deployment", ...metadata });
  await release.world.settle();

  expect(await release.status()).toMatchObject({
    phase: "Degraded",
    message:
      'InvalidSpec: The Rollout "web" is invalid: spec.workloadRef.name: Invalid value: "old": Deployment "old" not found',
  });
  expect(await release.weight()).toBe(25);
  expect(await ofRollout(release)).toEqual({ "web:v1": 4, "web:v2": 1 });
  await release.ask(abortPatch);
  expect(await release.weight()).toBe(0);
  await release.world.apply(deployment("web:v3"));
  expect(await ofRollout(release)).toMatchObject({ "web:v1": 4, "web:v3": 1 });
});

test("one that isn't there yet is waited for", async () => {
  const release = await Release.begin();
  await release.world.apply(referring());
  expect((await release.status()).message).toMatch(/Deployment "old" not found$/);

  await release.world.apply(deployment("web:v1"));

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test.each([
  ["Deployment", deployment, "apps/v1"],
  ["PodTemplate", podTemplate, "v1"],
] as const)("undo and set-image write into the %s", async (kind, make, apiVersion) => {
  const release = await begun(make("web:v1"), { kind, apiVersion });
  const key = { apiVersion, kind, ...metadata };
  const workload = await release.world.get<Resource>(key);

  await release.ask((now) => setImagePatch(now, "web", "web:v2", workload));
  expect(await ofRollout(release)).toEqual({ "web:v1": 4, "web:v2": 1 });
  await release.ask(promotePatch);
  expect(await release.stableImage()).toBe("web:v2");
  const sets = (await release.replicaSets()).filter(({ metadata: { ownerReferences } }) =>
    ownerReferences?.some(({ kind: owner }) => owner === "Rollout"),
  );
  await release.ask((now) => undoPatch(now, sets, 1));

  expect((await release.status()).currentStepIndex).toBe(1);
  expect(await ofRollout(release)).toEqual({ "web:v1": 1, "web:v2": 4 });
  expect(await release.weight()).toBe(25);
});

test("a Rollout that gets its own template from there restarts no Pod", async () => {
  const release = await Release.begin();
  await release.push("web:v1", careful);
  await release.world.apply(deployment("web:v1"));

  await release.world.apply(referring());

  expect(await release.replicaSets()).toHaveLength(1);
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("git reverted: the template in what a workloadRef names is the stable one again, and the steps are skipped", async () => {
  const release = await begun(deployment("web:v1"));
  await release.world.apply(deployment("web:v2"));
  await release.world.run(seconds(5));
  const before = { weight: await release.weight(), pods: await ofRollout(release) };

  await release.world.apply(deployment("web:v1"));
  await release.world.run(minutes(1));

  expect(before).toEqual({ weight: 25, pods: { "web:v1": 4, "web:v2": 1 } });
  expect(await release.weight()).toBe(0);
  expect(await ofRollout(release)).toEqual({ "web:v1": 4, "web:v2": 0 });
  expect(await release.status()).toMatchObject({ phase: "Healthy", currentStepIndex: 2 });
});

test("git reverted while the version is quarantined: the stable one is Healthy, and the bad one stays away when pushed again", async () => {
  const release = await begun(deployment("web:v1"));
  await release.world.apply(deployment("web:v2"));
  await release.world.run(seconds(5));
  await release.ask((rollout) => abortPatch(rollout, { bad: "wrong prices" }));
  await release.world.run(seconds(5));

  await release.world.apply(deployment("web:v1"));
  await release.world.run(minutes(1));
  const reverted = await release.status();
  await release.world.apply(deployment("web:v2"));
  await release.world.run(minutes(1));

  expect(reverted).toMatchObject({ phase: "Healthy" });
  expect(await release.weight()).toBe(0);
  expect((await release.status()).message).toMatch(/^Quarantined: this version is quarantined/);
});

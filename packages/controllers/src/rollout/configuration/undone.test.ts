import {
  builtInKinds,
  type ConfigMap,
  type Decision,
  type Deployment,
  type PodTemplateSpec,
  type Resource,
} from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { undoPatch } from "../index.ts";
import { pause, Release, rollout, setWeight } from "../release.fixture.ts";

const namespace = "shop";
const steps = [setWeight(20), pause("30s"), setWeight(100)];
const deploymentKey = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "web" };

const settings = (value: string): Resource =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace }, data: { value } }) as ConfigMap;

const template = (image = "web:v1"): PodTemplateSpec => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image, envFrom: [{ configMapRef: { name: "settings" } }] }] },
});

const deployment = (image = "web:v1"): Deployment => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { namespace, name: "web" },
  spec: { replicas: 0, selector: { matchLabels: { app: "web" } }, template: template(image) },
});

function referring(): Resource {
  const whole = rollout("", { steps });
  const { template: _, ...spec } = whole.spec;
  return {
    ...whole,
    spec: { ...spec, workloadRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" } },
  } as Resource;
}

const own = (image = "web:v1"): readonly Resource[] => [rollout("", { steps, spec: { template: template(image) } })];
const referred = (image = "web:v1"): readonly Resource[] => [deployment(image), referring()];

/** Version 1 with the old content, then version 2 with the new one. */
async function released(make: typeof own): Promise<Release> {
  const release = await Release.begin({ kinds: builtInKinds() });
  await release.world.apply(settings("old"), ...make());
  await release.world.run(seconds(5));
  await release.world.apply(settings("new"));
  await release.world.run(minutes(2));
  expect(await contents(release)).toEqual({ 1: "old", 2: "new" });
  return release;
}

async function undo(release: Release, revision?: number): Promise<void> {
  const sets = (await release.replicaSets()).filter(
    ({ metadata }) => metadata.ownerReferences?.[0]?.kind === "Rollout",
  );
  await release.ask((now) => undoPatch(now, sets, revision));
  await release.world.run(minutes(2));
}

/** What each version's Pods read, by revision. */
async function contents(release: Release): Promise<Readonly<Record<string, string | undefined>>> {
  const maps = await release.world.list<ConfigMap>({ apiVersion: "v1", kind: "ConfigMap" }, { namespace });
  const sets = (await release.replicaSets()).filter(
    ({ metadata }) => metadata.ownerReferences?.[0]?.kind === "Rollout",
  );
  return Object.fromEntries(
    sets.map((set) => {
      const name = set.spec.template?.spec.containers[0]?.envFrom?.[0]?.configMapRef?.name;
      const content = maps.find(({ metadata }) => metadata.name === name)?.data?.value;
      return [set.metadata.annotations?.["rollout.argoproj.io/revision"], content];
    }),
  );
}

/** What whoever wrote the manifests sees of them. */
async function written(release: Release): Promise<PodTemplateSpec | undefined> {
  const found = await release.world.get<Deployment>(deploymentKey);
  return found?.spec.template ?? (await release.rollout()).spec.template;
}

const undoneWord = async (release: Release) => (await release.rollout()).metadata.annotations?.["sluice.dev/undone"];

test.each([
  ["its own", own],
  ["a workloadRef's", referred],
])("an undo brings the old content back, and %s template names what its author named", async (_, make) => {
  const release = await released(make);

  await undo(release);

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await contents(release)).toEqual({ 2: "new", 3: "old" });
  expect(await written(release)).toMatchObject(template());
  const found = await release.world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
  expect(found.map(({ spec }) => spec.because)).toContainEqual(
    expect.stringMatching(
      /^version \w+ begins as revision 3, with ConfigMap settings as it was then: a person went back/,
    ),
  );
});

test("an undo that is undone brings the new content back, and a change of it begins a release", async () => {
  const release = await released(referred);
  await undo(release);

  await undo(release);
  const back = await contents(release);
  const word = await undoneWord(release);
  await release.world.apply(settings("newest"));

  expect(back).toEqual({ 3: "old", 4: "new" });
  expect(word).toBeUndefined();
  expect(await release.weight()).toBe(20);
  expect(await contents(release)).toEqual({ 3: "old", 4: "new", 5: "newest" });
});

test("it holds until the content changes: then that is released, and the one before is no longer taken for the old one", async () => {
  const release = await released(own);
  await undo(release);

  await release.world.apply(settings("newest"));
  await release.world.run(minutes(2));
  const later = await contents(release);
  await release.world.apply(settings("new"));
  await release.world.run(minutes(2));

  expect(later).toEqual({ 2: "new", 3: "old", 4: "newest" });
  expect(await undoneWord(release)).toBeUndefined();
  expect(await contents(release)).toEqual({ 3: "old", 4: "newest", 5: "new" });
});

test("it holds until the template changes: another image reads what stands under the name", async () => {
  const release = await released(referred);
  await undo(release);

  await release.world.apply(deployment("web:v2"));
  await release.world.run(minutes(2));

  expect(await release.stableImage()).toBe("web:v2");
  expect(await contents(release)).toEqual({ 2: "new", 3: "old", 4: "new" });
  expect(await undoneWord(release)).toBeUndefined();
});

test("what was deleted since comes back with the version that read it", async () => {
  const release = await released(own);
  await release.world.client.delete({ apiVersion: "v1", kind: "ConfigMap", namespace, name: "settings" });

  await undo(release);

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await contents(release)).toEqual({ 2: "new", 3: "old" });
});

test("an undo of an earlier image brings its content along, and one of the same content says nothing of it", async () => {
  const release = await released(referred);
  await release.world.apply(deployment("web:v2"));
  await release.world.run(minutes(2));

  await undo(release, 2);
  const ofSame = await undoneWord(release);
  await undo(release, 1);

  expect(ofSame).toBeUndefined();
  expect(await release.stableImage()).toBe("web:v1");
  expect(await contents(release)).toEqual({ 3: "new", 4: "new", 5: "old" });
  expect(await written(release)).toMatchObject(template());
});

test("what the original's plugin copies from a ReplicaSet is the old version, its content included", async () => {
  const release = await released(own);
  const [set] = (await release.replicaSets()).filter(
    ({ metadata }) => metadata.annotations?.["rollout.argoproj.io/revision"] === "1",
  );
  const { "rollouts-pod-template-hash": hash, ...labels } = set?.spec.template?.metadata?.labels ?? {};

  const copied = { ...set?.spec.template, metadata: { labels } };
  await release.world.client.patch(
    { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: "web" },
    { type: "json", operations: [{ op: "replace", path: "/spec/template", value: copied }] },
  );
  await release.world.run(minutes(2));

  expect(await release.status()).toMatchObject({ phase: "Healthy", stableRS: hash });
  expect(await contents(release)).toEqual({ 2: "new", 3: "old" });
});

import { builtInKinds, type ConfigMap, type PodTemplateSpec, type Resource, type Secret } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { podHashLabel } from "../../version/index.ts";
import { retryPatch, undoPatch } from "../index.ts";
import { analysis, pause, Release, rollout, setWeight } from "../release.fixture.ts";

const namespace = "shop";
const steps = [setWeight(20), pause("30s"), analysis(), setWeight(100)];

const settings = (value: string): Resource =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace }, data: { value } }) as ConfigMap;
const key = (password: string): Resource =>
  ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "key", namespace },
    data: { password: Buffer.from(password).toString("base64") },
  }) as Secret;

const template: PodTemplateSpec = {
  metadata: { labels: { app: "web" } },
  spec: {
    containers: [
      {
        name: "web",
        image: "web:v1",
        env: [
          { name: "VALUE", valueFrom: { configMapKeyRef: { name: "settings", key: "value" } } },
          { name: "EXTRA", valueFrom: { configMapKeyRef: { name: "extra", key: "value", optional: true } } },
        ],
      },
    ],
    volumes: [{ name: "key", projected: { sources: [{ secret: { name: "key" } }] } }],
  },
};
const options = { steps, spec: { template } };

/** What each version's Pods read, by revision: the live one's name, or the copy's content. */
async function contents(release: Release): Promise<Readonly<Record<string, string>>> {
  const maps = await release.world.list<ConfigMap>({ apiVersion: "v1", kind: "ConfigMap" }, { namespace });
  return Object.fromEntries(
    (await release.replicaSets()).map((set) => {
      const name = set.spec.template?.spec.containers[0]?.env?.[0]?.valueFrom?.configMapKeyRef?.name;
      const copy = maps.find(({ metadata }) => metadata.name === name);
      const content = name === "settings" ? "live" : (copy?.data?.value ?? "missing");
      return [set.metadata.annotations?.["rollout.argoproj.io/revision"], content];
    }),
  );
}

async function released(): Promise<Release> {
  const release = await Release.begin({ kinds: builtInKinds() });
  await release.world.apply(settings("old"), key("secret-of-old"));
  await release.push("web:v1", options);
  await release.world.run(seconds(5));
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  return release;
}

test("a bad ConfigMap is canaried, taken back and quarantined, and the old version's Pods never read it", async () => {
  const release = await released();
  release.outside.answers = { errors: [0.5] };

  await release.world.apply(settings("bad"));

  expect(await release.weight()).toBe(20);
  expect(await contents(release)).toEqual({ 1: "old", 2: "bad" });
  await release.world.run(minutes(1));
  expect(await release.status()).toMatchObject({ phase: "Degraded", abort: true });
  expect(await release.weight()).toBe(0);
  expect((await release.quarantines())[0]?.spec.configuration).toMatchObject({ "ConfigMap/settings": /^.{10}$/ });
  // A new Pod of the stable version, of whatever reason, reads what the others do.
  expect(await contents(release)).toEqual({ 1: "old", 2: "bad" });
  expect(await release.decisions()).toContain("quarantine");
  const aborted = await release.rollout();
  expect(() => retryPatch(aborted)).toThrow("sluice quarantine lift");

  release.outside.answers = { errors: [0] };
  await release.world.apply(settings("good"));
  await release.world.run(minutes(2));
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await contents(release)).toMatchObject({ 3: "good" });
});

test("a ConfigMap that is put back brings the stable version back without a step", async () => {
  const release = await released();
  await release.world.apply(settings("other"));
  expect(await release.weight()).toBe(20);

  await release.world.apply(settings("old"));

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await release.weight()).toBe(0);
  expect((await release.decisions()).at(-1)).toBe("rollback");
});

test("a Secret is part of the version too, and its content stands nowhere but in Secrets", async () => {
  const release = await released();

  await release.world.apply(key("secret-of-new"));
  await release.world.run(minutes(2));

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect((await release.rollout()).metadata.annotations).toMatchObject({ "rollout.argoproj.io/revision": "2" });
  const written = await Promise.all(
    [
      ["sluice.dev/v1alpha1", "Decision"],
      ["v1", "Event"],
      ["argoproj.io/v1alpha1", "Rollout"],
      ["apps/v1", "ReplicaSet"],
    ].map(([apiVersion = "", kind = ""]) => release.world.list({ apiVersion, kind }, { namespace })),
  );
  const text = JSON.stringify([written, release.world.story]);
  expect(text).toContain("with another Secret key");
  for (const secret of ["secret-of-old", "secret-of-new"]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret).toString("base64"));
  }
});

test("what comes after its workload is read as it is, and counts from then on", async () => {
  const release = await Release.begin();
  await release.world.apply(key("k"));
  await release.push("web:v1", options);

  await release.world.apply(settings("first"));

  expect(await contents(release)).toEqual({ 1: "live" });
  await release.world.apply(settings("second"));
  expect(await contents(release)).toEqual({ 1: "live", 2: "second" });
  expect(await release.weight()).toBe(20);
});

test("one that is optional and appears is a change", async () => {
  const release = await released();

  await release.world.apply({ ...settings("extra"), metadata: { name: "extra", namespace } });

  expect(await release.weight()).toBe(20);
});

test("one deleted under a version changes nothing: its Pods have the copy", async () => {
  const release = await released();

  await release.world.client.delete({ apiVersion: "v1", kind: "ConfigMap", namespace, name: "settings" });
  await release.world.run(minutes(1));

  expect(await release.status()).toMatchObject({ phase: "Healthy", currentStepIndex: steps.length });
  expect(await contents(release)).toEqual({ 1: "old" });
});

test("an undo brings the old content back", async () => {
  const release = await released();
  await release.world.apply(settings("new"));
  await release.world.run(minutes(2));
  expect(await contents(release)).toEqual({ 1: "old", 2: "new" });

  const sets = await release.replicaSets();
  await release.ask((current) => undoPatch(current, sets, 1));
  await release.world.run(minutes(2));

  expect(await release.status()).toMatchObject({ phase: "Healthy" });
  expect(await contents(release)).toMatchObject({ 3: "old" });
  expect(await release.replicaSets()).toHaveLength(2);
});

test("switched off, the version is its template alone", async () => {
  const release = await Release.begin();
  await release.world.apply(settings("old"), key("k"));
  const off = { ...options, annotations: { "sluice.dev/gate-configuration": "off" } };
  await release.push("web:v1", off);

  await release.world.apply(settings("new"));

  expect(await contents(release)).toEqual({ 1: "live" });
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("a ReplicaSet of the original's is taken over as it is; the next change of its ConfigMap is canaried", async () => {
  const release = await Release.begin();
  await release.world.apply(settings("old"), key("k"));
  const wanted = rollout("web:v1", options);
  const created = await release.world.client.create({
    ...wanted,
    spec: { ...wanted.spec, paused: true },
    status: { stableRS: "theirs", currentPodHash: "theirs" },
  });
  const labels = { ...template.metadata?.labels, [podHashLabel]: "theirs" };
  const owner = { apiVersion: wanted.apiVersion, kind: wanted.kind, name: "web", uid: created.metadata.uid ?? "" };
  await release.world.apply({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: "web-theirs",
      namespace,
      labels,
      annotations: { "rollout.argoproj.io/revision": "7" },
      ownerReferences: [{ ...owner, controller: true }],
    },
    spec: { replicas: 4, selector: { matchLabels: labels }, template: { ...template, metadata: { labels } } },
  } as Resource);
  await release.push("web:v1", options);
  await release.world.run(seconds(5));
  const revisions = async () => Object.keys(await contents(release)).sort();
  const taken = (await release.replicaSets()).find(({ metadata }) => metadata.name === "web-theirs");
  expect(taken?.metadata.annotations?.["sluice.dev/configuration"]).toContain("live:");
  const before = await revisions();

  await release.world.apply(settings("new"));

  expect(await revisions()).toEqual([...before, "8"]);
});

test("copies go with the last version that reads them", async () => {
  const release = await Release.begin();
  await release.world.apply(settings("0"), key("k"));
  const short = { steps: [setWeight(20), setWeight(100)], spec: { template, revisionHistoryLimit: 1 } };
  await release.push("web:v1", short);
  await release.world.run(seconds(5));

  for (const value of ["1", "2", "3"]) {
    await release.world.apply(settings(value));
    await release.world.run(minutes(2));
  }

  const maps = await release.world.list<ConfigMap>({ apiVersion: "v1", kind: "ConfigMap" }, { namespace });
  expect(maps.map(({ data }) => data?.value).sort()).toEqual(["2", "3", "3"]);
  const secrets = await release.world.list<Secret>({ apiVersion: "v1", kind: "Secret" }, { namespace });
  expect(secrets).toHaveLength(2);
});

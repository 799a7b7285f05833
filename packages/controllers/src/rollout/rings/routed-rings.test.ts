import type { Resource, RoutedRings, VirtualService } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { pause, Release, type ReleaseOptions, setWeight } from "../release.fixture.ts";

const ringSet = (...names: readonly string[]): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RingSet",
    metadata: { name: "global", namespace: "shop" },
    spec: { user: { cookie: "user" }, rings: names.map((name, index) => ({ name, weight: index + 1 })) },
  }) as Resource;

const ringed: ReleaseOptions = {
  steps: [setWeight(5), pause(), setWeight(100)],
  annotations: { "sluice.dev/rings": "global" },
};

async function written(release: Release): Promise<RoutedRings | undefined> {
  const key = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", namespace: "shop", name: "web" };
  const found = await release.world.get<VirtualService>(key);
  const text = found?.metadata.annotations?.["rings.sluice.dev/web"];
  return text === undefined ? undefined : (JSON.parse(text) as RoutedRings);
}

test("a Rollout's rings stand on its VirtualService beside the weights, as they change, until it names none", async () => {
  const release = await Release.begin();
  await release.world.apply(ringSet("employees"));

  await release.push("web:v1", ringed);
  expect(await written(release)).toEqual({
    canary: { subset: "canary" },
    stable: { subset: "stable" },
    user: { cookie: "user" },
    rings: [{ name: "employees", weight: 1 }],
  });

  await release.world.apply(ringSet("employees", "beta"));
  expect((await written(release))?.rings.map(({ name }) => name)).toEqual(["employees", "beta"]);

  const { annotations: _, ...plain } = ringed;
  await release.push("web:v1", { ...plain, annotations: { "sluice.dev/rings": "" } });
  expect(await written(release)).toBeUndefined();
});

test("a RingSet that isn't there is said before anybody gets the new version", async () => {
  const release = await Release.begin();
  await release.push("web:v1", { ...ringed, annotations: {} });

  await release.push("web:v2", ringed);
  await release.world.run(seconds(60));

  expect(await release.weight()).toBe(0);
  expect((await release.status()).message).toContain('ringsets.sluice.dev "global" not found');
  await release.world.apply(ringSet("employees"));
  await release.world.run(seconds(60));
  expect(await release.weight()).toBe(5);
});

test("a RingSet that goes in the middle of a release leaves those who are in where they are", async () => {
  const release = await Release.begin();
  await release.world.apply(ringSet("employees"));
  await release.push("web:v1", ringed);
  await release.push("web:v2", ringed);
  await release.world.run(seconds(60));
  const before = await written(release);

  await release.world.client.delete({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "RingSet",
    namespace: "shop",
    name: "global",
  });
  await release.world.run(seconds(60));

  expect(await release.weight()).toBe(5);
  expect(await written(release)).toEqual(before);
});

import { keyOf } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { pause, Release, setWeight } from "./release.fixture.ts";

test("a Rollout on its way out goes no further, and makes nothing anew", async () => {
  const release = await Release.begin();
  await release.push("web:v1");
  await release.push("web:v2", { steps: [setWeight(20), pause("30s"), setWeight(60), pause()] });
  await release.world.run(seconds(5));
  const { client } = release.world;
  const key = keyOf(await release.rollout());
  await client.patch(key, { type: "merge", value: { metadata: { finalizers: ["example.com/held"] } } });
  const [first] = await release.replicaSets();

  await client.delete(key);
  if (first !== undefined) await client.delete(keyOf(first));
  await release.world.run(seconds(60));

  expect(await release.weight()).toBe(20);
  expect(await release.replicaSets()).toHaveLength(1);
  await client.patch(key, { type: "merge", value: { metadata: { finalizers: null } } });
  expect(await release.replicaSets()).toEqual([]);
  release.world.stop();
});

test("a route that its Rollout no longer names goes with its name", async () => {
  const tried = {
    setHeaderRoute: { name: "testers", match: [{ headerName: "x-tester", headerValue: { exact: "yes" } }] },
  };
  const steps = [setWeight(20), tried, pause()];
  const named = (...names: readonly string[]) => ({
    trafficRouting: {
      managedRoutes: names.map((name) => ({ name })),
      istio: {
        virtualService: { name: "web", routes: ["primary"] },
        destinationRule: { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" },
      },
    },
  });
  const release = await Release.begin();
  await release.push("web:v1");
  await release.push("web:v2", { steps, canary: named("testers") });
  await release.world.run(seconds(5));
  const names = async () => (await release.virtualService())?.spec.http?.map(({ name }) => name);
  expect(await names()).toEqual(["testers", "primary"]);

  await release.push("web:v2", { steps: [setWeight(20), pause()], canary: named("others") });
  await release.world.run(seconds(5));

  expect(await names()).toEqual(["primary"]);
  release.world.stop();
});

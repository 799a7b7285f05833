import { type BlueGreenDeploymentSpec, builtInKinds, keyOf, type Resource, type Service } from "@sluice/api";
import { millis, minutes, seconds } from "@sluice/kernel";
import { describe, expect, test } from "vitest";
import { diffResource } from "../application/comparison/diff.ts";
import { noClaims, overlayClaims } from "../application/comparison/overlay.ts";
import { type Scenario, settles, survivesCrashes, survivesStaleReads } from "../laws/index.ts";
import { blueGreenWorld, manifests, type Outside, Pair, serviceKey } from "./blue-green.fixture.ts";
import { planBlueGreen } from "./plan.ts";

const before = "-> blue, blue 3 shop:v1, green 0 shop:v0";
const smoke = { image: "smoke:v1", command: ["npm", "test"] };

test("the idle colour gets the image and as many Pods, is tried, gets the traffic; the old one goes later", async () => {
  const pair = await Pair.begin();
  await pair.deploy("shop:v2", { smoke });

  await pair.world.run(seconds(1));
  expect(await pair.picture()).toBe("-> blue, blue 3 shop:v1, green 3 shop:v2");
  await pair.world.run(seconds(10));
  expect(await pair.status()).toMatchObject({ phase: "Draining", from: "blue", to: "green" });
  expect(await pair.picture()).toBe("-> green, blue 3 shop:v1, green 3 shop:v2");
  await pair.world.run(seconds(40));

  expect(await pair.picture()).toBe("-> green, blue 0 shop:v1, green 3 shop:v2");
  expect(await pair.status()).toMatchObject({ phase: "Succeeded", message: "green serves shop:v2" });
  expect(await pair.decisions()).toEqual([
    "begin: blue has the traffic: green gets shop:v2 and 3 Pods",
    "advance: green starts",
    "advance: 3 of 3 Pods of green are ready",
    "advance: 3 of 3 Pods answer /health: the smoke test comes",
    "advance: the smoke test of green succeeded",
    "promote: green has the traffic",
    "advance: green answers through the router: 20 requests, none failed",
    "complete: green serves shop:v2",
  ]);
});

test.each<[string, Partial<Outside>, Partial<BlueGreenDeploymentSpec>, string]>([
  ["half of them fail", { failing: 0.5 }, {}, "Failed"],
  ["a tenth fails", { failing: 0.1 }, {}, "Failed"],
  ["a tenth fails, as usual", { failing: 0.1, usuallyFailing: 100 }, {}, "Succeeded"],
  ["few fail", { failing: 0.02 }, {}, "Succeeded"],
  ["a tenth fails, and nothing is to be verified", { failing: 0.1 }, { verification: { requests: 0 } }, "Succeeded"],
])("users' requests to the new colour while the old one stays: %s", async (_, outside, spec, phase) => {
  const pair = await Pair.begin(outside);
  await pair.deploy("shop:v2", spec);
  await pair.world.run(minutes(2));

  const [active, idle] = phase === "Failed" ? ["blue", "green"] : ["green", "blue"];
  expect(await pair.picture()).toContain(`-> ${active}`);
  expect(await pair.picture()).toContain(`${idle} 0`);
  const status = await pair.status();
  expect(status?.phase).toBe(phase);
  if (phase === "Failed") expect(status?.message).toMatch(/^\d+ of \d+ requests failed since green has the traffic/);
});

test("failures that begin shortly before the old colour goes are seen before it does", async () => {
  const pair = await Pair.begin();
  await pair.deploy("shop:v2", { drainSeconds: 30 });
  await pair.world.run(seconds(10));
  expect(await pair.status()).toMatchObject({ phase: "Draining" });
  const since = Date.parse((await pair.status())?.phaseStartedAt ?? "");
  await pair.world.run(millis(since + 29_500 - pair.world.clock.now()));
  pair.outside.failing = 0.5;
  await pair.world.run(minutes(1));

  expect(await pair.picture()).toBe("-> blue, blue 3 shop:v1, green 0 shop:v2");
});

test("the Service that the manifests lack is created for the new colour", async () => {
  const pair = await Pair.begin();
  await pair.deploy("shop:v2");
  await pair.world.run(seconds(10));

  const created = await pair.world.get<Service>({ ...serviceKey, name: "frontend-green-service" });

  expect(created?.spec).toMatchObject({
    selector: { app: "frontend", version: "green" },
    ports: [{ port: 80, targetPort: 8080 }],
    type: "ClusterIP",
  });
});

test("and back again: without an image the idle colour gets the traffic as it is", async () => {
  const pair = await Pair.begin();
  await pair.deploy("shop:v2");
  await pair.world.run(minutes(1));

  await pair.deploy(undefined);
  await pair.world.run(minutes(1));

  expect(await pair.picture()).toBe("-> blue, blue 3 shop:v1, green 0 shop:v2");
});

test("Pods that were sent away are nobody to switch to, though counts and slices still tell of them", async () => {
  const pair = await Pair.begin();
  await pair.deploy("shop:v2");
  await pair.world.run(minutes(1));
  await pair.deploy(undefined);
  await pair.world.run(minutes(1));
  await pair.deploy("shop:v3");
  await pair.world.run(seconds(10));
  const old = new Map<string, readonly Resource[]>();
  for (const kind of [
    { apiVersion: "apps/v1", kind: "Deployment" },
    { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
  ]) {
    old.set(kind.kind, await pair.world.list(kind));
  }
  await pair.world.run(minutes(1));
  await pair.deploy("shop:v1");

  const { object, observed } = await pair.observed(old);
  const { because } = planBlueGreen(observed, pair.world.clock.now());

  expect(object.status?.phase).toBe("WaitingForReady");
  expect(because).toBe("0 of 3 Pods of blue are ready");
});

test("an Application that heals itself leaves alone what a deploy wrote, there and back, and nothing else", async () => {
  const pair = await Pair.begin();
  const differences = async (seen = (live: Resource) => live) => {
    const found = [];
    for (const desired of manifests) {
      const live = await pair.world.get<Resource>(keyOf(desired));
      const definition = builtInKinds().find((known) => known.kind === desired.kind);
      if (live === undefined || definition === undefined) throw new Error(`no ${desired.kind}`);
      found.push(
        ...diffResource(overlayClaims(desired, seen(live), noClaims), live, definition).map(({ path }) => path),
      );
    }
    return found;
  };

  await pair.deploy("shop:v2");
  for (let second = 0; second < 60; second += 5) {
    await pair.world.run(seconds(5));
    expect(await differences()).toEqual([]);
  }
  pair.outside.verification = "2 of 20 requests failed";
  await pair.deploy("shop:v3");
  await pair.world.run(minutes(2));
  expect(await pair.picture()).toBe("-> green, blue 0 shop:v3, green 3 shop:v2");
  expect(await differences()).toEqual([]);

  // Without its mark all of it would be drift.
  expect(
    await differences(({ metadata: { annotations: _, ...metadata }, ...live }) => ({ ...live, metadata })),
  ).not.toEqual([]);
});

describe("what goes wrong leaves the traffic where it was", () => {
  test.each([
    ["a Pod that isn't healthy", { health: "answered 500" }, "isn't healthy: answered 500"],
    ["a smoke test that fails", { smokeExit: 1 }, "the smoke test failed (BackoffLimitExceeded)"],
    ["Pods that never get ready", { neverReady: "shop:v2" }, "0 of 3 Pods of green are ready, after 120 s"],
    ["a switch that isn't verified", { verification: "answered 503" }, "the switch isn't verified: answered 503"],
  ])("%s", async (_, outside, message) => {
    const pair = await Pair.begin(outside);

    await pair.deploy("shop:v2", { smoke, timeoutSeconds: 120 });
    await pair.world.run(minutes(3));

    expect(await pair.picture()).toBe("-> blue, blue 3 shop:v1, green 0 shop:v2");
    expect(await pair.status()).toMatchObject({ phase: "Failed" });
    expect((await pair.status())?.message).toContain(message);
  });

  test("somebody who changes the Service by hand in mid-deploy is left alone", async () => {
    const pair = await Pair.begin();
    await pair.deploy("shop:v2");
    await pair.world.client.patch(serviceKey, { type: "merge", value: { spec: { selector: { version: "red" } } } });
    await pair.world.run(minutes(1));

    expect(await pair.picture()).toBe("-> red, blue 3 shop:v1, green 0 shop:v2");
    expect(await pair.status()).toMatchObject({ phase: "Failed" });
  });
});

describe("abort", () => {
  test.each([
    ["before the switch", seconds(1)],
    ["while the old colour drains", seconds(10)],
  ])("%s", async (_, at) => {
    const pair = await Pair.begin();
    await pair.deploy("shop:v2");
    await pair.world.run(at);

    await pair.abort();
    await pair.world.run(minutes(1));

    expect(await pair.picture()).toBe("-> blue, blue 3 shop:v1, green 0 shop:v2");
    expect(await pair.status()).toMatchObject({ phase: "Aborted", message: "taken back by ann" });
  });
});

test("one at a time: another deploy is refused by name until the first has ended", async () => {
  const pair = await Pair.begin();
  await pair.deploy("shop:v2", { by: "ann" });

  await expect(pair.deploy("shop:v3")).rejects.toThrow("deploy shop:v2 (shop:v2, by ann), which is WaitingForReady");
  await pair.world.run(minutes(1));
  await pair.deploy("shop:v3");
  await pair.world.run(minutes(1));

  expect(await pair.picture()).toBe("-> blue, blue 3 shop:v3, green 0 shop:v2");
});

test("an image that serves already is no deploy", async () => {
  const pair = await Pair.begin();

  await pair.deploy("shop:v1");

  expect(await pair.status()).toMatchObject({ phase: "Succeeded", message: "blue serves shop:v1 already" });
  expect(await pair.picture()).toBe(before);
});

test("who is told, and that nobody could be told fails nothing; the URL stands nowhere", async () => {
  const pair = await Pair.begin({ webhook: "the webhook at hooks.example.com answered 500" });
  const data = { url: "aHR0cHM6Ly9ob29rcy5leGFtcGxlLmNvbS9zZWNyZXQ=" };
  await pair.world.apply({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "hook", namespace: "default" },
    data,
  } as never);

  await pair.deploy("shop:v2", { notify: { secretName: "hook" } });
  await pair.world.run(minutes(1));

  expect(pair.outside.posted).toEqual([
    "Succeeded: default/frontend-service: green serves shop:v2 to https://hooks.example.com/secret",
  ]);
  expect(await pair.status()).toMatchObject({ phase: "Succeeded" });
  expect(await pair.events()).toContain("NotificationFailed: the webhook at hooks.example.com answered 500");
  expect(JSON.stringify([await pair.status(), await pair.events(), await pair.decisions()])).not.toContain("/secret");
});

const scenario = (outside: { verification?: string }): Scenario => ({
  world: blueGreenWorld({ posted: [], ...outside }),
  story: async (world) => {
    await Pair.lay(world);
    await Pair.ask(world, { release: "1", image: "shop:v2", smoke });
    await world.run(minutes(2));
  },
  end: (world) => Pair.pictureOf(world),
});

test("it settles", async () => {
  await settles(scenario({}));
});
test("interrupted between any two effects it ends right", async () => {
  await survivesCrashes(scenario({}), { points: 40 });
});
test("and so does one that is taken back", async () => {
  await survivesCrashes(scenario({ verification: "answered 503" }), { points: 40, seed: 2 });
});
test("stale reads converge", async () => {
  await survivesStaleReads(scenario({}), { seeds: 5 });
});

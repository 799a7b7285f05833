import type { CanaryStep, Event, Resource, Service } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { abortPatch, promotePatch, setImagePatch } from "../index.ts";
import { careful, pause, Release, type ReleaseOptions, released, setWeight } from "../release.fixture.ts";
import { hashOf, revisionOf } from "../view.ts";

const hostSurroundings = [
  ...["stable", "canary"].map(
    (name): Resource => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    }),
  ),
  {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "hosts", namespace: "shop" },
    spec: {
      hosts: ["web"],
      http: [
        {
          route: [
            { destination: { host: "stable" }, weight: 100 },
            { destination: { host: "canary.shop.svc.cluster.local" }, weight: 0 },
          ],
        },
      ],
    },
  },
];

async function selected(release: Release) {
  const images = new Map(
    (await release.replicaSets()).map(({ metadata, spec }) => [
      metadata.labels?.["rollouts-pod-template-hash"],
      spec.template?.spec.containers[0]?.image,
    ]),
  );
  const imageOf = async (name: string) => {
    const service = await release.world.get<Service>({ apiVersion: "v1", kind: "Service", namespace: "shop", name });
    return images.get(service?.spec.selector?.["rollouts-pod-template-hash"]);
  };
  return { stable: await imageOf("stable"), canary: await imageOf("canary") };
}

test("an edit on the way leaves the intermediate version at once, the stable one stays", async () => {
  const release = await released();
  await release.push("web:v2", careful);

  await release.push("web:v3", careful);

  expect(await release.pods()).toMatchObject({ "web:v1": 4, "web:v2": 0, "web:v3": 1 });
  expect(await release.stableImage()).toBe("web:v1");
  expect(await release.subsets()).toEqual({ stable: "web:v1", canary: "web:v3" });
});

test("going back to the stable version skips the steps", async () => {
  const release = await released();
  await release.push("web:v2", careful);

  await release.ask((rollout) => setImagePatch(rollout, "web", "web:v1"));

  expect(await release.weight()).toBe(0);
  expect(await release.status()).toMatchObject({ phase: "Healthy", currentStepIndex: 6 });
});

test("a change of the steps on the way begins anew, a change of replicas doesn't", async () => {
  const release = await released();
  await release.push("web:v2", careful);
  await release.push("web:v2", { ...careful, spec: { replicas: 10 } });
  expect(await release.status()).toMatchObject({ currentStepIndex: 1, phase: "Paused" });
  expect(await release.pods()).toMatchObject({ "web:v1": 10, "web:v2": 2 });

  await release.push("web:v2", { steps: [setWeight(10), pause()], spec: { replicas: 10 } });

  expect(await release.weight()).toBe(10);
  expect(await release.pods()).toMatchObject({ "web:v1": 10, "web:v2": 1 });
});

test("setCanaryScale sizes the canary apart from its weight", async () => {
  const options = {
    steps: [
      { setCanaryScale: { replicas: 3 } },
      setWeight(5),
      pause(),
      { setCanaryScale: { matchTrafficWeight: true } },
      pause(),
    ],
  };
  const release = await released(options);
  await release.push("web:v2", options);
  expect(await release.pods()).toMatchObject({ "web:v2": 3 });
  expect(await release.weight()).toBe(5);

  await release.ask(promotePatch);

  expect(await release.pods()).toMatchObject({ "web:v2": 1 });
});

test.each<[string, readonly CanaryStep[], RegExp]>([
  [
    "a scale to nothing, then a weight",
    [{ setCanaryScale: { replicas: 0 } }, setWeight(20)],
    /^20 % have nowhere to go: setCanaryScale\{replicas: 0\}/,
  ],
  [
    "a scale of no weight",
    [{ setCanaryScale: { weight: 0 } }, setWeight(20)],
    /^20 % have nowhere to go: setCanaryScale\{weight: 0\}/,
  ],
  [
    "a weight, then a scale to nothing",
    [setWeight(20), { setCanaryScale: { replicas: 0 } }],
    /^20 % have nowhere to go/,
  ],
])("a weight without Pods goes to nobody, is told, and the steps go on: %s", async (_name, begin, words) => {
  const options = {
    steps: [...begin, pause(), { setCanaryScale: { matchTrafficWeight: true as const } }, setWeight(30), pause()],
  };
  const release = await released(options);

  await release.push("web:v2", options);
  const held = await release.status();
  const [weight, pods] = [await release.weight(), await release.pods()];
  const events = await release.world.list<Event>({ apiVersion: "v1", kind: "Event" });
  const told = events.filter(({ reason }) => reason === "NoCanaryPods").map(({ message }) => message);
  await release.ask(promotePatch);

  expect(held).toMatchObject({ currentStepIndex: 2, phase: "Paused" });
  expect(weight).toBe(0);
  expect(pods).toMatchObject({ "web:v2": 0 });
  expect(told).toEqual([expect.stringMatching(words)]);
  expect(await release.status()).toMatchObject({ currentStepIndex: 5, phase: "Paused" });
  expect(await release.weight()).toBe(30);
});

test("a Rollout that is asked for no Pods goes through its steps, too", async () => {
  const options = { steps: [setWeight(20), pause("1m")], spec: { replicas: 0 } };
  const release = await released(options);

  await release.push("web:v2", options);
  await release.world.run(seconds(62));

  expect(await release.stableImage()).toBe("web:v2");
});

test("without a router the Pods are the weight", async () => {
  const options: ReleaseOptions = { steps: [setWeight(25), pause("1m"), setWeight(50), pause("1m")], isRouted: false };
  const release = await released(options);
  await release.push("web:v2", options);
  expect(await release.pods()).toEqual({ "web:v1": 3, "web:v2": 1 });
  await release.world.run(seconds(62));
  expect(await release.pods()).toEqual({ "web:v1": 2, "web:v2": 2 });

  await release.ask(abortPatch);

  expect(await release.pods()).toEqual({ "web:v1": 4, "web:v2": 0 });
});

test("without steps it is a rolling update", async () => {
  const options: ReleaseOptions = { isRouted: false };
  const release = await released(options);

  await release.push("web:v2", options);

  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 4 });
  expect(await release.status()).toMatchObject({ phase: "Healthy" });
});

test("an aborted canary is kept for ever where the delay is 0", async () => {
  const options = { ...careful, canary: { abortScaleDownDelaySeconds: 0 } };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.ask(abortPatch);
  await release.world.run(minutes(100));

  expect(await release.pods()).toMatchObject({ "web:v1": 4, "web:v2": 1 });
});

test("previous versions stay for the delay, at most as many as the limit says", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(50)],
    canary: { scaleDownDelaySeconds: 60, scaleDownDelayRevisionLimit: 1 },
  };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.world.run(seconds(5));

  await release.push("web:v3", options);

  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 4, "web:v3": 4 });
  await release.world.run(seconds(61));
  expect(await release.pods()).toEqual({ "web:v1": 0, "web:v2": 0, "web:v3": 4 });
});

test("old empty ReplicaSets beyond the history limit are deleted", async () => {
  const options: ReleaseOptions = {
    steps: [setWeight(50)],
    canary: { scaleDownDelaySeconds: 0 },
    spec: { revisionHistoryLimit: 1 },
  };
  const release = await released(options);

  for (const image of ["web:v2", "web:v3", "web:v4"]) await release.push(image, options);

  expect(await release.pods()).toEqual({ "web:v3": 0, "web:v4": 4 });
});

async function betweenServices(): Promise<Release> {
  const options: ReleaseOptions = {
    steps: [setWeight(20), pause()],
    canary: {
      canaryService: "canary",
      stableService: "stable",
      trafficRouting: { istio: { virtualService: { name: "hosts" } } },
    },
  };
  const release = await Release.begin();
  await release.world.apply(...hostSurroundings);
  await release.push("web:v1", options);
  expect(await selected(release)).toEqual({ stable: "web:v1", canary: "web:v1" });
  await release.push("web:v2", options);
  return release;
}

test("a Service that somebody makes select a version that isn't there follows its side again, though not all Pods are", async () => {
  const release = await betweenServices();
  await release.limit("web:v1", 3);
  const value = { spec: { selector: { "rollouts-pod-template-hash": "0000000000" } } };

  for (const name of ["stable", "canary"]) {
    const service = { apiVersion: "v1", kind: "Service", namespace: "shop", name };
    await release.world.client.patch(service, { type: "merge", value });
    await release.world.run(seconds(5));
  }

  expect(await selected(release)).toEqual({ stable: "web:v1", canary: "web:v2" });
  expect(await release.weight("hosts")).toBe(20);
});

test("between Services: selectors lead first, weights follow, and the way back needs no change of either", async () => {
  const release = await betweenServices();

  expect(await selected(release)).toEqual({ stable: "web:v1", canary: "web:v2" });
  expect(await release.weight("hosts")).toBe(20);
  const story = release.world.story.join("\n");
  expect(story.indexOf("waits for the routes")).toBeGreaterThan(0);
  const [v1, v2] = (await release.replicaSets()).toSorted((a, b) => revisionOf(a) - revisionOf(b)).map(hashOf);
  const recorded = await release.world.list<Event>({ apiVersion: "v1", kind: "Event" });
  expect(recorded.filter(({ reason }) => reason === "SwitchService").map(({ message }) => message)).toContain(
    `Switched selector for service 'canary' from '${v1}' to '${v2}'`,
  );
  await release.ask(promotePatch);
  expect(await selected(release)).toEqual({ stable: "web:v2", canary: "web:v2" });
  expect(await release.weight("hosts")).toBe(0);
});

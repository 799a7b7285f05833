import type { CanaryStep, EndpointSlice, RolloutExperimentStep, VirtualService } from "@sluice/api";
import { builtInKinds } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { experimentReconciler } from "../../experiment/index.ts";
import type { Effects } from "../../loop/index.ts";
import { abortPatch, promotePatch } from "../index.ts";
import { Release, type ReleaseOptions, reconcilers as releaseReconcilers, setWeight } from "../release.fixture.ts";
import type { RequestedPatch } from "../status/patches.ts";

const namespace = "shop";
const reconcilers = (effects: Effects) => [...releaseReconcilers(effects), experimentReconciler(effects)];

const weighed = (fields: Partial<RolloutExperimentStep> = {}): CanaryStep => ({
  experiment: {
    templates: [
      { name: "baseline", specRef: "stable", weight: 10, service: { name: "web-baseline" } },
      { name: "next", specRef: "canary", weight: 5 },
      { name: "unweighed", specRef: "canary" },
    ],
    duration: "1m",
    ...fields,
  },
});
const options = (fields?: Partial<RolloutExperimentStep>): ReleaseOptions => ({
  steps: [setWeight(20), weighed(fields), setWeight(50), { pause: {} }],
});

const template = (image: string) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image, ports: [{ containerPort: 80 }] }] },
});
const listening = (release: Release, image: string, given: ReleaseOptions) =>
  release.push(image, { ...given, spec: { template: template(image) } });

async function underway(given: ReleaseOptions = options()): Promise<Release> {
  const release = await Release.begin({ reconcilers, kinds: builtInKinds() });
  await listening(release, "web:v1", given);
  await release.world.run(seconds(5));
  await listening(release, "web:v2", given);
  return release;
}

const serviceOf = (release: Release) =>
  release.world.get<VirtualService>({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    namespace,
    name: "web",
  });
const shares = async (release: Release, route = 0) =>
  (await serviceOf(release))?.spec.http?.[route]?.route?.map(({ destination, weight }) => [
    destination.subset ?? destination.host,
    weight,
  ]);
const nextService = async (release: Release) => `${(await release.status()).canary?.currentExperiment ?? ""}-next`;

test("the versions of a weighed experiment get their shares of stable's traffic while it runs, and lose them at its end", async () => {
  const release = await underway();

  const name = await nextService(release);
  expect(await shares(release)).toEqual([
    ["stable", 65],
    ["canary", 20],
    ["web-baseline", 10],
    [name, 5],
  ]);
  expect((await release.status()).canary?.weights).toMatchObject({
    canary: { weight: 20 },
    stable: { weight: 65 },
    additional: [
      { weight: 10, serviceName: "web-baseline", podTemplateHash: expect.any(String) },
      { weight: 5, serviceName: name, podTemplateHash: expect.any(String) },
    ],
  });
  await release.world.run(seconds(65));
  expect(await shares(release)).toEqual([
    ["stable", 50],
    ["canary", 50],
  ]);
  expect((await release.status()).canary?.weights).not.toHaveProperty("additional");
});

const ways: readonly (readonly [string, (rollout: Parameters<typeof promotePatch>[0]) => readonly RequestedPatch[]])[] =
  [
    ["an abort", abortPatch],
    ["promote", promotePatch],
    ["promote --full", (rollout) => promotePatch(rollout, { full: true })],
  ];

test.each(ways)("%s takes the shares away at once, before the experiment's Pods go", async (_name, ask) => {
  const release = await underway(options({ duration: "1h" }));
  expect(await shares(release)).toHaveLength(4);

  await release.ask(ask);

  expect((await shares(release))?.map(([side]) => side)).toEqual(["stable", "canary"]);
  const images = (await release.replicaSets()).filter(
    ({ metadata }) => metadata.ownerReferences?.[0]?.kind === "Experiment",
  );
  expect(images.map(({ spec }) => spec.replicas)).toEqual([1, 1, 1]);
});

test("a third version takes the shares of the second's experiment", async () => {
  const release = await underway(options({ duration: "1h" }));
  const before = await nextService(release);

  await listening(release, "web:v3", options({ duration: "1h" }));
  await release.world.run(minutes(1));

  // A Service that both name is the second's until its Pods are gone.
  expect(await nextService(release)).not.toBe(before);
  expect((await shares(release))?.map(([side]) => side)).toEqual([
    "stable",
    "canary",
    "web-baseline",
    await nextService(release),
  ]);
});

test("Pods that don't come get no share", async () => {
  const release = await Release.begin({ reconcilers });
  await release.push("web:v1", options());
  await release.push("web:v2", options());
  const stuck = { ...options(), annotations: { "sluice.dev/gate-progress-deadline": "off" } };

  await release.push("web:stuck", { ...stuck, steps: [weighed(), { pause: {} }] });
  await release.world.run(seconds(30));

  expect((await release.status()).canary?.currentExperiment).toBeDefined();
  expect(await shares(release)).toEqual([
    ["stable", 100],
    ["canary", 0],
  ]);
});

test("a share is put back where somebody took it, and copies of a mirror route are shared as the rest is", async () => {
  const trafficRouting = {
    istio: {
      virtualService: { name: "web", routes: ["primary"] },
      destinationRule: { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" },
    },
    managedRoutes: [{ name: "copies" }],
  };
  const mirror: CanaryStep = {
    setMirrorRoute: { name: "copies", percentage: 10, match: [{ path: { prefix: "/" } }] },
  };
  const given = { steps: [setWeight(20), mirror, weighed({ duration: "1h" })], canary: { trafficRouting } };
  const release = await underway(given);
  const wanted = await shares(release, 1);
  expect(wanted).toHaveLength(4);
  expect(await shares(release, 0)).toEqual(wanted);
  const known = await serviceOf(release);
  const http = known?.spec.http?.map((route) => ({ ...route, route: route.route?.slice(0, 2) ?? [] })) ?? [];

  await release.world.client.update({ ...known, spec: { ...known?.spec, http } } as VirtualService);
  await release.world.settle();

  expect(await shares(release, 1)).toEqual(wanted);
});

test("a Service whose Pods are no endpoints yet gets no share; it does once they are", async () => {
  const release = await Release.begin({ reconcilers });
  const slice = (ready: boolean): EndpointSlice => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "web-baseline-1", namespace, labels: { "kubernetes.io/service-name": "web-baseline" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready } }],
    ports: [],
  });
  await release.world.apply(slice(false));
  await release.push("web:v1", options({ duration: "1h" }));
  await release.push("web:v2", options({ duration: "1h" }));
  const name = await nextService(release);
  expect(await shares(release)).toEqual([
    ["stable", 75],
    ["canary", 20],
    [name, 5],
  ]);

  await release.world.apply(slice(true));

  expect((await shares(release))?.[0]).toEqual(["stable", 65]);
});

test.each([
  ["its end", async (release: Release) => release.world.run(seconds(61))],
  ["an abort", async (release: Release) => release.ask((rollout) => abortPatch(rollout))],
] as const)(
  "with scaleDownDelaySeconds: 0, Pods outlive the share that %s takes away, though not by much",
  async (_words, end) => {
    const release = await underway(options({ scaleDownDelaySeconds: 0 }));
    const name = await nextService(release);
    const pods = async () => {
      const set = (await release.replicaSets()).find(({ metadata }) => metadata.name === name);
      return set?.spec.replicas;
    };
    const before = (await shares(release))?.map(([host]) => host);

    await end(release);
    const after = (await shares(release))?.map(([host]) => host);
    const left = await pods();
    await release.world.run(seconds(10));

    expect(before).toContain(name);
    expect(after).toEqual(["stable", "canary"]);
    expect([left, await pods()]).toEqual([1, 0]);
  },
);

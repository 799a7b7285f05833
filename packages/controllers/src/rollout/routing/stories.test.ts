import type { CanaryStep, Service, VirtualService } from "@sluice/api";
import { minutes, seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { overlayClaims } from "../../application/comparison/overlay.ts";
import { podHashLabel } from "../../version/index.ts";
import { abortPatch, promotePatch } from "../index.ts";
import { pause, Release, setWeight } from "../release.fixture.ts";
import { hashOf } from "../view.ts";
import {
  another,
  decisions,
  events,
  istioKind,
  namespace,
  onOne,
  released,
  route,
  rule,
  serviceOf,
} from "./routing.fixture.ts";

const tester = { headerName: "x-tester", headerValue: { exact: "yes" } };
const byHeader: CanaryStep = { setHeaderRoute: { name: "testers", match: [tester] } };
const byMirror: CanaryStep = {
  setMirrorRoute: { name: "copies", percentage: 10, match: [{ path: { prefix: "/" } }] },
};
const managed = { ...onOne, managedRoutes: [{ name: "testers" }, { name: "copies" }] };

const routesOf = async (release: Release) => (await serviceOf(release))?.spec.http?.map(({ name }) => name);
const withRoutes = {
  steps: [
    { setCanaryScale: { replicas: 1 } },
    byHeader,
    byMirror,
    pause(),
    setWeight(20),
    pause(),
    byHeader,
    setWeight(100),
  ],
  canary: { trafficRouting: managed },
};

test("steps add routes in the order of managedRoutes, finish at once, and a promotion takes them away", async () => {
  const release = await released(withRoutes);
  expect(await routesOf(release)).toEqual(["primary"]);

  await release.push("web:v2", withRoutes);

  expect(await release.status()).toMatchObject({ currentStepIndex: 3, message: "CanaryPauseStep" });
  expect(await routesOf(release)).toEqual(["testers", "copies", "primary"]);
  expect(await release.weight("web")).toBeUndefined();
  await release.ask(promotePatch);
  expect((await serviceOf(release))?.spec.http?.[1]?.route?.map(({ weight }) => weight)).toEqual([80, 20]);
  await release.ask(promotePatch);
  await release.world.run(seconds(5));
  expect(await release.stableImage()).toBe("web:v2");
  expect(await routesOf(release)).toEqual(["primary"]);
});

test.each([
  ["an abort", abortPatch],
  ["promote --full", (rollout: Parameters<typeof promotePatch>[0]) => promotePatch(rollout, { full: true })],
])("%s takes the routes away", async (_name, ask) => {
  const release = await released(withRoutes);
  await release.push("web:v2", withRoutes);

  await release.ask(ask);

  expect(await routesOf(release)).toEqual(["primary"]);
});

test("the first revision adds none, and a canary without Pods has none", async () => {
  const steps = [byHeader, pause()];
  const release = await released({ steps, canary: { trafficRouting: managed } });
  expect(await routesOf(release)).toEqual(["primary"]);

  await release.push("web:stuck", { steps, canary: { trafficRouting: managed } });

  expect(await release.status()).toMatchObject({ currentStepIndex: 1 });
  expect(await routesOf(release)).toEqual(["primary"]);
});

test("a route that somebody took away is back", async () => {
  const release = await released(withRoutes);
  await release.push("web:v2", withRoutes);
  const known = await serviceOf(release);
  const http = known?.spec.http?.filter(({ name }) => name !== "testers") ?? [];

  await release.world.client.update({ ...known, spec: { ...known?.spec, http } } as VirtualService);
  await release.world.settle();

  expect(await routesOf(release)).toEqual(["testers", "copies", "primary"]);
});

test("several VirtualServices, tls and tcp routes too, get the same weight, and all give it back", async () => {
  const trafficRouting = {
    istio: {
      virtualServices: [
        { name: "web", routes: ["primary"] },
        { name: "db", tcpRoutes: [{ port: 5432 }] },
        { name: "tls", tlsRoutes: [{ port: 443, sniHosts: ["a"] }] },
      ],
      destinationRule: rule,
    },
  };
  const options = { steps: [setWeight(30), pause()], canary: { trafficRouting } };
  const release = await Release.begin();
  const both = [route("stable", 100), route("canary", 0)];
  await release.world.apply(
    another("db", { tcp: [{ match: [{ port: 5432 }], route: both }] }),
    another("tls", { tls: [{ match: [{ port: 443, sniHosts: ["a"] }], route: both }] }),
  );
  await release.push("web:v1", options);
  const weights = async () => [
    await release.weight(),
    (await serviceOf(release, "db"))?.spec.tcp?.[0]?.route?.[1]?.weight,
    (await serviceOf(release, "tls"))?.spec.tls?.[0]?.route?.[1]?.weight,
  ];

  await release.push("web:v2", options);
  expect(await weights()).toEqual([30, 30, 30]);
  await release.ask(abortPatch);

  expect(await weights()).toEqual([0, 0, 0]);
});

const service = (name: string): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});

test("ping and pong take turns: a promotion moves no Service and no weight", async () => {
  const host = (name: string, weight: number) => ({ destination: { host: name }, weight });
  const options = {
    steps: [setWeight(50), pause()],
    canary: {
      pingPong: { pingService: "ping", pongService: "pong" },
      trafficRouting: { istio: { virtualService: { name: "turns" } } },
    },
  };
  const release = await Release.begin();
  await release.world.apply(
    service("ping"),
    service("pong"),
    another("turns", { http: [{ route: [host("ping", 100), host("pong", 0)] }] }),
  );
  const seen = async () => {
    const images = new Map(
      (await release.replicaSets()).map((set) => [hashOf(set), set.spec.template?.spec.containers[0]?.image]),
    );
    const selected = async (name: string) => {
      const found = await release.world.get<Service>({ apiVersion: "v1", kind: "Service", namespace, name });
      return images.get(found?.spec?.selector?.[podHashLabel] ?? "");
    };
    const weights = (await serviceOf(release, "turns"))?.spec.http?.[0]?.route?.map(({ weight }) => weight);
    const turn = (await release.status()).canary?.stablePingPong;
    return { ping: await selected("ping"), pong: await selected("pong"), weights, turn };
  };
  await release.push("web:v1", options);
  await release.world.run(seconds(40));
  expect(await seen()).toEqual({ ping: "web:v1", pong: "web:v1", weights: [100, 0], turn: "ping" });

  await release.push("web:v2", options);
  expect(await seen()).toEqual({ ping: "web:v1", pong: "web:v2", weights: [50, 50], turn: "ping" });
  await release.ask(promotePatch);
  await release.world.run(minutes(1));
  expect(await release.stableImage()).toBe("web:v2");
  expect(await seen()).toEqual({ ping: "web:v1", pong: "web:v2", weights: [0, 100], turn: "pong" });

  await release.push("web:v3", options);
  expect(await seen()).toEqual({ ping: "web:v3", pong: "web:v2", weights: [50, 50], turn: "pong" });
  await release.ask(abortPatch);
  expect(await seen()).toEqual({ ping: "web:v3", pong: "web:v2", weights: [0, 100], turn: "pong" });
  expect(await events(release, "TrafficWeightRestored")).toEqual([]);
});

test.each([
  ["requiredDuringSchedulingIgnoredDuringExecution", {}, (term: object) => [term]],
  [
    "preferredDuringSchedulingIgnoredDuringExecution",
    { weight: 40 },
    (podAffinityTerm: object) => [{ weight: 40, podAffinityTerm }],
  ],
] as const)(
  "%s keeps the canary's Pods off the stable one's nodes until it is promoted",
  async (kind, given, terms) => {
    const options = { steps: [setWeight(20), pause()], canary: { antiAffinity: { [kind]: given } } };
    const release = await released(options);
    const affinityOf = async (image: string) =>
      (await release.replicaSets()).find((set) => set.spec.template?.spec.containers[0]?.image === image)?.spec.template
        ?.spec.affinity;
    expect(await affinityOf("web:v1")).toBeUndefined();
    const { stableRS } = await release.status();

    await release.push("web:v2", options);

    const expected = {
      labelSelector: { matchExpressions: [{ key: podHashLabel, operator: "In", values: [stableRS] }] },
      topologyKey: "kubernetes.io/hostname",
    };
    expect(await affinityOf("web:v2")).toEqual({ podAntiAffinity: { [kind]: terms(expected) } });
    await release.ask(promotePatch);
    await release.world.run(minutes(1));
    expect(await release.stableImage()).toBe("web:v2");
    expect(await affinityOf("web:v2")).toBeUndefined();
    expect(await release.replicaSets()).toHaveLength(2);
  },
);

test("weights changed by hand are put back, told in an Event and a Decision, each time", async () => {
  const options = { steps: [setWeight(20), pause()] };
  const release = await released(options);
  await release.push("web:v2", options);

  for (const weight of [70, 0]) {
    const value = {
      spec: { http: [{ name: "primary", route: [route("stable", 100 - weight), route("canary", weight)] }] },
    };
    await release.world.client.patch(
      istioKind("VirtualService"),
      { type: "merge", value },
      { fieldManager: "kubectl-edit" },
    );
    await release.world.settle();
    expect(await release.weight()).toBe(20);
  }

  const told = await events(release, "TrafficWeightRestored");
  expect(told).toHaveLength(2);
  expect(told.join()).toContain("sent 70 % to the canary where 20 % was set, last written by kubectl-edit");
  const restored = (await decisions(release)).filter(({ spec }) => spec.action === "restore");
  expect(restored.map(({ spec }) => spec.inputs)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ found: 70, due: 20, writer: "kubectl-edit" }),
      expect.objectContaining({ found: 0, due: 20, writer: "kubectl-edit" }),
    ]),
  );
});

test("a release's own weights are never told as somebody else's", async () => {
  const options = { steps: [setWeight(20), pause("10s"), setWeight(60), pause("10s")] };
  const release = await released(options);
  await release.push("web:v2", options);
  await release.world.run(minutes(2));
  await release.push("web:v3", options);
  await release.ask(abortPatch);
  await release.world.run(minutes(2));

  expect(await events(release, "TrafficWeightRestored")).toEqual([]);
});

test("a sync in mid-rollout changes neither weights nor added routes; one that ignores them is put back", async () => {
  const release = await released(withRoutes);
  const git = (await serviceOf(release)) as VirtualService;
  await release.push("web:v2", withRoutes);
  await release.ask(promotePatch);
  const live = (await serviceOf(release)) as VirtualService;
  expect(await routesOf(release)).toEqual(["testers", "copies", "primary"]);

  const synced = overlayClaims(git, live, { rollouts: [await release.rollout()], isAutoscaled: false });
  expect(synced.spec).toEqual(live.spec);

  await release.world.client.patch(istioKind("VirtualService"), { type: "merge", value: { spec: git.spec } });
  await release.world.settle();
  expect((await serviceOf(release))?.spec).toEqual(live.spec);
  expect(await events(release, "TrafficWeightRestored")).toHaveLength(1);
});

import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import {
  builtInKinds,
  type DestinationRule,
  type EndpointSlice,
  type Pod,
  type ReplicaSet,
  type Resource,
  type Rollout,
  type Service,
  type VirtualService,
} from "@sluice/api";
import { type Clock, hours, instant, minutes } from "@sluice/kernel";
import { compileRouteTable, type RouteTable } from "@sluice/router";
import { createRouter } from "@sluice/router/node";
import { afterEach, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { World } from "../../laws/index.ts";
import { abortPatch } from "../index.ts";
import { handlers, Outside, reconcilers } from "../release.fixture.ts";
import { hashOf, wantedOf } from "../view.ts";

const namespace = "production";
const rolloutKey = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  namespace,
  name: "frontend-ring-deployment",
};

const manifests = (name: string): readonly Resource[] =>
  parseAllDocuments(readFileSync(new URL(`../../../../../examples/rings/${name}.yaml`, import.meta.url), "utf8")).map(
    (document) => document.toJS() as Resource,
  );

/** The router lives in the machine's own time, whatever hour the release has. */
const machineClock: Clock = {
  now: () => instant(Date.now()),
  after: (wait, task) => {
    const timer = setTimeout(task, wait);
    return { cancel: () => clearTimeout(timer) };
  },
};

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** The example as it stands in the folder, with version 1 out. */
async function example() {
  const outside = new Outside();
  const world = await World.create({ reconcilers, tasks: handlers(outside), kinds: builtInKinds() });
  await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const [rollout] = manifests("rollout");
  const query = (manifests("analysis")[0] as { spec: { metrics: { provider: { prometheus: { query: string } } }[] } })
    .spec.metrics[0]?.provider.prometheus.query;
  const push = (image: string) => {
    const text = JSON.stringify(rollout).replace("frontend:v1", image);
    return world.apply(JSON.parse(text) as Resource);
  };
  // Whatever is asked, the version answers well.
  outside.answers = new Proxy({}, { get: () => [1] });
  await world.apply(...manifests("routes"), ...manifests("rings"), ...manifests("analysis"));
  await push("frontend:v1");
  await world.run(minutes(1));
  expect(query).toContain("canary-hash");
  return { world, push };
}

/** The versions' weights and Pods at this instant. */
async function state(world: World) {
  const route = (await virtualServiceOf(world)).spec.http?.[0]?.route ?? [];
  const sets = await world.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace });
  const pods = Object.fromEntries(
    sets.map((set) => [set.spec.template?.spec.containers[0]?.image ?? "", wantedOf(set)]),
  );
  return { weights: route.map(({ weight }) => weight), pods };
}

async function virtualServiceOf(world: World): Promise<VirtualService> {
  const key = { apiVersion: "networking.istio.io/v1", kind: "VirtualService", namespace, name: "frontend-ring-vs" };
  const found = await world.get<VirtualService>(key);
  if (found === undefined) throw new Error("the VirtualService is gone");
  return found;
}

/** What the control plane compiles of the resources as they are, each version at one backend that says its image. */
async function tableOf(world: World, backends: ReadonlyMap<string, number>, version: number): Promise<RouteTable> {
  const sets = await world.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace });
  const living = sets.filter((set) => wantedOf(set) > 0);
  const pods = living.map(
    (set): Pod => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: set.metadata.name,
        namespace,
        uid: set.metadata.uid ?? "",
        labels: { app: "frontend", "rollouts-pod-template-hash": hashOf(set) },
        annotations: {
          "sluice.dev/ports": JSON.stringify({
            8080: backends.get(set.spec.template?.spec.containers[0]?.image ?? "") ?? 0,
          }),
        },
      },
      spec: { containers: [] },
    }),
  );
  const slice: EndpointSlice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "frontend", namespace, labels: { "kubernetes.io/service-name": "frontend" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080 }],
    endpoints: pods.map(({ metadata }) => ({
      addresses: ["127.0.0.1"],
      conditions: { ready: true },
      targetRef: { kind: "Pod", name: metadata.name, namespace, uid: metadata.uid ?? "" },
    })),
  };
  const ruleKind = { apiVersion: "networking.istio.io/v1", kind: "DestinationRule" };
  const { table, problems } = compileRouteTable(
    {
      services: await world.list<Service>({ apiVersion: "v1", kind: "Service" }, { namespace }),
      endpointSlices: [slice],
      pods,
      virtualServices: [await virtualServiceOf(world)],
      destinationRules: await world.list<DestinationRule>(ruleKind, { namespace }),
    },
    version,
  );
  expect(problems).toEqual([]);
  return table;
}

test("31 hours, ring by ring: pods before traffic, weights as the steps say, everyone at the end", async () => {
  const { world, push } = await example();

  await push("frontend:v2");
  await world.run(minutes(5));
  expect(await state(world)).toEqual({ weights: [99, 1], pods: { "frontend:v1": 50, "frontend:v2": 5 } });
  await world.run(hours(1));
  expect(await state(world)).toEqual({ weights: [95, 5], pods: { "frontend:v1": 50, "frontend:v2": 10 } });
  await world.run(hours(6));
  expect(await state(world)).toEqual({ weights: [75, 25], pods: { "frontend:v1": 50, "frontend:v2": 20 } });
  await world.run(hours(24));

  expect(await state(world)).toMatchObject({ weights: [100, 0], pods: { "frontend:v2": 50 } });
  const rollout = await world.get<Rollout>(rolloutKey);
  expect(rollout?.status).toMatchObject({ phase: "Healthy" });
});

test("through the router: the named first, strangers by their share, and whoever is in stays in", async () => {
  const { world, push } = await example();
  const backends = new Map<string, number>();
  for (const image of ["frontend:v1", "frontend:v2", "frontend:v3"]) backends.set(image, await answering(image));
  const router = createRouter({ clock: machineClock });
  endings.push(() => router.close());
  const { port } = await router.listen({ host: "127.0.0.1", port: 0 });
  let version = 0;
  const route = async () => router.apply(await tableOf(world, backends, ++version));
  const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
  const ask = (headers: Readonly<Record<string, string>>) => answerOf(port, headers);
  const asked = async (): Promise<ReadonlyMap<string, string>> => {
    const answers = new Map<string, string>();
    for (const user of users) answers.set(user, await ask({ cookie: `user=${user}` }));
    return answers;
  };
  const employee = { "x-employee": "true" };
  const beta = { cookie: "program=beta; user=dana" };
  const region = { "x-region": "eu-west" };

  await push("frontend:v2");
  await world.run(minutes(5));
  await route();
  expect([await ask(employee), await ask(beta), await ask(region), await ask({})]).toEqual(["v2", "v1", "v1", "v1"]);
  expect(new Set((await asked()).values())).toEqual(new Set(["v1"]));

  await world.run(hours(1));
  await route();
  expect([await ask(employee), await ask(beta), await ask(region)]).toEqual(["v2", "v2", "v1"]);

  await world.run(hours(6));
  await route();
  expect([await ask(employee), await ask(beta), await ask(region)]).toEqual(["v2", "v2", "v2"]);
  const first = await asked();
  const early = users.filter((user) => first.get(user) === "v2");
  expect(early.length).toBeGreaterThan(0);
  expect(early.length).toBeLessThan(20);
  expect(await asked()).toEqual(first);

  await world.run(hours(24));
  await route();
  expect(new Set((await asked()).values())).toEqual(new Set(["v2"]));

  // The next release finds the same people in the same ring; an abort takes all of them back at once.
  await push("frontend:v3");
  await world.run(hours(7.2));
  await route();
  const next = await asked();
  expect(users.filter((user) => next.get(user) === "v3")).toEqual(early);
  const aborting = abortPatch((await world.get<Rollout>(rolloutKey)) as Rollout);
  for (const { patch, subresource } of aborting) {
    await world.client.patch(rolloutKey, patch, subresource === undefined ? {} : { subresource });
  }
  await world.settle();
  await route();
  expect([await ask(employee), await ask(beta), await ask(region)]).toEqual(["v2", "v2", "v2"]);
  expect(new Set((await asked()).values())).toEqual(new Set(["v2"]));
});

/** fetch lets nobody choose the Host. */
function answerOf(port: number, headers: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, headers: { host: "frontend.production", ...headers } });
    asking.on("error", reject);
    asking.on("response", (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve(text.replace("frontend:", "")));
    });
    asking.end();
  });
}

async function answering(text: string): Promise<number> {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

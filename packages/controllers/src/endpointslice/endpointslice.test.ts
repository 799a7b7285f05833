import type { EndpointSlice, Pod, Service } from "@sluice/api";
import { seconds } from "@sluice/kernel";
import { expect, test } from "vitest";
import { settles, survivesCrashes, survivesStaleReads, World } from "../laws/index.ts";
import type { Effects } from "../loop/index.ts";
import { endpointOf } from "../pods/index.ts";
import { clusterAddress } from "./cluster-address.ts";
import { serviceReconciler } from "./reconciler.ts";

const service = (name: string, more: Partial<Service["spec"]> = {}, uid?: string): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "default", ...(uid === undefined ? {} : { uid }) },
  spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "web" }], ...more },
});

const pod = (name: string, ports: string | undefined, more: { isReady?: boolean; isLeaving?: boolean } = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name,
    namespace: "default",
    labels: { app: "web" },
    ...(ports === undefined ? {} : { annotations: { "sluice.dev/ports": ports } }),
    ...(more.isLeaving ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: { nodeName: "local", containers: [{ name: "main", ports: [{ name: "web", containerPort: 8080 }] }] },
  status: {
    phase: "Running",
    podIP: "127.128.0.7",
    conditions: [{ type: "Ready", status: more.isReady === false ? "False" : "True" }],
  },
});

test.each([
  ["a mapped port on the Pod's address", '{"8080":20001}', {}, ["127.128.0.7", 20001, true, true, false]],
  ["a program on 127.0.0.1", '{"8080":"127.0.0.1:20001"}', {}, ["127.0.0.1", 20001, true, true, false]],
  ["a program on ::1", '{"8080":"[::1]:20001"}', {}, ["::1", 20001, true, true, false]],
  ["ready, but nothing listens yet", "{}", {}, ["127.128.0.7", 8080, false, false, false]],
  ["not ready", '{"8080":20001}', { isReady: false }, ["127.128.0.7", 20001, false, false, false]],
  ["leaving", '{"8080":20001}', { isLeaving: true }, ["127.128.0.7", 20001, false, true, true]],
  ["no annotation: another node's Pod", undefined, {}, ["127.128.0.7", 8080, true, true, false]],
])("%s", (_, annotation, more, expected) => {
  const found = endpointOf(service("web"), pod("a", annotation, more))!;

  const { addresses, conditions } = found.endpoint;
  expect([addresses[0], found.ports[0]?.port, conditions?.ready, conditions?.serving, conditions?.terminating]).toEqual(
    expected,
  );
});

test("numeric, named and absent target ports", () => {
  const ports = (more: object) =>
    endpointOf(service("web", { ports: [{ port: 8080, ...more }] }), pod("a", '{"8080":20001}'))?.ports[0]?.port;

  expect([
    ports({}),
    ports({ targetPort: 8080 }),
    ports({ targetPort: "web" }),
    ports({ targetPort: "other" }),
  ]).toEqual([20001, 20001, 20001, undefined]);
});

test("addresses never collide, whoever looks", () => {
  const waiting = Array.from({ length: 2000 }, (_, index) =>
    service(`s${index}`, {}, `uid-${index % 1000 === 0 ? index : index * 7919}`),
  );
  const one = waiting[0]!;
  const taken = clusterAddress(one, waiting);
  const holder = service("holder", { clusterIP: taken }, "holder");

  expect(taken).toMatch(/^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/);
  expect(clusterAddress(one, [...waiting, holder])).not.toBe(taken);
});

const reconcilers = (effects: Effects) => [serviceReconciler(effects, { allocatesAddresses: true })];
const slicesOf = async (world: World) => {
  const slices = await world.list<EndpointSlice>({ apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" });
  return slices
    .flatMap(({ metadata, endpoints, ports }) =>
      endpoints.map(
        ({ targetRef, conditions }) =>
          `${metadata.labels?.["kubernetes.io/service-name"]} ${targetRef?.name}:${ports?.[0]?.port} ${conditions?.ready}`,
      ),
    )
    .sort();
};
const withStatus = async (world: World, resource: Pod) => {
  await world.apply(resource);
  const stored = await world.get<Pod>({
    apiVersion: "v1",
    kind: "Pod",
    namespace: "default",
    name: resource.metadata.name,
  });
  await world.client.update({ ...stored!, status: resource.status } as Pod, { subresource: "status" });
  await world.settle();
};

const scenario = {
  world: { reconcilers },
  story: async (world: World) => {
    await world.apply(
      service("web"),
      service("headless", { clusterIP: "None" }),
      service("other", { selector: { app: "other" } }),
    );
    await withStatus(world, pod("a", '{"8080":20001}'));
    await withStatus(world, pod("b", '{"8080":20002}', { isReady: false }));
    await withStatus(world, pod("c", '{"8080":20003}'));
    await world.run(seconds(1));
    await withStatus(world, pod("b", '{"8080":20002}'));
    await world.client.delete(
      { apiVersion: "v1", kind: "Pod", namespace: "default", name: "c" },
      { gracePeriodSeconds: 0 },
    );
    await world.run(seconds(1));
  },
  end: async (world: World) => {
    const services = await world.list<Service>({ apiVersion: "v1", kind: "Service" });
    const addresses = services.map(({ spec }) => spec.clusterIP ?? "");
    return [await slicesOf(world), new Set(addresses).size, addresses.map((address) => address.slice(0, 4))];
  },
};

test("each Pod stands behind its Services with its own ports", async () => {
  const world = await World.create(scenario.world);

  await scenario.story(world);

  expect(await scenario.end(world)).toEqual([
    ["headless a:20001 true", "headless b:20002 true", "web a:20001 true", "web b:20002 true"],
    3,
    ["None", "127.", "127."],
  ]);
  world.stop();
});
test("it settles", async () => {
  await settles(scenario);
});
test("a crash between any two effects changes nothing in the end", async () => {
  await survivesCrashes(scenario);
});
test("stale reads converge", async () => {
  await survivesStaleReads(scenario);
});

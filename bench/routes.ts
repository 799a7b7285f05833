// What one change costs while the routes of everybody stand beside it: store on SQLite, loop, wire API and router in this
// process. A weight changes; and a Pod's status, of which no route tells.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInKinds, KindRegistry, type Resource } from "@sluice/api";
import { createWireClient } from "@sluice/backends/client";
import {
  createWireServer,
  firstRouteTable,
  openSqlitePersistence,
  routeTableReconciler,
  serverIdentity,
} from "@sluice/backends/embedded";
import { Loop, TaskBoard } from "@sluice/controllers";
import { createRouter } from "@sluice/router/node";
import { createStore } from "@sluice/store";
import { followRoutes } from "../packages/cli/src/agent/follow-routes.ts";
import { realClock } from "../packages/cli/src/control-plane/real-clock.ts";
import type { Row } from "./row.ts";

const namespace = "shop";
const changes = 40;

const objectsOf = (place: number): readonly Resource[] => {
  const name = `app-${place}`;
  const labels = { app: name };
  const pods = ["one", "two"].map((hash) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...labels, "rollouts-pod-template-hash": hash },
      annotations: { "sluice.dev/ports": `{"8080":${20_000 + place}}` },
    },
    spec: { containers: [{ name: "app", image: `${name}:v1`, ports: [{ name: "http", containerPort: 8080 }] }] },
  }));
  const subset = (side: string, hash: string) => ({ name: side, labels: { "rollouts-pod-template-hash": hash } });
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: pods.map(({ metadata }) => ({
      addresses: ["127.0.0.1"],
      conditions: { ready: true },
      targetRef: { kind: "Pod", name: metadata.name, namespace, uid: metadata.name },
    })),
    ports: [{ name: "http", port: 8080 }],
  };
  return [
    ...pods,
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: 8080 }] },
    } as Resource,
    slice as Resource,
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name, namespace },
      spec: { host: name, subsets: [subset("stable", "one"), subset("canary", "two")] },
    } as Resource,
    weighed(name, 0),
  ];
};

const weighed = (name: string, weight: number): Resource =>
  ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: {
      hosts: [name],
      http: [
        {
          name: "primary",
          route: [
            { destination: { host: name, subset: "stable" }, weight: 100 - weight },
            { destination: { host: name, subset: "canary" }, weight },
          ],
        },
      ],
    },
  }) as Resource;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const cpuMillis = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function measured(services: number): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-routes-"));
  const kinds = new KindRegistry(builtInKinds());
  const store = await createStore({
    kinds,
    clock: realClock,
    random: { next: Math.random },
    schedule: setImmediate,
    persistence: openSqlitePersistence(join(folder, "store.db")),
    namespaces: [namespace],
  });
  await store.client.create(firstRouteTable);
  for (let place = 0; place < services; place++)
    await Promise.all(objectsOf(place).map((object) => store.client.create(object)));
  const tls = await serverIdentity(join(folder, "tls"), realClock.now());
  const tokens = [{ name: "agent", token: "bench" }];
  const wire = createWireServer({ client: store.client, kinds, clock: realClock, tls, tokens });
  const { url } = await wire.listen(0);
  const client = createWireClient({ baseUrl: url, ca: tls.authority, token: "bench", kinds });
  let looks = 0;
  const loop = new Loop({
    client: store.client,
    clock: realClock,
    tasks: new TaskBoard(realClock, {}),
    fieldManager: "bench",
    reconcilers: (effects) => [routeTableReconciler(effects.client)],
    onPass: () => looks++,
  });
  await loop.start();
  const router = createRouter({ clock: realClock });
  let onApplied = () => {};
  let last: object = {};
  const stop = followRoutes({
    client,
    apply: (table) => {
      router.apply(table);
      last = table;
      onApplied();
    },
    file: join(folder, "routes.json"),
    log: () => {},
  });
  const applied = () =>
    new Promise<void>((resolve) => {
      onApplied = resolve;
    });
  const rest = () => new Promise((resolve) => setTimeout(resolve, 300));
  while (router.version === 0) await applied();
  await rest();

  const waits: number[] = [];
  const before = cpuMillis();
  for (let change = 1; change <= changes; change++) {
    const seen = applied();
    const began = performance.now();
    await store.client.update(weighed(`app-${(change * 7) % services}`, (change % 99) + 1));
    await seen;
    waits.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await rest();
  const cpu = (cpuMillis() - before) / changes;
  const looksBefore = looks;
  const idle = cpuMillis();
  for (let change = 1; change <= changes; change++) {
    const name = `app-${(change * 7) % services}-one`;
    const pod = await store.client.get({ apiVersion: "v1", kind: "Pod", namespace, name });
    const status = { phase: "Running", message: `seen ${change} times` };
    await store.client.update({ ...pod, status } as Resource, { subresource: "status" });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await rest();
  const cpuOfPod = (cpuMillis() - idle) / changes;
  stop();
  await router.close();
  loop.stop();
  await client.close();
  await wire.close();
  await store.stop();
  rmSync(folder, { recursive: true, force: true });
  const of = `of ${services}`;
  return [
    { name: `${of}: a weight's change until it is routed by, median`, value: median(waits), unit: "ms" },
    { name: `${of}: CPU of that change, agent included`, value: cpu, unit: "ms" },
    { name: `${of}: the table`, value: JSON.stringify(last).length / 1024, unit: "KiB" },
    { name: `${of}: CPU of a Pod's status`, value: cpuOfPod, unit: "ms" },
    { name: `${of}: looks that it wakes`, value: (looks - looksBefore) / changes, unit: "" },
  ];
}

export async function bench(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const services of [50, 200, 1_000]) rows.push(...(await measured(services)));
  return rows;
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  builtInKinds,
  type Client,
  KindRegistry,
  type Resource,
  type RouteTable as RouteTableResource,
} from "@sluice/api";
import { firstRouteTable, routeTableKey, routeTableReconciler } from "@sluice/backends/embedded";
import { Loop, TaskBoard } from "@sluice/controllers";
import { type ResourceKey, seededRandom, VirtualClock } from "@sluice/kernel";
import type { RouteTable } from "@sluice/router";
import { loadTable } from "@sluice/router/node";
import { createStore } from "@sluice/store";
import { afterEach, expect, test } from "vitest";
import { followRoutes } from "./follow-routes.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const namespace = "shop";
const kind = { apiVersion: routeTableKey.apiVersion, kind: routeTableKey.kind };
const names = Array.from({ length: 30 }, (_, index) => `app-${index}`);

const service = (name: string): Resource =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: "http", port: 80 }] },
  }) as Resource;

const routes = (name: string, weight: number): Resource =>
  ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name, namespace },
    spec: {
      hosts: [name],
      http: [
        {
          route: [
            { destination: { host: name }, weight: 100 - weight },
            { destination: { host: "app-0" }, weight },
          ],
        },
      ],
    },
  }) as Resource;

const turns = async () => {
  for (let turn = 0; turn < 100; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
};

function controlPlane(client: Client, clock: VirtualClock): Loop {
  const loop = new Loop({
    client,
    clock,
    tasks: new TaskBoard(clock, {}),
    fieldManager: "sluice",
    reconcilers: (effects) => [routeTableReconciler(effects.client)],
  });
  cleanups.push(() => loop.stop());
  return loop;
}

/** A store with thirty Services, whoever compiles their routes, and an agent that follows them. */
async function world(head: Resource = firstRouteTable as unknown as Resource) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const { client } = await createStore({
    kinds: new KindRegistry(builtInKinds()),
    clock,
    random,
    namespaces: [namespace],
  });
  await client.create(head);
  for (const name of names) await Promise.all([client.create(service(name)), client.create(routes(name, 0))]);
  const folder = mkdtempSync(join(tmpdir(), "follow-routes-"));
  const file = join(folder, "routes.json");
  const tables: RouteTable[] = [];
  const stop = followRoutes({ client, apply: (table) => tables.push(table), file, log: () => {} });
  // A file that is being written when it is stopped may come while the folder goes.
  cleanups.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 }), stop);
  const written = async () => {
    const { items } = await client.list<RouteTableResource>(kind);
    return new Map(items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
  };
  return { client, clock, tables, file, written };
}

const weightOf = (table: RouteTable | undefined, name: string) =>
  table?.virtualServices.find((entry) => entry.name === name)?.http[0]?.destinations[1]?.weight;

test("a change writes its part and the head, and the agent has one table more, and the file", async () => {
  const { client, clock, tables, file, written } = await world();
  await controlPlane(client, clock).start();
  await turns();
  const first = tables.at(-1);
  const before = await written();

  await client.update(routes("app-7", 20));
  await turns();

  const after = await written();
  expect(first?.services).toHaveLength(names.length);
  expect([...after].filter(([name, version]) => before.get(name) !== version)).toHaveLength(2);
  expect(tables.slice(-2)).toEqual([first, tables.at(-1)]);
  expect([weightOf(first, "app-7"), weightOf(tables.at(-1), "app-7")]).toEqual([0, 20]);
  // What is the same is the same object: nobody who routes by it has to look.
  expect(tables.at(-1)?.services.filter((entry) => !first?.services.includes(entry)).length).toBeLessThan(5);
  await expect.poll(() => loadTable(file)).toEqual(tables.at(-1));
});

test("a control plane that starts again finds the table as it is, and goes on", async () => {
  const { client, clock, tables, written } = await world();
  const one = controlPlane(client, clock);
  await one.start();
  await turns();
  one.stop();
  const before = await written();

  await controlPlane(client, clock).start();
  await turns();
  const after = await written();
  await client.delete({ apiVersion: "v1", kind: "Service", namespace, name: "app-3" });
  await turns();

  expect(after).toEqual(before);
  expect(tables.at(-1)?.services).toHaveLength(names.length - 1);
});

test("a part that somebody deletes is written again, and routes stay meanwhile", async () => {
  const { client, clock, tables, written } = await world();
  await controlPlane(client, clock).start();
  await turns();
  const known = tables.at(-1);
  const parts = [...(await written()).keys()].filter((name) => name !== routeTableKey.name);

  await client.delete({ ...kind, name: parts[0] ?? "" });
  await turns();

  expect([...(await written()).keys()].filter((name) => name !== routeTableKey.name)).toEqual(parts);
  for (const table of tables.slice(tables.indexOf(known as RouteTable)))
    expect({ ...table, version: 0 }).toEqual({ ...known, version: 0 });
});

test("a table that an older control plane wrote in one is routed by, until the next one writes parts", async () => {
  const old = { format: 1, version: 41, services: [], virtualServices: [] } as const;
  const { client, clock, tables } = await world({ ...firstRouteTable, spec: old } as unknown as Resource);
  await turns();
  const before = tables.at(-1);

  await controlPlane(client, clock).start();
  await turns();

  expect(before).toMatchObject(old);
  expect(tables.at(-1)).toMatchObject({ format: 1, version: 42 });
  expect(tables.at(-1)?.services).toHaveLength(names.length);
});

/** Decides by what is stored now; the answer writes it, however much later. */
async function decided(client: Client, clock: VirtualClock): Promise<() => Promise<void>> {
  const reconciler = routeTableReconciler(client);
  const table = (await client.get<RouteTableResource>(routeTableKey)) as RouteTableResource;
  const observed = await reconciler.observe(table, {
    get: async <R>(known: ResourceKey) => (await client.get(known)) as R | undefined,
    list: async <R>(of: { apiVersion: string; kind: string }) =>
      (await client.list<Resource>(of)).items as readonly R[],
    task: () => ({ is: "absent" }),
  });
  const { actions } = reconciler.plan(observed, clock.now());
  return async () => {
    for (const action of actions) await reconciler.apply(table, action);
  };
}

test("a table of which a part was refused is never routed by in half, nor with parts of the next one", async () => {
  const { client, clock, tables } = await world();
  await (await decided(client, clock))();
  const changeAll = async (weight: number) => {
    for (const name of names) await client.update(routes(name, weight));
  };

  await changeAll(20);
  const second = await decided(client, clock);
  const { items } = await client.list<RouteTableResource>(kind);
  const edited = items.find(({ metadata }) => metadata.name !== routeTableKey.name) as RouteTableResource;
  await client.update({ ...edited, metadata: { ...edited.metadata, labels: { by: "hand" } } });
  await expect(second()).rejects.toMatchObject({ kind: "conflict" });
  await changeAll(40);
  await (await decided(client, clock))();
  await turns();

  const weights = tables.map((table) => new Set(names.map((name) => weightOf(table, name))));
  expect(weights).toEqual([new Set([0]), new Set([40])]);
});

test("parts without their head, which somebody deleted, are of an older table, whatever the new head calls its own", async () => {
  const { client, clock, tables } = await world();
  for (const weight of [20, 40, 60]) {
    for (const name of names) await client.update(routes(name, weight));
    await (await decided(client, clock))();
  }

  await client.delete(routeTableKey);
  await client.create(firstRouteTable as unknown as Resource);
  for (const name of names) await client.update(routes(name, 80));
  await (await decided(client, clock))();
  await turns();

  const weights = tables.map((table) => new Set(names.map((name) => weightOf(table, name))));
  expect(weights).toEqual([20, 40, 60, 80].map((weight) => new Set([weight])));
  expect(tables.map(({ version }) => version)).toEqual([1, 2, 3, 4]);
});

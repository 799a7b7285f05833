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
import { seededRandom, VirtualClock } from "@sluice/kernel";
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
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }), stop);
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

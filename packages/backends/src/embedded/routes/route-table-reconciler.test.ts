import { builtInKinds, KindRegistry, type Resource, type RouteTable, type VirtualService } from "@sluice/api";
import { seededRandom, VirtualClock } from "@sluice/kernel";
import { createStore } from "@sluice/store";
import { expect, test } from "vitest";
import { firstRouteTable, routeTableReconciler } from "./route-table-reconciler.ts";

test("a VirtualService with tls and tcp routes is told once that the embedded router leaves them out", async () => {
  const clock = new VirtualClock();
  const { client } = await createStore({ kinds: new KindRegistry(builtInKinds()), clock, random: seededRandom(1) });
  await client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  const route = [{ destination: { host: "db" } }];
  const virtualService = await client.create<VirtualService>({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "db", namespace: "shop" },
    spec: { hosts: ["db"], tls: [{ match: [{ port: 443 }], route }], tcp: [{ route }] },
  });
  const reconciler = routeTableReconciler(client);
  const inputs = {
    services: [],
    endpointSlices: [],
    pods: [],
    virtualServices: [virtualService],
    destinationRules: [],
  };
  const table = firstRouteTable as unknown as RouteTable;

  const first = reconciler.plan({ table, all: { stored: [], inputs } }, clock.now());
  for (const action of first.actions) if (action.do === "tell") await reconciler.apply(table, action);
  for (const action of first.actions) if (action.do === "tell") await reconciler.apply(table, action);
  const published = first.actions.find((action) => action.do === "publish");
  const stored = published?.do === "publish" ? published.parts : [];
  const spec = { ...(published?.do === "publish" ? published.spec : table.spec) };
  const current = reconciler.plan({ table: { ...table, spec }, all: { stored, inputs } }, clock.now());
  const later = { ...table, spec, status: current.status } as RouteTable;
  const again = reconciler.plan({ table: later, all: { stored, inputs } }, clock.now());

  const { items } = await client.list<Resource & { message?: string; involvedObject?: object }>(
    { apiVersion: "v1", kind: "Event" },
    { namespace: "shop" },
  );
  expect(items.map(({ message }) => message?.split(":")[0]).sort()).toEqual(["spec.tcp", "spec.tls"]);
  expect(items[0]?.involvedObject).toMatchObject({ kind: "VirtualService", name: "db" });
  expect(again.actions).toEqual([]);
});

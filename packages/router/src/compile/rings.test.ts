import type { RoutedRings, VirtualService } from "@sluice/api";
import { expect, test } from "vitest";
import { compileRouteTable } from "./route-compiler.ts";

const written: RoutedRings = {
  canary: { subset: "canary" },
  stable: { subset: "stable" },
  user: { header: "X-User" },
  rings: [
    { name: "employees", weight: 1, who: [{ header: "X-Employee", operator: "equals", values: ["yes"] }] },
    { name: "beta", weight: 5, who: [{ cookie: "beta", operator: "in", values: ["1"] }], share: 2 },
    { name: "everyone", weight: 25 },
  ],
};

function compiled(canary: number, rings: unknown = written, subsets = ["stable", "canary"]) {
  const route = subsets.map((subset, index) => ({
    destination: { host: "web", subset },
    weight: index === 1 ? canary : 100 - canary,
  }));
  const virtualService = {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: {
      name: "web",
      namespace: "shop",
      annotations: { "rings.sluice.dev/web": typeof rings === "string" ? rings : JSON.stringify(rings) },
    },
    spec: {
      hosts: ["web"],
      http: [
        { name: "other", route: route.slice(0, 1) },
        { name: "primary", route },
      ],
    },
  } as VirtualService;
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: { ports: [{ port: 80 }] },
  } as const;
  const rule = {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "web", namespace: "shop" },
    spec: { host: "web", subsets: [{ name: "stable" }, { name: "canary" }] },
  } as const;
  const { table, problems } = compileRouteTable(
    { services: [service], endpointSlices: [], virtualServices: [virtualService], destinationRules: [rule] },
    1,
  );
  return { http: table.virtualServices[0]?.http, problems };
}

test.each([
  [1, ["employees"], 0],
  [4, ["employees"], 0],
  [5, ["employees", "beta"], 2],
  [25, ["employees", "beta", "everyone"], 25],
  [60, ["employees", "beta", "everyone"], 60],
])("at weight %i the rings %j are on, and of the others %i %%", (weight, on, share) => {
  const { http, problems } = compiled(weight);

  const rings = http?.[1]?.rings;
  expect(problems).toEqual([]);
  expect(http?.[0]?.rings).toBeUndefined();
  expect(rings?.rings.filter(({ isOn }) => isOn).map(({ name }) => name)).toEqual(on);
  expect(rings).toMatchObject({ rollout: "web", namespace: "shop", canary: 1, stable: 0, share });
  expect(rings?.user).toEqual({ header: "x-user" });
  expect(rings?.rings[0]?.who).toEqual([{ header: "x-employee", operator: "equals", values: ["yes"] }]);
});

test.each([0, 100])("at weight %i all are on one side, whatever the rings say", (weight) => {
  expect(compiled(weight).http?.[1]?.rings).toBeUndefined();
});

test.each([
  ["no JSON", "{"],
  ["another hash", { ...written, hash: "murmur3-2" }],
])("%s is said, and weights decide", (_, rings) => {
  const { http, problems } = compiled(5, rings);

  expect(http?.[1]?.rings).toBeUndefined();
  expect(problems[0]?.path).toMatch(/^metadata\.annotations\[rings\.sluice\.dev\/web\]/);
});

test("a route without both sides has no rings", () => {
  expect(compiled(5, written, ["stable", "other"]).http?.[1]?.rings).toBeUndefined();
});

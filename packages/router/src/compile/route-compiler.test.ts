import type { Service } from "@sluice/api";
import { expect, test } from "vitest";
import { compileRouteTable, type RouteInputs } from "./route-compiler.ts";
import { pod, service, shop, slice, virtualService } from "./shop.fixture.ts";

test("a canary becomes two weighted subsets of one Service, each Pod where the agent put it", () => {
  const { table, problems } = compileRouteTable(shop(), 7);

  expect(problems).toEqual([]);
  expect(table.version).toBe(7);
  expect(table.services).toEqual([
    {
      namespace: "production",
      name: "frontend",
      ports: [{ name: "http", number: 80, protocol: "http" }],
      endpoints: [
        { uid: "uid-a", pod: "a", address: "127.0.0.1", ports: [41001], version: "v1", hash: "aaa" },
        { uid: "uid-b", pod: "b", address: "127.0.0.1", ports: [41002], version: "v2", hash: "bbb" },
      ],
      subsets: { stable: [0], canary: [1] },
    },
  ]);
  expect(table.virtualServices[0]?.hosts).toEqual(["frontend.production"]);
  expect(table.virtualServices[0]?.http[0]?.destinations).toEqual([
    { service: "frontend.production", subset: "stable", weight: 95 },
    { service: "frontend.production", subset: "canary", weight: 5 },
  ]);
});

test("the order of the resources doesn't matter", () => {
  const inputs = shop({ services: [service("frontend"), service("api")] });
  const reversed = { ...inputs, services: [...inputs.services].reverse(), pods: [...(inputs.pods ?? [])].reverse() };

  expect(compileRouteTable(reversed, 1)).toEqual(compileRouteTable(inputs, 1));
});

test("Pods that aren't ready, or end, are marked; one that is neither is ready", () => {
  const notReady = compileRouteTable(
    shop({ endpointSlices: [slice("frontend", ["a"], { ready: false, serving: false })] }),
    1,
  );
  const ending = compileRouteTable(
    shop({ endpointSlices: [slice("frontend", ["a"], { ready: false, serving: true, terminating: true })] }),
    1,
  );
  const unknown = compileRouteTable(shop({ endpointSlices: [slice("frontend", ["a"], {})] }), 1);

  expect(notReady.table.services[0]?.endpoints[0]?.state).toBe("notReady");
  expect(ending.table.services[0]?.endpoints[0]?.state).toBe("terminating");
  expect(unknown.table.services[0]?.endpoints[0]?.state).toBeUndefined();
});

test.each([
  [
    { hosts: ["frontend"], http: [{ route: [{ destination: { host: "nowhere" } }] }] },
    "spec.http[0].route[0].destination.host",
  ],
  [
    { hosts: ["frontend"], http: [{ route: [{ destination: { host: "frontend", subset: "blue" } }] }] },
    "spec.http[0].route[0].destination.subset",
  ],
  [
    { hosts: ["frontend"], http: [{ route: [{ destination: { host: "frontend", port: { number: 81 } } }] }] },
    "spec.http[0].route[0].destination.port.number",
  ],
  [
    {
      hosts: ["frontend"],
      http: [{ match: [{ uri: { regex: "(a" } }], route: [{ destination: { host: "frontend" } }] }],
    },
    "spec.http[0].match[0].uri.regex",
  ],
  [
    { hosts: ["frontend"], http: [{ timeout: "soon", route: [{ destination: { host: "frontend" } }] }] },
    "spec.http[0].timeout",
  ],
  [
    {
      hosts: ["frontend"],
      http: [{ retries: { attempts: 2, retryOn: "5xx,luck" }, route: [{ destination: { host: "frontend" } }] }],
    },
    "spec.http[0].retries.retryOn",
  ],
  [
    { hosts: ["frontend"], http: [{ corsPolicy: {}, route: [{ destination: { host: "frontend" } }] }] },
    "spec.http[0].corsPolicy",
  ],
  [
    { hosts: ["frontend"], http: [{ mirror: { host: "copies" }, route: [{ destination: { host: "frontend" } }] }] },
    "spec.http[0].mirror.host",
  ],
  [{ hosts: ["frontend"], http: [{}] }, "spec.http[0].route"],
  [{ hosts: ["frontend"], tcp: [] }, "spec.tcp"],
  [
    {
      hosts: ["frontend"],
      http: [
        {
          route: [
            { destination: { host: "frontend" }, weight: 0 },
            { destination: { host: "frontend" }, weight: 0 },
          ],
        },
      ],
    },
    "spec.http[0].route",
  ],
])("what can't be routed is reported with its path: %j", (spec, path) => {
  const { problems } = compileRouteTable(shop({ virtualServices: [virtualService(spec)] }), 1);

  expect(problems.map((problem) => problem.path)).toEqual([path]);
  expect(problems[0]).toMatchObject({ kind: "VirtualService", namespace: "production", name: "frontend-vs" });
});

const onlyRoute = (fields: object) => {
  const spec = { hosts: ["frontend"], http: [{ route: [{ destination: { host: "frontend" } }], ...fields }] };
  const { table, problems } = compileRouteTable(shop({ virtualServices: [virtualService(spec)] }), 1);
  return { entry: table.virtualServices[0]?.http[0], problems };
};

test.each([
  ["all where nothing is said", {}, 100],
  ["some", { mirrorPercentage: { value: 2.5 } }, 2.5],
  ["none where 0 is said", { mirrorPercentage: { value: 0 } }, undefined],
  ["by the older field", { mirrorPercent: 7 }, 7],
  ["by the oldest name", { mirror_percent: 9 }, 9],
  ["by the newer field where both are there", { mirrorPercentage: { value: 1 }, mirrorPercent: 7 }, 1],
])("a mirror gets %s", (_, fields, percent) => {
  const { entry, problems } = onlyRoute({ mirror: { host: "frontend", subset: "canary" }, ...fields });

  const mirror = { service: "frontend.production", subset: "canary", percent };
  expect(entry?.mirrors).toEqual(percent === undefined ? undefined : [mirror]);
  expect(problems).toEqual([]);
});

test("several mirrors have a percentage each", () => {
  const { entry } = onlyRoute({
    mirrors: [
      { destination: { host: "frontend", subset: "canary" } },
      { destination: { host: "frontend" }, percentage: { value: 10 } },
      { destination: { host: "frontend" }, percentage: {} },
    ],
  });

  expect(entry?.mirrors?.map(({ percent }) => percent)).toEqual([100, 10]);
});

test("a fault without a percentage hits nobody", () => {
  expect(
    onlyRoute({ fault: { abort: { httpStatus: 500 }, delay: { fixedDelay: "1s" } } }).entry?.fault,
  ).toBeUndefined();
  expect(
    onlyRoute({
      fault: {
        abort: { httpStatus: 503, percentage: { value: 0.5 } },
        delay: { fixedDelay: "1.5s", percent: 10 },
      },
    }).entry?.fault,
  ).toEqual({ abort: { status: 503, percent: 0.5 }, delay: { millis: 1500, percent: 10 } });
});

test("header names are held in lower case, and a doubled percent sign is one", () => {
  const { entry } = onlyRoute({
    headers: { request: { set: { "X-Share": "5%%" }, remove: ["Cookie"] }, response: { add: { "X-By": "sluice" } } },
  });

  expect(entry?.headers).toEqual({
    request: { set: { "x-share": "5%" }, remove: ["cookie"] },
    response: { add: { "x-by": "sluice" } },
  });
});

test("two VirtualServices on a host are merged, and the newer one is told so", () => {
  const older = virtualService({ hosts: ["frontend"], http: [] });
  const newer = { ...older, metadata: { ...older.metadata, name: "zz", creationTimestamp: "2026-01-01T00:00:00Z" } };

  const { problems } = compileRouteTable(shop({ virtualServices: [newer, older] }), 1);

  expect(problems).toMatchObject([{ name: "zz", path: "spec.hosts[0]" }]);
});

test("what a Service asks for and the router doesn't do is said", () => {
  const dns = service("dns", [
    { name: "dns", port: 53, protocol: "UDP" },
    { name: "http", port: 80 },
  ]);
  const external = { ...service("external"), spec: { type: "ExternalName", externalName: "x.example" } } as Service;

  const node = { ...service("node"), spec: { type: "NodePort", sessionAffinity: "ClientIP" } } as Service;

  const { problems, table } = compileRouteTable(shop({ services: [dns, external, node], virtualServices: [] }), 1);

  expect(problems.map(({ name, path }) => `${name} ${path}`)).toEqual([
    "dns spec.ports[0].protocol",
    "external spec.type",
    "node spec.type",
    "node spec.sessionAffinity",
  ]);
  expect(table.services[0]?.ports.map(({ number }) => number)).toEqual([80]);
});

test("1,000 Services compile, and a table is the same after JSON", () => {
  const names = Array.from({ length: 1000 }, (_, index) => `service-${index}`);
  const inputs: RouteInputs = {
    services: names.map((name) => service(name)),
    endpointSlices: names.map((name) => slice(name, [`${name}-a`, `${name}-b`])),
    pods: names.flatMap((name) => [pod(`${name}-a`, { version: "v1" }), pod(`${name}-b`, { version: "v2" })]),
    virtualServices: [],
    destinationRules: [],
  };

  const { table } = compileRouteTable(inputs, 1);

  expect(table.services).toHaveLength(1000);
  expect(JSON.parse(JSON.stringify(table))).toEqual(table);
});

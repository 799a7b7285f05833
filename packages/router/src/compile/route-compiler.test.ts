import type { DestinationRule, EndpointSlice, Pod, Service, VirtualService } from "@sluice/api";
import { seededRandom } from "@sluice/kernel";
import { expect, test } from "vitest";
import { TableAssembler, TableSplitter } from "../table-parts.ts";
import { compileRouteTable, RouteCompiler, type RouteInputs } from "./route-compiler.ts";

const metadata = (name: string, more: object = {}) => ({ name, namespace: "production", uid: `uid-${name}`, ...more });

const service = (name: string, ports: readonly object[] = [{ name: "http", port: 80 }]): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadata(name),
  spec: { ports: ports as never, selector: { app: name } },
});

const pod = (name: string, labels: Record<string, string>, annotations: Record<string, string> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: metadata(name, { labels, annotations }),
  spec: { containers: [] },
});

const slice = (owner: string, pods: readonly string[], conditions: object = { ready: true }): EndpointSlice => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: metadata(`${owner}-1`, { labels: { "kubernetes.io/service-name": owner } }),
  addressType: "IPv4",
  endpoints: pods.map((name) => ({
    addresses: ["127.0.0.1"],
    conditions,
    targetRef: { kind: "Pod", name, namespace: "production", uid: `uid-${name}` },
  })),
  ports: [{ name: "http", port: 8080 }],
});

const virtualService = (spec: object, annotations: Record<string, string> = {}): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: metadata("frontend-vs", { annotations }),
  spec: spec as never,
});

const rule = (subsets: readonly object[]): DestinationRule => ({
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: metadata("frontend-dr"),
  spec: { host: "frontend", subsets: subsets as never },
});

const canary = (stable: number, weight: number) =>
  virtualService({
    hosts: ["frontend"],
    http: [
      {
        name: "primary",
        route: [
          { destination: { host: "frontend", subset: "stable" }, weight: stable },
          { destination: { host: "frontend.production.svc.cluster.local", subset: "canary" }, weight },
        ],
      },
    ],
  });

function shop(over: Partial<RouteInputs> = {}): RouteInputs {
  const hash = "rollouts-pod-template-hash";
  return {
    services: [service("frontend")],
    endpointSlices: [slice("frontend", ["a", "b"])],
    pods: [
      pod("a", { [hash]: "aaa", version: "v1" }, { "sluice.dev/ports": '{"8080":41001}' }),
      pod("b", { [hash]: "bbb", version: "v2" }, { "sluice.dev/ports": '{"8080":41002}' }),
    ],
    virtualServices: [canary(95, 5)],
    destinationRules: [
      rule([
        { name: "stable", labels: { [hash]: "aaa" } },
        { name: "canary", labels: { [hash]: "bbb" } },
      ]),
    ],
    ...over,
  };
}

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

test("nothing changed: the same table, the same version", () => {
  const compiler = new RouteCompiler();
  const first = compiler.compile(shop(), 1);

  const again = compiler.compile(structuredClone(shop()), 2);

  expect(again.changed).toBe(false);
  expect(again.table).toBe(first.table);
});

test("one change compiles its own host again and no other", () => {
  const inputs = shop({ services: [service("frontend"), service("api")] });
  const compiler = new RouteCompiler();
  const first = compiler.compile(inputs, 1).table;

  const second = compiler.compile({ ...inputs, virtualServices: [canary(80, 20)] }, 2);

  expect(second.changed).toBe(true);
  expect(second.table.version).toBe(2);
  expect(second.table.services[0]).toBe(first.services[0]);
  expect(second.table.virtualServices[0]?.http[0]?.destinations[1]?.weight).toBe(20);
});

test("change after change, what was kept and what is compiled from nothing are the same", () => {
  const random = seededRandom(11);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random.next() * items.length)] as Item;
  const names = ["web", "cart", "bill"];
  const hash = "rollouts-pod-template-hash";
  let revision = 0;
  const revised = <R extends { readonly metadata: object }>(object: R): R => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion: String(++revision) },
  });
  const named = <R extends { readonly metadata: object }>(object: R, name: string): R =>
    revised({ ...object, metadata: { ...object.metadata, name, uid: `uid-${name}` } });
  const podOf = (name: string, version: string) =>
    revised(pod(name, { [hash]: version }, { "sluice.dev/ports": `{"8080":${41_000 + revision}}` }));
  const sliceOf = (owner: string) =>
    revised(
      slice(
        owner,
        ["a", "b", "c"].filter(() => random.next() < 0.7),
        { ready: random.next() < 0.7 },
      ),
    );
  const routesOf = (host: string, to: string) => {
    const weight = Math.floor(random.next() * 100);
    const route = [
      { destination: { host: to, subset: "stable" }, weight: 100 - weight },
      { destination: { host: to }, weight },
    ];
    return named(virtualService({ hosts: [host], http: [{ name: "primary", route }] }), `of-${host}`);
  };
  const ruleOf = (host: string) => {
    const subsets = [{ name: pick(["stable", "stable", "other"]), labels: { [hash]: pick(["one", "two"]) } }];
    return named({ ...rule(subsets), spec: { host, subsets: subsets as never } }, `of-${host}`);
  };
  const without = <R extends { readonly metadata: { readonly name: string } }>(list: readonly R[], object: R): R[] =>
    list.filter(({ metadata: { name } }) => name !== object.metadata.name);
  const put = <R extends { readonly metadata: { readonly name: string } }>(list: readonly R[], object: R): R[] =>
    [...without(list, object), object].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  let inputs: Required<RouteInputs> = {
    services: names.map((name) => revised(service(name))),
    endpointSlices: names.map(sliceOf),
    pods: ["a", "b", "c"].map((name) => podOf(name, "one")),
    virtualServices: names.map((name) => routesOf(name, name)),
    destinationRules: names.map(ruleOf),
  };
  const change = (): Partial<RouteInputs> => {
    const name = pick(names);
    const known = pick(inputs.pods);
    const { services, endpointSlices, pods, virtualServices, destinationRules } = inputs;
    return pick<() => Partial<RouteInputs>>([
      () => ({ virtualServices: put(virtualServices, routesOf(name, pick(names))) }),
      () => ({ virtualServices: without(virtualServices, routesOf(name, name)) }),
      () => ({ endpointSlices: put(endpointSlices, sliceOf(name)) }),
      () => ({ destinationRules: put(destinationRules, ruleOf(name)) }),
      () => ({ services: without(services, service(name)) }),
      () => ({ services: put(services, revised(service(name))) }),
      () => ({ pods: put(pods, podOf(pick(["a", "b", "c"]), pick(["one", "two"]))) }),
      () => ({ pods: put(pods, revised({ ...known, status: { phase: "Running", message: `${revision}` } })) }),
      () => ({ pods: pods.length > 1 ? without(pods, known) : pods }),
      () => ({ pods: [...pods], services: [...services] }),
    ])();
  };
  const compiler = new RouteCompiler();
  const splitter = new TableSplitter();
  const assembler = new TableAssembler();
  const versions: Record<string, number> = {};
  let parts = splitter.split(compiler.compile(inputs, 1).table);
  for (const [name, part] of parts) assembler.takePart(name, 0, part);

  for (let step = 0; step < 400; step++) {
    inputs = { ...inputs, ...change() };

    const kept = compiler.compile(inputs, step);
    const anew = compileRouteTable(inputs, step);

    expect({ ...kept.table, version: 0 }).toEqual({ ...anew.table, version: 0 });
    expect(kept.problems).toEqual(anew.problems);
    const before = parts;
    parts = splitter.split(kept.table);
    for (const name of before.keys()) if (!parts.has(name)) delete versions[name];
    for (const [name, part] of parts) {
      if (part !== before.get(name)) expect(assembler.takePart(name, step, part)).toBeUndefined();
      versions[name] = part === before.get(name) ? (versions[name] ?? 0) : step;
    }
    const head = { format: 2, version: step, parts: { ...versions } } as const;
    expect(assembler.takeHead(head)).toEqual({ ...kept.table, version: step });
  }
});

test("a Pod of which only the status changed compiles nothing", () => {
  const inputs = shop();
  const compiler = new RouteCompiler();
  const first = compiler.compile(inputs, 1);
  const pods = (inputs.pods ?? []).map((known) => ({ ...known, status: { phase: "Running" as const } }));

  const second = compiler.compile({ ...inputs, pods }, 2);
  const third = compiler.compile({ ...inputs, pods: pods.map((known) => ({ ...known, metadata: metadata("a") })) }, 3);

  expect(second.table).toBe(first.table);
  expect(third.changed).toBe(true);
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

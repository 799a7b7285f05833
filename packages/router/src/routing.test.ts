import fc from "fast-check";
import { expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { type RouteRequest, rewritePath } from "./match.ts";
import { chooseDestination, chooseRoute } from "./route.ts";
import type { LocalState } from "./routed-service.ts";
import { Routing } from "./routing.ts";
import { resolveHost } from "./service-name.ts";
import type { EndpointEntry, HttpMatchEntry, HttpRouteEntry, RouteTable, ServiceEntry } from "./table.ts";

const endpoint = (uid: string, more: Partial<EndpointEntry> = {}): EndpointEntry => ({
  uid,
  address: "127.0.0.1",
  ports: [8080],
  ...more,
});

const serviceEntry = (name: string, endpoints: readonly EndpointEntry[], more: Partial<ServiceEntry> = {}) => ({
  namespace: "production",
  name,
  ports: [{ number: 80, protocol: "http" as const }],
  endpoints,
  ...more,
});

const frontend = serviceEntry("frontend", [endpoint("a"), endpoint("b")], { subsets: { stable: [0], canary: [1] } });

const split = (stable: number, canary: number): HttpRouteEntry => ({
  id: "primary",
  destinations: [
    { service: "frontend.production", subset: "stable", weight: stable },
    { service: "frontend.production", subset: "canary", weight: canary },
  ],
});

const tableOf = (http: readonly HttpRouteEntry[], services: readonly ServiceEntry[] = [frontend]): RouteTable => ({
  format: 1,
  version: 1,
  services,
  virtualServices:
    http.length === 0 ? [] : [{ namespace: "production", name: "vs", hosts: ["frontend.production"], http }],
});

const routingOf = (
  table: RouteTable,
  previous?: Routing<Backend>,
  local?: ReadonlyMap<string, LocalState>,
): Routing<Backend> => new Routing(table, (...parts) => new Backend(...parts), previous, local);

const request = (more: Partial<Omit<RouteRequest, "header">> & { headers?: Record<string, string> } = {}) => ({
  method: "GET",
  path: "/",
  query: "",
  ...more,
  header: (name: string) => more.headers?.[name],
});

const ask = (routing: Routing<Backend>, host = "frontend.production") => {
  const chosen = chooseRoute(routing.host(host)!, request());
  return chooseDestination(chosen!.route)?.choose(0)?.uid;
};

test.each([
  "frontend.production",
  "frontend.production.svc.cluster.local",
  "frontend.production.svc",
  "frontend.production.localhost:7080",
  "FRONTEND.Production.svc.cluster.local.",
  "frontend",
  "frontend:80",
])("a Service answers to %s", (host) => {
  const routing = routingOf(tableOf([]));

  expect(routing.host(host)).toBeDefined();
});

test("an unknown host is unknown, also the second time", () => {
  const routing = routingOf(tableOf([]));

  expect([routing.host("other"), routing.host("other"), routing.host("frontend.staging")]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("a bare name that two namespaces have means neither, but for the namespace default", () => {
  const staging = { ...frontend, namespace: "staging" };
  const inDefault = { ...frontend, namespace: "default" };

  expect(routingOf(tableOf([], [frontend, staging])).host("frontend")).toBeUndefined();
  expect(routingOf(tableOf([], [frontend, inDefault])).host("frontend")).toBeDefined();
});

test("exact hosts go before wildcards, longer wildcards before shorter", () => {
  const hosts = ["*", "*.example.com", "*.shop.example.com", "www.shop.example.com"];
  const routing = routingOf({
    ...tableOf([]),
    virtualServices: hosts.map((host) => ({
      namespace: "production",
      name: host,
      hosts: [host],
      http: [{ id: host, destinations: [] }],
    })),
  });
  const found = ["www.shop.example.com", "api.shop.example.com", "example.com", "a.example.com", "anything"].map(
    (host) => routing.host(host)?.routes[0]?.entry.id,
  );

  expect(found).toEqual(["www.shop.example.com", "*.shop.example.com", "*", "*.example.com", "*"]);
});

test.each(["shop.localhost", "shop.example.com", "a.b.localhost"])("%s may be a host of its own", (host) => {
  const virtualService = { namespace: "production", name: "vs", hosts: [resolveHost(host, "production")], http: [] };
  const routing = routingOf({ ...tableOf([]), virtualServices: [virtualService] });

  expect(routing.host(`${host}:7080`)).toBeDefined();
  expect(routing.host("shop.production")).toBeUndefined();
});

test.each<[HttpMatchEntry, Parameters<typeof request>[0], boolean]>([
  [{ uri: { exact: "/a" } }, { path: "/a" }, true],
  [{ uri: { exact: "/a" } }, { path: "/a/" }, false],
  [{ uri: { prefix: "/a" } }, { path: "/ab" }, true],
  [{ uri: { prefix: "/A" }, ignoreUriCase: true }, { path: "/ab" }, true],
  [{ uri: { regex: "/v[0-9]+/.*" } }, { path: "/v12/x" }, true],
  [{ uri: { regex: "/v[0-9]+" } }, { path: "/v12/x" }, false],
  [{ method: { exact: "POST" } }, {}, false],
  [{ headers: { "x-canary": { exact: "yes" } } }, { headers: { "x-canary": "yes" } }, true],
  [{ headers: { "x-canary": "present" } }, { headers: { "x-canary": "" } }, true],
  [{ headers: { "x-canary": "present" } }, {}, false],
  [{ withoutHeaders: { "x-canary": "present" } }, {}, true],
  [{ withoutHeaders: { "x-canary": { exact: "no" } } }, { headers: { "x-canary": "yes" } }, true],
  [{ queryParams: { v: { exact: "2" } } }, { query: "a=1&v=2" }, true],
  [{ queryParams: { v: { exact: "2" } } }, { query: "vv=2" }, false],
  [{ uri: { prefix: "/a" }, method: { exact: "POST" } }, { path: "/a" }, false],
])("match %j of %j is %j", (match, asked, expected) => {
  const routing = routingOf(tableOf([{ id: "only", match: [match], destinations: [] }]));

  const chosen = chooseRoute(routing.host("frontend.production")!, request(asked));

  expect(chosen !== undefined).toBe(expected);
});

test("routes are tried in order, any block of one may match", () => {
  const routing = routingOf(
    tableOf([
      { id: "api", match: [{ uri: { prefix: "/api" } }, { uri: { exact: "/v1" } }], destinations: [] },
      { id: "rest", destinations: [] },
    ]),
  );
  const idOf = (path: string) => chooseRoute(routing.host("frontend.production")!, request({ path }))?.route.entry.id;

  expect([idOf("/api/x"), idOf("/v1"), idOf("/v2")]).toEqual(["api", "api", "rest"]);
});

test("a rewrite replaces the matched prefix, or the whole path", () => {
  expect(rewritePath("/api/cart", "/", { uri: { prefix: "/api/" } })).toBe("/cart");
  expect(rewritePath("/api/cart", "/x", { uri: { exact: "/api/cart" } })).toBe("/x");
  expect(rewritePath("/cart", "/v2/", undefined)).toBe("/v2/cart");
});

test("shares stay exact over tables that keep the weights, whatever else they change", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 99 }),
      (gaps, canary) => {
        let routing = routingOf(tableOf([split(100 - canary, canary)]));
        const choices: (string | undefined)[] = [];
        for (let round = 0; choices.length < 1500; round++) {
          for (let asked = 0; asked < (gaps[round % gaps.length] ?? 1); asked++) choices.push(ask(routing));
          const other = serviceEntry(`other-${round}`, [endpoint(`x${round}`)]);
          routing = routingOf(tableOf([split(100 - canary, canary)], [frontend, other]), routing);
        }

        for (const start of [0, 123, 500]) {
          const window = choices.slice(start, start + 1000);
          expect(window.filter((uid) => uid === "b").length).toBe(canary * 10);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("the destination whose weight rose gets the next request", () => {
  const before = routingOf(tableOf([split(100, 0)]));
  ask(before);

  const after = routingOf(tableOf([split(95, 5)]), before);

  expect(ask(after)).toBe("b");
});

test("an empty destination's turn goes to another with weight, never to one without", () => {
  const local = new Map<string, LocalState>([["b", "notReady"]]);

  const canaryDown = routingOf(tableOf([split(0, 100)]), undefined, local);
  const halfDown = routingOf(tableOf([split(50, 50)]), undefined, local);

  expect(ask(canaryDown)).toBeUndefined();
  expect(new Set(Array.from({ length: 20 }, () => ask(halfDown)))).toEqual(new Set(["a"]));
});

test("what is seen locally goes before the table, at once", () => {
  const routing = routingOf(
    tableOf([], [serviceEntry("frontend", [endpoint("a"), endpoint("b", { state: "notReady" })])]),
  );
  const both = () => new Set(Array.from({ length: 10 }, () => ask(routing)));
  const first = both();

  routing.overlay(
    new Map([
      ["a", "notReady"],
      ["b", "ready"],
    ] as const),
  );
  const second = both();
  routing.overlay(new Map([["a", "notReady"]] as const));

  expect([first, second, both()]).toEqual([new Set(["a"]), new Set(["b"]), new Set([undefined])]);
});

test("Pods that end serve on only while nothing else does", () => {
  const ending = endpoint("a", { state: "terminating" });
  const alone = routingOf(tableOf([], [serviceEntry("frontend", [ending])]));
  const replaced = routingOf(tableOf([], [serviceEntry("frontend", [ending, endpoint("b")])]));

  expect([ask(alone), ask(replaced), ask(replaced)]).toEqual(["a", "b", "b"]);
});

test("the least busy backend is chosen, and its count outlives a table", () => {
  const table = tableOf([], [serviceEntry("frontend", [endpoint("a"), endpoint("b")])]);
  const before = routingOf(table);
  for (const backend of before.backends()) if (backend.uid === "a") backend.outstanding = 3;

  const after = routingOf({ ...table, version: 2 }, before);

  expect([ask(after), ask(after), ask(after)]).toEqual(["b", "b", "b"]);
});

test("1,000 Services become routable, and a new table builds none of them again", () => {
  const services = Array.from({ length: 1000 }, (_, index) =>
    serviceEntry(`s${index}`, [endpoint(`a${index}`), endpoint(`b${index}`)]),
  );
  const before = routingOf(tableOf([], services));

  const after = routingOf({ ...tableOf([], services), version: 2 }, before);

  expect([...after.backends()].length).toBe(2000);
  const earlier = new Set(before.backends());
  for (const backend of after.backends()) expect(earlier.has(backend)).toBe(true);
});

test("what stands in the next table as it is isn't made anew, and what leads to something else is", () => {
  const other = serviceEntry("other", [endpoint("x")]);
  const table = tableOf([split(90, 10)], [frontend, other]);
  const before = routingOf(table);

  const again = routingOf(JSON.parse(JSON.stringify(table)), before);
  expect(again.host("frontend.production")).toBe(before.host("frontend.production"));
  expect(again.host("other")).toBe(before.host("other"));

  const grown = {
    ...frontend,
    endpoints: [...frontend.endpoints, endpoint("c")],
    subsets: { stable: [0], canary: [2] },
  };
  const after = routingOf(tableOf([split(90, 10)], [grown, other]), again);
  expect(after.host("other")).toBe(before.host("other"));
  const [route] = after.host("frontend.production")!.routes;
  expect(route!.destinations.map(({ all }) => all.map(({ uid }) => uid))).toEqual([["a"], ["c"]]);
  expect(route!.wheel).toBe(before.host("frontend.production")!.routes[0]!.wheel);
});

test("a Service that changed routes to its new endpoints, its neighbour goes on as it was", () => {
  const table = (uid: string) =>
    tableOf([], [serviceEntry("frontend", [endpoint(uid)]), serviceEntry("api", [endpoint("x")])]);
  const before = routingOf(table("a"));

  const after = routingOf(table("b"), before, new Map([["x", "notReady"]]));

  expect([ask(after), ask(after, "api.production")]).toEqual(["b", undefined]);
  expect([...after.backends()].map(({ uid }) => uid)).toEqual(["b", "x"]);
  expect([...after.backends()][1]).toBe([...before.backends()][1]);
});

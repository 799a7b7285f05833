import type { DestinationRule, IstioVirtualServiceReference, VirtualService } from "@sluice/api";
import { expect, test } from "vitest";
import { subsetHashes, withSubsetHashes } from "./destination-rule.ts";
import type { Sides } from "./sides.ts";
import { destinationFault, routedWeight, type WeighedRoutes, weighedRoutes, withWeight } from "./virtual-service.ts";

const byHost: Sides = {
  canaryService: "web-canary",
  stableService: "web-stable",
  canarySubset: undefined,
  stableSubset: undefined,
};
const route = (host: string, weight?: number) => ({
  destination: { host },
  ...(weight === undefined ? {} : { weight }),
});
const both = [route("web-stable", 100), route("web-canary", 0)];

const service = (spec: VirtualService["spec"]): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "web" },
  spec: { hosts: ["web"], ...spec },
});
const onlyHttp = (...http: readonly number[]): WeighedRoutes => ({ http, tls: [], tcp: [] });

test("hosts are compared by their short name, and destinations of neither side are dropped", () => {
  const before = service({
    http: [{ route: [route("web-stable.shop.svc.cluster.local", 70), route("web-canary", 10), route("stranger", 20)] }],
  });

  const after = withWeight(before, onlyHttp(0), byHost, 25);

  expect(after.spec.http?.[0]?.route).toEqual([
    route("web-stable.shop.svc.cluster.local", 75),
    route("web-canary", 25),
  ]);
  expect(routedWeight(after, onlyHttp(0), byHost)).toBe(25);
  expect(withWeight(after, onlyHttp(0), byHost, 25)).toBe(after);
});

test("what goes beside both sides is taken from stable's share, in tcp routes too, and written once", () => {
  const beside = [route("web-next", 5), route("web-baseline", 10)];
  const before = service({ http: [{ route: both }], tcp: [{ route: [...both, route("web-baseline", 99)] }] });
  const routes = { http: [0], tls: [], tcp: [0] };

  const after = withWeight(before, routes, byHost, 25, beside);

  const shares = [route("web-stable", 60), route("web-canary", 25), ...beside];
  expect(after.spec.http?.[0]?.route).toEqual(shares);
  expect(after.spec.tcp?.[0]?.route).toEqual(shares);
  expect(withWeight(after, routes, byHost, 25, beside)).toBe(after);
  expect(withWeight(after, routes, byHost, 0).spec).toEqual(
    service({ http: [{ route: both }], tcp: [{ route: both }] }).spec,
  );
});

const tls = (...hosts: string[]) => ({ match: [{ port: 443, sniHosts: hosts }], route: both });
const tcp = (...ports: number[]) => ({ match: ports.map((port) => ({ port })), route: both });
const named = {
  http: [
    { name: "api", route: both },
    { name: "other", route: both },
  ],
};
const everything = {
  ...named,
  tls: [tls("a.example.com", "b.example.com"), tls("c.example.com")],
  tcp: [tcp(5432), tcp(6379), tcp(1, 2)],
};

const several = "spec.http[] should be set in the Rollout's routes when the VirtualService has multiple routes";
/** Which routes are weighed, or why not. */
const weighing: readonly (readonly [
  string,
  VirtualService["spec"],
  Omit<IstioVirtualServiceReference, "name">,
  WeighedRoutes | string,
])[] = [
  ["one route needs no name", { http: [{ route: both }] }, {}, onlyHttp(0)],
  ["nor does it where it has one", { http: [{ name: "api", route: both }] }, {}, onlyHttp(0)],
  ["a route that a step added doesn't count", { http: [{ name: "added" }, { route: both }] }, {}, onlyHttp(1)],
  ["of several each is named", named, {}, several],
  ["by name", named, { routes: ["other"] }, onlyHttp(1)],
  [
    "a name that isn't there",
    named,
    { routes: ["nope"] },
    "HTTP Route 'nope' is not found in the defined Virtual Service.",
  ],
  [
    "a route that a step added can't be named",
    named,
    { routes: ["added"] },
    "HTTP Route 'added' is not found in the defined Virtual Service.",
  ],
  ["no route", {}, {}, "No HTTP, TLS or TCP routes are defined in the VirtualService"],
  ["one tls route needs no name", { tls: [tls("a")] }, {}, { http: [], tls: [0], tcp: [] }],
  ["one tcp route needs no name", { tcp: [tcp(1)] }, {}, { http: [], tls: [], tcp: [0] }],
  ["tls by port", everything, { tlsRoutes: [{ port: 443 }] }, { http: [], tls: [0, 1], tcp: [] }],
  [
    "tls by all of its hosts, in any order",
    everything,
    { tlsRoutes: [{ port: 443, sniHosts: ["b.example.com", "a.example.com"] }] },
    { http: [], tls: [0], tcp: [] },
  ],
  [
    "tls by one of its hosts is another route",
    everything,
    { tlsRoutes: [{ sniHosts: ["a.example.com"] }] },
    "No matching TLS routes found in the defined Virtual Service.",
  ],
  ["tcp by port", everything, { tcpRoutes: [{ port: 6379 }, { port: 5432 }] }, { http: [], tls: [], tcp: [0, 1] }],
  [
    "tcp on several ports is none's",
    everything,
    { tcpRoutes: [{ port: 1 }] },
    "No matching TCP routes found in the defined Virtual Service.",
  ],
  [
    "all protocols at once",
    everything,
    { routes: ["api"], tlsRoutes: [{ sniHosts: ["c.example.com"] }], tcpRoutes: [{ port: 5432 }] },
    { http: [0], tls: [1], tcp: [0] },
  ],
];

test.each(weighing)("which routes are weighed: %s", (_name, spec, reference, expected) => {
  const found = weighedRoutes(service(spec), { name: "web", ...reference }, ["added"]);

  expect(found).toEqual(
    typeof expected === "string" ? { is: "fault", message: expected } : { is: "resolved", value: expected },
  );
});

test("only the weighed routes change, of every protocol", () => {
  const before = service(everything);

  const after = withWeight(before, { http: [0], tls: [1], tcp: [0] }, byHost, 50);

  const shares = (routes: readonly { readonly route?: readonly { readonly weight?: number }[] }[] = []) =>
    routes.map((one) => one.route?.[1]?.weight);
  expect(shares(after.spec.http)).toEqual([50, 0]);
  expect(shares(after.spec.tls)).toEqual([0, 50]);
  expect(shares(after.spec.tcp)).toEqual([50, 0, 0]);
  expect(after.spec.http?.[1]).toBe(before.spec.http?.[1]);
  expect(routedWeight(before, { http: [0], tls: [1], tcp: [0] }, byHost)).toBe(0);
});

const bySubset: Sides = {
  ...byHost,
  canaryService: undefined,
  stableService: undefined,
  canarySubset: "c",
  stableSubset: "s",
};
test.each([
  [byHost, both, undefined],
  [byHost, [route("web-stable")], "Canary Service 'web-canary' not found in route"],
  [byHost, [route("web-canary")], "Stable Service 'web-stable' not found in route"],
  [bySubset, [{ destination: { host: "web", subset: "s" } }], "Canary DestinationRule subset 'c' not found in route"],
  [bySubset, [{ destination: { host: "web", subset: "c" } }], "Stable DestinationRule subset 's' not found in route"],
  [bySubset, [{ destination: { host: "web", subset: "c" } }, { destination: { host: "web", subset: "s" } }], undefined],
])("a weighed route leads to both versions: %j", (sides, destinations, fault) => {
  const found = destinationFault(service({ http: [{ route: destinations }] }), onlyHttp(0), sides);

  expect(found).toBe(fault);
});

test("subsets get their versions, other labels stay, subsets of neither side are dropped", () => {
  const reference = { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" };
  const rule: DestinationRule = {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "web" },
    spec: { host: "web", subsets: [{ name: "stable", labels: { tier: "a" } }, { name: "canary" }, { name: "mine" }] },
  };

  const after = withSubsetHashes(rule, reference, { canary: "two", stable: "one" });

  expect(after.spec.subsets).toEqual([
    { name: "stable", labels: { tier: "a", "rollouts-pod-template-hash": "one" } },
    { name: "canary", labels: { "rollouts-pod-template-hash": "two" } },
  ]);
  expect(subsetHashes(after, reference)).toEqual({ canary: "two", stable: "one" });
  expect(withSubsetHashes(after, reference, { canary: undefined, stable: "one" })).toBe(after);
  const listed = withSubsetHashes(
    rule,
    { ...reference, additionalSubsetNames: ["mine"] },
    { canary: "two", stable: "one" },
  );
  expect(listed.spec.subsets).toEqual([...(after.spec.subsets ?? []), { name: "mine" }]);
});

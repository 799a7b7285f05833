import type { CanaryStep, HttpRoute, VirtualService } from "@sluice/api";
import { expect, test } from "vitest";
import { stepRoutes, withManagedRoutes } from "./managed-routes.ts";

const tester = { headerName: "X-Tester", headerValue: { exact: "yes" } };
const header = (name: string, match?: readonly (typeof tester)[]): CanaryStep => ({
  setHeaderRoute: { name, ...(match === undefined ? {} : { match }) },
});
const mirror = (name: string, match?: readonly object[]): CanaryStep => ({
  setMirrorRoute: { name, percentage: 35, ...(match === undefined ? {} : { match }) },
});

/** The routes in force after some steps, by name. */
test.each([
  ["none without a step", [{ setWeight: 10 }], []],
  ["a step's, while others follow", [header("a", [tester]), { setWeight: 10 }], ["a"]],
  ["a step without match takes it away", [header("a", [tester]), header("a")], []],
  ["an empty match too", [header("a", [tester]), header("a", [])], []],
  ["a mirror without match too", [mirror("m", [{ path: { prefix: "/" } }]), mirror("m")], []],
  ["several at once", [header("a", [tester]), mirror("m", [{ path: { prefix: "/" } }])], ["a", "m"]],
  ["the later of one name", [mirror("a", [{ path: { prefix: "/" } }]), header("a", [tester])], ["a"]],
] as const)("%s", (_name, steps, names) => {
  expect(stepRoutes(steps as readonly CanaryStep[]).map(({ name }) => name)).toEqual(names);
});

const stable = { destination: { host: "web", subset: "stable", port: { number: 80 } }, weight: 80 };
const canary = { destination: { host: "web", subset: "canary", port: { number: 80 } }, weight: 20 };
const primary: HttpRoute = { name: "primary", timeout: "10s", route: [stable, canary] };
const mine: HttpRoute = { name: "mine", route: [stable] };
const service = (...http: readonly HttpRoute[]): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "web" },
  spec: { hosts: ["web"], http },
});
const placed = (before: VirtualService, steps: readonly CanaryStep[], managed = ["first", "second"]) =>
  withManagedRoutes(before, {
    weighed: { http: [before.spec.http?.findIndex(({ name }) => name === "primary") ?? 0], tls: [], tcp: [] },
    sides: { canaryService: undefined, stableService: undefined, canarySubset: "canary", stableSubset: "stable" },
    managed,
    wanted: stepRoutes(steps),
    weight: 20,
    beside: [],
  });

test("any of the headers leads all of its requests to the canary, with the weighed route's promises", () => {
  const other = { headerName: "x-beta", headerValue: { exact: "1" } };

  const after = placed(service(mine, primary), [header("first", [tester, other])]);

  expect(after.spec.http).toEqual([
    {
      name: "first",
      match: [{ headers: { "x-tester": { exact: "yes" } } }, { headers: { "x-beta": { exact: "1" } } }],
      route: [{ ...canary, weight: 100 }],
      timeout: "10s",
    },
    mine,
    primary,
  ]);
});

test("a mirrored request goes by the weights, and a copy to the canary; all of a match must hold", () => {
  const match = [{ method: { exact: "GET" }, path: { prefix: "/a" }, headers: { "X-A": { exact: "b" } } }];

  const after = placed(service(primary), [mirror("second", match)]);

  expect(after.spec.http?.[0]).toEqual({
    name: "second",
    match: [{ method: { exact: "GET" }, uri: { prefix: "/a" }, headers: { "x-a": { exact: "b" } } }],
    route: [stable, canary],
    timeout: "10s",
    mirror: canary.destination,
    mirrorPercentage: { value: 35 },
  });
});

test("a mirror without percentage copies all", () => {
  const after = placed(service(primary), [{ setMirrorRoute: { name: "first", match: [{ path: { prefix: "/" } }] } }]);

  expect(after.spec.http?.[0]?.mirrorPercentage).toEqual({ value: 100 });
});

test("they stand before all others, in the order of managedRoutes whatever the order of the steps", () => {
  const after = placed(service(mine, primary), [header("second", [tester]), header("first", [tester])]);

  expect(after.spec.http?.map(({ name }) => name)).toEqual(["first", "second", "mine", "primary"]);
  expect(placed(after, [header("second", [tester]), header("first", [tester])])).toBe(after);
});

test("what is no longer wanted is taken away, what isn't managed stays", () => {
  const before = placed(service(mine, primary), [header("first", [tester])]);

  expect(placed(before, []).spec.http).toEqual([mine, primary]);
});

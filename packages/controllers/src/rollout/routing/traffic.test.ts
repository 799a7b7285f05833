import type { CanaryStrategy, DestinationRule, VirtualService } from "@sluice/api";
import { expect, test } from "vitest";
import { subsetHashes, withSubsetHashes } from "./destination-rule.ts";
import { managedRouteIndexes, routedWeight, withWeight } from "./virtual-service.ts";

const byHost: CanaryStrategy = {
  canaryService: "web-canary",
  stableService: "web-stable",
  trafficRouting: { istio: { virtualService: { name: "web" } } },
};
const route = (host: string, weight?: number) => ({
  destination: { host },
  ...(weight === undefined ? {} : { weight }),
});

const service = (...http: NonNullable<VirtualService["spec"]["http"]>): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "web" },
  spec: { hosts: ["web"], http },
});

test("hosts are compared by their short name, and destinations of neither side are dropped", () => {
  const before = service({
    route: [route("web-stable.shop.svc.cluster.local", 70), route("web-canary", 10), route("stranger", 20)],
  });

  const after = withWeight(before, byHost, 25);

  expect(after.spec.http?.[0]?.route).toEqual([
    route("web-stable.shop.svc.cluster.local", 75),
    route("web-canary", 25),
  ]);
  expect(routedWeight(after, byHost)).toBe(25);
  expect(withWeight(after, byHost, 25)).toBe(after);
});

test("one route needs no name, of several each does, and only the named ones change", () => {
  const named = service(
    { name: "api", route: [route("web-stable", 100), route("web-canary", 0)] },
    { name: "other", route: [route("web-stable", 100), route("web-canary", 0)] },
  );
  const canary: CanaryStrategy = {
    ...byHost,
    trafficRouting: { istio: { virtualService: { name: "web", routes: ["api"] } } },
  };

  expect(managedRouteIndexes(service({ route: [] }), [])).toEqual({ is: "resolved", value: [0] });
  expect(managedRouteIndexes(named, []).is).toBe("fault");
  expect(managedRouteIndexes(named, ["nope"])).toEqual({
    is: "fault",
    message: "HTTP Route 'nope' is not found in the defined Virtual Service.",
  });
  const after = withWeight(named, canary, 50);
  expect(after.spec.http?.[0]?.route?.[1]?.weight).toBe(50);
  expect(after.spec.http?.[1]).toBe(named.spec.http?.[1]);
});

test("subsets get their versions, other labels and subsets stay", () => {
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
    { name: "mine" },
  ]);
  expect(subsetHashes(after, reference)).toEqual({ canary: "two", stable: "one" });
  expect(withSubsetHashes(after, reference, { canary: undefined, stable: "one" })).toBe(after);
});

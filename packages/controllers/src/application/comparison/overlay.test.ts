import type { Resource } from "@sluice/api";
import { describe, expect, test } from "vitest";
import { overlayClaims } from "./overlay.ts";

describe("claims", () => {
  const virtualService = (...weights: number[]) =>
    ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "shop", namespace: "a" },
      spec: {
        http: [
          {
            name: "primary",
            route: [
              { destination: { host: "s", subset: "stable" }, weight: weights[0] },
              { destination: { host: "s", subset: "canary" }, weight: weights[1] },
            ],
          },
          { name: "other", route: [{ destination: { host: "o" }, weight: weights[2] ?? 100 }] },
        ],
      },
    }) as Resource;
  const rollout = (name: string, routes?: string[]) =>
    ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "r", namespace: "a" },
      spec: { strategy: { canary: { trafficRouting: { istio: { virtualService: { name, routes } } } } } },
    }) as never;
  const weights = (resource: Resource) =>
    (resource.spec as { http: { route: { weight: number }[] }[] }).http.flatMap(({ route }) =>
      route.map(({ weight }) => weight),
    );

  test("the weights of a managed route are the Rollout's, the others git's", () => {
    const overlaid = overlayClaims(virtualService(100, 0, 50), virtualService(80, 20, 70), {
      rollouts: [rollout("shop", ["primary"])],
      isAutoscaled: false,
    });

    expect(weights(overlaid)).toEqual([80, 20, 50]);
  });

  test.each([
    ["another VirtualService", rollout("else", ["primary"])],
    ["another namespace", rollout("shop.b", ["primary"])],
    ["no route named where there are several", rollout("shop")],
  ])("%s: git's weights count", (_name, other) => {
    const overlaid = overlayClaims(virtualService(100, 0), virtualService(80, 20), {
      rollouts: [other],
      isAutoscaled: false,
    });

    expect(weights(overlaid)).toEqual([100, 0, 100]);
  });

  const whole = (canary: object) =>
    ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Rollout",
      metadata: { name: "r", namespace: "a" },
      spec: { strategy: { canary } },
    }) as never;
  const rule = { name: "shop", canarySubsetName: "canary", stableSubsetName: "stable" };
  const istioOf = (kind: string, spec: object) =>
    ({
      apiVersion: "networking.istio.io/v1",
      kind,
      metadata: { name: "shop", namespace: "a" },
      spec,
    }) as Resource;
  const to = (subset: string, weight: number) => ({ destination: { host: "s", subset }, weight });
  const istio = { virtualService: { name: "shop" }, destinationRule: rule };

  test("what goes beside both versions is the Rollout's, too", () => {
    const beside = { destination: { host: "web-fresh-baseline" }, weight: 20 };
    const live = istioOf("VirtualService", { http: [{ route: [to("stable", 60), to("canary", 20), beside] }] });
    const desired = istioOf("VirtualService", { http: [{ route: [to("stable", 100), to("canary", 0)] }] });

    expect(
      overlayClaims(desired, live, { rollouts: [whole({ trafficRouting: { istio } })], isAutoscaled: false }).spec,
    ).toEqual(live.spec);
  });

  test("routes that steps added are the Rollout's, before all others", () => {
    const added = { name: "testers", match: [{ headers: { "x-a": { exact: "b" } } }], route: [to("canary", 100)] };
    const primary = { name: "primary", route: [to("stable", 100), to("canary", 0)] };
    const desired = istioOf("VirtualService", { http: [primary] });
    const live = istioOf("VirtualService", { http: [added, { name: "by hand" }, primary] });

    const overlaid = overlayClaims(desired, live, {
      rollouts: [whole({ trafficRouting: { istio, managedRoutes: [{ name: "testers" }] } })],
      isAutoscaled: false,
    });

    expect(overlaid.spec).toEqual({ http: [added, primary] });
  });

  test("destinations and subsets of neither version don't come back with each sync", () => {
    const rollouts = [whole({ trafficRouting: { istio } })];
    const subsets = [{ name: "stable" }, { name: "canary" }, { name: "third" }];
    const live = [
      { name: "stable", labels: { "rollouts-pod-template-hash": "one" } },
      { name: "canary", labels: { "rollouts-pod-template-hash": "two" } },
    ];

    const routes = overlayClaims(
      istioOf("VirtualService", { http: [{ route: [to("stable", 90), to("canary", 0), to("third", 10)] }] }),
      istioOf("VirtualService", { http: [{ route: [to("stable", 80), to("canary", 20)] }] }),
      { rollouts, isAutoscaled: false },
    );
    const overlaid = overlayClaims(
      istioOf("DestinationRule", { host: "s", subsets }),
      istioOf("DestinationRule", { host: "s", subsets: live }),
      { rollouts, isAutoscaled: false },
    );

    const named = { ...istio, destinationRule: { ...rule, additionalSubsetNames: ["third"] } };
    const kept = overlayClaims(
      istioOf("DestinationRule", { host: "s", subsets }),
      istioOf("DestinationRule", { host: "s", subsets: [...live, { name: "third" }] }),
      { rollouts: [whole({ trafficRouting: { istio: named } })], isAutoscaled: false },
    );

    expect(routes.spec).toEqual({ http: [{ route: [to("stable", 80), to("canary", 20)] }] });
    expect(overlaid.spec).toEqual({ host: "s", subsets: live });
    expect(kept.spec).toEqual({ host: "s", subsets: [...live, { name: "third" }] });
  });

  test("tls and tcp weights are the Rollout's too, git's where a version is new to a route", () => {
    const l4 = (first: object[], second: object[]) =>
      istioOf("VirtualService", {
        tls: [{ match: [{ port: 443 }], route: first }],
        tcp: [{ match: [{ port: 1 }], route: second }],
      });
    const named = { name: "shop", tlsRoutes: [{ port: 443 }], tcpRoutes: [{ port: 1 }] };

    const overlaid = overlayClaims(
      l4([to("stable", 100), to("canary", 0)], [to("stable", 100), to("canary", 0)]),
      l4([to("stable", 70), to("canary", 30)], [to("stable", 100)]),
      { rollouts: [whole({ trafficRouting: { istio: { ...istio, virtualService: named } } })], isAutoscaled: false },
    );

    expect(overlaid).toEqual(l4([to("stable", 70), to("canary", 30)], [to("stable", 100), to("canary", 0)]));
  });

  test("replicas belong to an autoscaler only where there is one", () => {
    const deployment = (replicas: number) =>
      ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec: { replicas } }) as Resource;

    const claimed = overlayClaims(deployment(1), deployment(7), { rollouts: [], isAutoscaled: true });
    const free = overlayClaims(deployment(1), deployment(7), { rollouts: [], isAutoscaled: false });

    expect([claimed.spec, free.spec]).toEqual([{ replicas: 7 }, { replicas: 1 }]);
  });

  test("the replicas of a Deployment that a Rollout took over are the Rollout's", () => {
    const deployment = (replicas: number) =>
      ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "d" }, spec: { replicas } }) as Resource;
    const { metadata, ...rest } = deployment(0);
    const live = { ...rest, metadata: { ...metadata, annotations: { "sluice.dev/replicas-before": "3" } } };

    const overlaid = overlayClaims(deployment(3), live, { rollouts: [], isAutoscaled: false });

    expect(overlaid).toEqual(deployment(0));
  });
});

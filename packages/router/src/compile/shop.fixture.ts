import type { DestinationRule, EndpointSlice, Pod, Service, VirtualService } from "@sluice/api";
import type { RouteInputs } from "./route-compiler.ts";

export const metadata = (name: string, more: object = {}) => ({
  name,
  namespace: "production",
  uid: `uid-${name}`,
  ...more,
});

export const service = (name: string, ports: readonly object[] = [{ name: "http", port: 80 }]): Service => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: metadata(name),
  spec: { ports: ports as never, selector: { app: name } },
});

export const pod = (name: string, labels: Record<string, string>, annotations: Record<string, string> = {}): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: metadata(name, { labels, annotations }),
  spec: { containers: [] },
});

export const slice = (owner: string, pods: readonly string[], conditions: object = { ready: true }): EndpointSlice => ({
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

export const virtualService = (spec: object, annotations: Record<string, string> = {}): VirtualService => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: metadata("frontend-vs", { annotations }),
  spec: spec as never,
});

export const rule = (subsets: readonly object[]): DestinationRule => ({
  apiVersion: "networking.istio.io/v1",
  kind: "DestinationRule",
  metadata: metadata("frontend-dr"),
  spec: { host: "frontend", subsets: subsets as never },
});

export const canary = (stable: number, weight: number) =>
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

export function shop(over: Partial<RouteInputs> = {}): RouteInputs {
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

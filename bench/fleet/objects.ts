import type { Resource, Rollout } from "@sluice/api";
import { namespace } from "./world.ts";

export const nameOf = (index: number) => `web-${String(index).padStart(5, "0")}`;

export function rolloutOf(index: number, image: string, pauseSeconds: number): Rollout {
  const name = nameOf(index);
  const istio = {
    virtualService: { name, routes: ["primary"] },
    destinationRule: { name, canarySubsetName: "canary", stableSubsetName: "stable" },
  };
  const pause = { pause: { duration: `${pauseSeconds}s` } };
  const steps = [{ setWeight: 5 }, pause, { setWeight: 20 }, pause, { setWeight: 50 }, pause];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name, namespace, labels: { app: name }, annotations: { "sluice.dev/judge": "off" } },
    spec: {
      // No weight needs more Pods than the one before: what is measured is the step, not the machine's processes.
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "web", image }] } },
      strategy: { canary: { steps, trafficRouting: { istio } } },
    },
  };
}

export function routesOf(index: number): Resource[] {
  const name = nameOf(index);
  const route = ["stable", "canary"].map((subset) => ({
    destination: { host: name, subset },
    weight: subset === "stable" ? 100 : 0,
  }));
  const metadata = { name, namespace };
  const http = [{ name: "primary", route }];
  const subsets = ["stable", "canary"].map((subset) => ({ name: subset, labels: { app: name } }));
  return [
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata,
      spec: { hosts: [name], http },
    } as Resource,
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata,
      spec: { host: name, subsets },
    } as Resource,
  ];
}

export const quarantine = (index: number): Resource =>
  ({
    apiVersion: "sluice.dev/v1alpha1",
    kind: "Quarantine",
    metadata: { name: `bad-${index}`, namespace },
    spec: {
      namespace,
      workload: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", name: nameOf(index) },
      podTemplateHash: "abc",
      templateDigest: "abc",
      images: [],
      reason: "bench",
      decision: "bench",
    },
  }) as Resource;

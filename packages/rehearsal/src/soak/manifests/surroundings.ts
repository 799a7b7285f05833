import type { Resource } from "@sluice/api";
import type { Story } from "../story/story.ts";
import { canaryServiceName, namespace, stableServiceName } from "./release.ts";

export const application = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Application",
  namespace: "argocd",
  name: "web",
};

const service = (name: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
});
const template = (name: string, fields: object) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisTemplate",
  metadata: { name, namespace },
  spec: {
    metrics: [{ name, successCondition: "result[0] < 0.05", provider: { prometheus: { query: name } }, ...fields }],
  },
});
const route = ({ sides }: Story, side: "stable" | "canary", weight: number) => ({
  destination:
    sides === "subsets"
      ? { host: "web", subset: side }
      : { host: side === "canary" ? canaryServiceName : stableServiceName },
  weight,
});
const named = (kind: string, name: string, spec: object) => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind,
  metadata: { name, namespace },
  spec,
});

export const namespaces = [namespace, "argocd"].map(
  (name): Resource => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }),
);

/** Everything that a Rollout names. */
export const surroundings = (story: Story): readonly Resource[] =>
  [
    service("web"),
    service("web-preview"),
    ...(story.sides === "services" ? [service(canaryServiceName), service(stableServiceName)] : []),
    template("errors", {}),
    template("background", { interval: "10s" }),
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "web", namespace },
      spec: {
        hosts: ["web"],
        http: [{ name: "primary", route: [route(story, "stable", 100), route(story, "canary", 0)] }],
      },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "web", namespace },
      spec: { host: "web", subsets: [{ name: "stable" }, { name: "canary" }] },
    },
    named("RollbackPolicy", "careful", {
      judge: { mode: story.isEnforced ? "enforce" : "advise", windowSeconds: 20 },
      holdback: story.hasHoldback ? { weight: 5, seconds: 60 } : { weight: 0 },
      ...(story.hasFreshBaseline ? { freshBaseline: true } : {}),
    }),
    ...(story.hasRings ? [named("RingSet", "global", { rings: [{ name: "all", weight: 1 }] })] : []),
  ] as unknown as readonly Resource[];

/** Syncs by itself, takes out what git doesn't have, heals drift, and lets bad commits be reverted. */
export const applicationOf = (): Resource =>
  ({
    apiVersion: application.apiVersion,
    kind: application.kind,
    metadata: {
      name: application.name,
      namespace: application.namespace,
      annotations: { "sluice.dev/revert": "commit" },
    },
    spec: {
      project: "default",
      source: { repoURL: "https://git.example/shop.git", path: "web", targetRevision: "HEAD" },
      destination: { server: "https://kubernetes.default.svc", namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  }) as Resource;

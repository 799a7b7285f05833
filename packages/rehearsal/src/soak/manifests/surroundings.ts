import type { Resource } from "@sluice/api";
import type { Story } from "../story/story.ts";
import { analysisTemplates } from "./analyses.ts";
import { budgetsOf, policies } from "./policies.ts";
import { canaryServiceName, namespace, routeNames, settingsName, stableServiceName, type Wanted } from "./release.ts";

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
const route = ({ sides }: Story, side: "stable" | "canary", weight: number) => ({
  destination:
    sides === "subsets"
      ? { host: "web", subset: side }
      : { host: side === "canary" ? canaryServiceName : stableServiceName },
  weight,
});
const configMap = (name: string, data: object) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});
/** What nothing reads: it comes and goes. */
export const notesName = "web-notes";

export const namespaces = [namespace, "argocd"].map(
  (name): Resource => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }),
);

/** Everything that a Rollout names. */
export const surroundings = (story: Story, wanted: Wanted): readonly Resource[] =>
  [
    service("web"),
    service("web-preview"),
    ...(story.sides !== "subsets" ? [service(canaryServiceName), service(stableServiceName)] : []),
    ...(story.isConfigured ? [configMap(settingsName, { level: String(wanted.settings) })] : []),
    ...(wanted.hasNotes ? [configMap(notesName, { note: "to whom it may concern" })] : []),
    ...analysisTemplates(story),
    ...routeNames(story).map((name) => ({
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name, namespace },
      spec: {
        hosts: [name],
        http: [{ name: "primary", route: [route(story, "stable", 100), route(story, "canary", 0)] }],
      },
    })),
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "web", namespace },
      spec: { host: "web", subsets: [{ name: "stable" }, { name: "canary" }] },
    },
    ...policies(story, wanted),
    ...budgetsOf(story),
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

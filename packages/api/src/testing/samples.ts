import type { KindDefinition } from "../contract/kind-definition.ts";
import type { Resource } from "../contract/resource.ts";
import { builtInKinds } from "../kinds/built-in-kinds.ts";

/** The smallest right object of each kind, for tests that break one thing at a time. */
const container = { name: "shop", image: "shop:v1", ports: [{ name: "http", containerPort: 8080 }] };
const template = { metadata: { labels: { app: "shop" } }, spec: { containers: [container] } };
const selector = { matchLabels: { app: "shop" } };
const prometheus = { prometheus: { address: "http://prometheus:9090", query: "vector(1)" } };
const istio = {
  virtualService: { name: "shop", routes: ["primary"] },
  destinationRule: { name: "shop", canarySubsetName: "canary", stableSubsetName: "stable" },
};

const specs = {
  Pod: { spec: { containers: [container] } },
  Service: { spec: { selector: { app: "shop" }, ports: [{ name: "http", port: 80, targetPort: 8080 }] } },
  ConfigMap: { data: { "a.txt": "a" } },
  Secret: { data: { a: "YQ==" } },
  Namespace: {},
  Deployment: { spec: { selector, template } },
  ReplicaSet: { spec: { selector, template } },
  Job: { spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } } },
  PodTemplate: { template },
  PodDisruptionBudget: { spec: { selector, maxUnavailable: 1 } },
  Rollout: {
    spec: {
      replicas: 4,
      selector,
      template,
      strategy: {
        canary: {
          trafficRouting: { istio },
          steps: [{ setWeight: 10 }, { pause: { duration: "30s" } }, { setWeight: 50 }],
          analysis: { templates: [{ templateName: "success" }], args: [{ name: "service", value: "shop" }] },
        },
      },
    },
  },
  AnalysisTemplate: {
    spec: {
      metrics: [
        { name: "success", interval: "1m", count: 3, successCondition: "result[0] > 0.9", provider: prometheus },
      ],
    },
  },
  Application: {
    spec: {
      project: "default",
      source: { repoURL: "https://example.com/shop.git", path: "deploy", targetRevision: "HEAD" },
      destination: { server: "https://kubernetes.default.svc", namespace: "shop" },
    },
  },
  AppProject: {
    spec: {
      sourceRepos: ["*"],
      destinations: [{ server: "*", namespace: "*" }],
      clusterResourceWhitelist: [{ group: "*", kind: "*" }],
    },
  },
  RingSet: {
    spec: {
      user: { cookie: "user" },
      rings: [
        { name: "staff", weight: 1, who: [{ header: "x-staff", operator: "equals", values: ["yes"] }] },
        { name: "all", weight: 100 },
      ],
    },
  },
  RollbackPolicy: {
    spec: { rules: [{ name: "errors", when: [{ signal: "errorRate", above: 5 }], action: "immediate_rollback" }] },
  },
  VirtualService: {
    spec: { hosts: ["shop"], http: [{ name: "primary", route: [{ destination: { host: "shop" }, weight: 100 }] }] },
  },
  DestinationRule: { spec: { host: "shop", subsets: [{ name: "stable", labels: { app: "shop" } }] } },
  CustomResourceDefinition: {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      names: { plural: "widgets", kind: "Widget" },
      scope: "Namespaced",
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: {
                spec: {
                  type: "object",
                  required: ["size"],
                  properties: {
                    size: { type: "integer", minimum: 1 },
                    color: { type: "string", default: "red", enum: ["red", "blue"] },
                  },
                },
              },
            },
          },
        },
      ],
    },
  },
  Decision: {
    spec: {
      subject: { kind: "Rollout", name: "shop" },
      action: "pause",
      at: "2026-01-01T00:00:00Z",
      because: "a step",
    },
  },
} as const;

export type SampleKind = keyof typeof specs;

export function definitionOf(kind: string): KindDefinition {
  const definition = builtInKinds().find((known) => known.kind === kind);
  if (definition === undefined) throw new Error(`no kind ${kind}`);
  return definition;
}

/** A right object with one place changed: `set("Pod", "spec.containers.0.image", "")`; undefined takes it off. */
export function sample(kind: SampleKind, changes: Readonly<Record<string, unknown>> = {}): Resource {
  const { group, versions } = definitionOf(kind);
  const object = JSON.parse(
    JSON.stringify({
      apiVersion: group === "" ? versions[0] : `${group}/${versions[0]}`,
      kind,
      metadata: { name: "shop" },
      ...specs[kind],
    }),
  );
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let parent = object;
    for (const [index, key] of keys.entries()) {
      parent[key] ??= /^\d+$/.test(keys[index + 1] ?? last) ? [] : {};
      parent = parent[key];
    }
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return object;
}

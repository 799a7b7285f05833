import type { CanaryStep, Resource, Rollout } from "@sluice/api";
import type { Fate, Story } from "./story.ts";

export const namespace = "shop";
const pause = (duration?: string): CanaryStep => ({ pause: duration === undefined ? {} : { duration } });
const analysis: CanaryStep = { analysis: { templates: [{ templateName: "errors" }] } };

export const plans: readonly (readonly CanaryStep[])[] = [
  [{ setWeight: 20 }, pause("30s"), { setWeight: 60 }, pause("30s")],
  [{ setWeight: 10 }, pause("20s"), analysis, { setWeight: 50 }, pause("1m")],
  [{ setWeight: 25 }, pause(), { setWeight: 75 }, analysis],
  [],
  [
    { setCanaryScale: { replicas: 1 } },
    { setWeight: 5 },
    analysis,
    { setCanaryScale: { matchTrafficWeight: true } },
    { setWeight: 40 },
    pause("2m"),
  ],
];

export const templateOf = (version: number, fate: Fate) => ({
  metadata: { labels: { app: "web" } },
  spec: { containers: [{ name: "web", image: `web:v${version}-${fate}`, ports: [{ containerPort: 80 }] }] },
});

export function rolloutOf({ shape, plan, replicas, hasBackground }: Story): Rollout {
  const templates = [{ templateName: "background" }];
  const canary = {
    steps: plans[plan] ?? [],
    ...(hasBackground ? { analysis: { templates, startingStep: 1 } } : {}),
    ...(shape === "weights"
      ? {
          trafficRouting: {
            istio: {
              virtualService: { name: "web", routes: ["primary"] },
              destinationRule: { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" },
            },
          },
        }
      : {}),
  };
  const blueGreen = {
    activeService: "web",
    previewService: "web-preview",
    ...(plan === 2 ? { autoPromotionEnabled: false } : {}),
    ...(hasBackground ? { prePromotionAnalysis: { templates: [{ templateName: "errors" }] } } : {}),
  };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace },
    spec: {
      replicas,
      progressDeadlineSeconds: 120,
      selector: { matchLabels: { app: "web" } },
      template: templateOf(1, "well"),
      strategy: shape === "blueGreen" ? { blueGreen } : { canary },
    },
  } as Rollout;
}

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
const route = (subset: string, weight: number) => ({ destination: { host: "web", subset }, weight });

export const surroundings = ({ hasHoldback }: Story): readonly Resource[] =>
  [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    service("web"),
    service("web-preview"),
    template("errors", {}),
    template("background", { interval: "10s" }),
    {
      apiVersion: "networking.istio.io/v1",
      kind: "VirtualService",
      metadata: { name: "web", namespace },
      spec: { hosts: ["web"], http: [{ name: "primary", route: [route("stable", 100), route("canary", 0)] }] },
    },
    {
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      metadata: { name: "web", namespace },
      spec: { host: "web", subsets: [{ name: "stable" }, { name: "canary" }] },
    },
    ...(hasHoldback
      ? [
          {
            apiVersion: "sluice.dev/v1alpha1",
            kind: "RollbackPolicy",
            metadata: { name: "careful", namespace },
            spec: { judge: { mode: "advise" }, holdback: { weight: 5, seconds: 60 } },
          },
        ]
      : []),
  ] as unknown as readonly Resource[];

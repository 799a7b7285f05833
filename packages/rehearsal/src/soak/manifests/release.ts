import {
  type CanaryStep,
  notRevertibleAnnotation,
  type PodTemplateSpec,
  type Resource,
  type Rollout,
  ringsAnnotation,
} from "@sluice/api";
import type { Fate, Story } from "../story/story.ts";

export const namespace = "shop";
export const rolloutKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: "web" };
/** Where the template stands that a workloadRef names. */
export const templateKey = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "web-app" };

/** A ConfigMap that Pods read. */
export const settingsName = "web-settings";

const pause = (duration?: string): CanaryStep => ({ pause: duration === undefined ? {} : { duration } });
const templates = [{ templateName: "errors" }];
const args = [{ name: "hash", valueFrom: { podTemplateHashValue: "Latest" as const } }];
const analysis: CanaryStep = { analysis: { templates, args } };
const experiment: CanaryStep = {
  experiment: {
    templates: [
      { name: "baseline", specRef: "stable" },
      { name: "canary", specRef: "canary" },
    ],
    duration: "30s",
    analyses: [{ name: "errors", templateName: "errors" }],
  },
};

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
  [experiment, { setWeight: 30 }, pause("45s"), analysis, { setWeight: 80 }, pause("20s")],
  [
    { setWeight: 15 },
    { setHeaderRoute: { name: "testers", match: [{ headerName: "X-Tester", headerValue: { exact: "yes" } }] } },
    pause("30s"),
    { setMirrorRoute: { name: "copies", percentage: 50, match: [{ method: { exact: "GET" } }] } },
    pause("40s"),
    { setHeaderRoute: { name: "testers" } },
    { setWeight: 55 },
    pause("1m"),
  ],
];

/** Routes that steps may add. */
export const managedRoutes = ["testers", "copies"] as const;
export const canaryServiceName = "web-canary";
export const stableServiceName = "web-stable";

/** Without a router there are no routes to add. */
const isRouteless = ({ setHeaderRoute, setMirrorRoute }: CanaryStep): boolean =>
  setHeaderRoute === undefined && setMirrorRoute === undefined;

/** What changes while a story goes on, wherever it is written. */
export interface Wanted {
  readonly template: PodTemplateSpec;
  readonly replicas: number;
  readonly plan: number;
  readonly isEnforced: boolean;
  /** Which RingSet, which content of the ConfigMap that Pods read, and whether something is there that nobody reads. */
  readonly rings: number;
  readonly settings: number;
  readonly hasNotes: boolean;
}

interface VersionOptions {
  readonly fate: Fate;
  readonly isLasting: boolean;
  readonly isConfigured: boolean;
}

export const templateOf = (version: number, { fate, isLasting, isConfigured }: VersionOptions): PodTemplateSpec => ({
  metadata: {
    labels: { app: "web" },
    ...(isLasting ? { annotations: { [notRevertibleAnnotation]: `migration ${version}` } } : {}),
  },
  spec: {
    containers: [
      {
        name: "web",
        image: `web:v${version}-${fate}`,
        ports: [{ containerPort: 80 }],
        ...(isConfigured ? { envFrom: [{ configMapRef: { name: settingsName } }] } : {}),
      },
    ],
  },
});

const subsets = { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" };
const bothServices = { canaryService: canaryServiceName, stableService: stableServiceName };

function canaryOf({ shape, hasBackground, isDynamic, sides }: Story, plan: number) {
  const steps = plans[plan] ?? [];
  return {
    steps: shape === "weights" ? steps : steps.filter(isRouteless),
    ...(hasBackground ? { analysis: { templates: [{ templateName: "background" }], startingStep: 1 } } : {}),
    ...(shape === "weights"
      ? {
          ...(isDynamic ? { dynamicStableScale: true } : {}),
          ...(sides === "services" ? bothServices : {}),
          trafficRouting: {
            managedRoutes: managedRoutes.map((name) => ({ name })),
            istio: {
              virtualService: { name: "web", routes: ["primary"] },
              ...(sides === "services" ? {} : { destinationRule: subsets }),
            },
          },
        }
      : {}),
  };
}

/** Plan 2 waits for a person. */
const blueGreenOf = ({ hasBackground }: Story, plan: number) => ({
  activeService: "web",
  previewService: "web-preview",
  ...(plan === 2 ? { autoPromotionEnabled: false } : {}),
  ...(hasBackground || plan === 1 ? { prePromotionAnalysis: { templates, args } } : {}),
  ...(plan === 5 ? { postPromotionAnalysis: { templates, args } } : {}),
});

export function rolloutOf(story: Story, { template, replicas, plan }: Wanted): Rollout {
  const selector = { matchLabels: { app: "web" } };
  const reference = { apiVersion: "apps/v1", kind: "Deployment", name: templateKey.name, scaleDown: "onsuccess" };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: {
      name: rolloutKey.name,
      namespace,
      ...(story.hasRings ? { annotations: { [ringsAnnotation]: "global" } } : {}),
    },
    spec: {
      replicas,
      progressDeadlineSeconds: 120,
      ...(story.template === "own" ? { selector, template } : { workloadRef: reference }),
      strategy:
        story.shape === "blueGreen" ? { blueGreen: blueGreenOf(story, plan) } : { canary: canaryOf(story, plan) },
    },
  } as Rollout;
}

/** The Deployment that a Rollout takes over. */
export const takenOver = ({ template, replicas }: Wanted): Resource =>
  ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: templateKey.name, namespace },
    spec: { replicas, selector: { matchLabels: { app: "web" } }, template },
  }) as Resource;

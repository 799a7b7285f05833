import {
  notRevertibleAnnotation,
  type PodTemplateSpec,
  type Resource,
  type Rollout,
  ringsAnnotation,
} from "@sluice/api";
import type { Fate, Story } from "../story/story.ts";
import { blueGreenExtras, canaryExtras, rolloutExtras } from "./extras.ts";
import { managedRoutes, measured, planOf } from "./plans.ts";

export const namespace = "shop";
export const rolloutKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: "web" };
/** Where the template stands that a workloadRef names. */
export const templateKey = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "web-app" };

/** A ConfigMap that Pods read. */
export const settingsName = "web-settings";

export const activeServiceName = "web";
export const canaryServiceName = "web-canary";
export const stableServiceName = "web-stable";

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
  /** Deleted Rollouts aren't. */
  readonly isThere: boolean;
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
    // A node runs them, and lets them end what they are at.
    nodeName: "local",
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

const gateAnnotations: Readonly<Record<Story["off"][number], string>> = {
  crashLoop: "sluice.dev/gate-crash-loop",
  noData: "sluice.dev/gate-no-data",
  progressDeadline: "sluice.dev/gate-progress-deadline",
  neverReady: "sluice.dev/gate-never-ready",
  quarantine: "sluice.dev/gate-quarantine",
  judge: "sluice.dev/gate-judge",
};

const subsets = { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" };
const bothServices = { canaryService: canaryServiceName, stableService: stableServiceName };
/** Ping is the canary's until a first promotion: then the two begin to take turns. */
const pingPong = { pingService: canaryServiceName, pongService: stableServiceName };

/** The second one leads to the same versions by another name. */
export const routeNames = ({ routes }: Story): readonly string[] => (routes === "two" ? ["web", "web-shop"] : ["web"]);

function canaryOf(story: Story, plan: number) {
  const { shape, hasBackground, isDynamic, sides, extras } = story;
  const weighed = routeNames(story).map((name) => ({ name, routes: ["primary"] }));
  return {
    steps: planOf(plan, shape === "weights"),
    ...canaryExtras(extras, shape === "weights"),
    ...(hasBackground ? { analysis: { templates: [{ templateName: "background" }], startingStep: 1 } } : {}),
    ...(shape === "weights"
      ? {
          ...(isDynamic ? { dynamicStableScale: true } : {}),
          ...(sides === "services" ? bothServices : sides === "pingPong" ? { pingPong } : {}),
          trafficRouting: {
            managedRoutes: managedRoutes.map((name) => ({ name })),
            istio: {
              ...(weighed.length === 1 ? { virtualService: weighed[0] } : { virtualServices: weighed }),
              ...(sides !== "subsets" ? {} : { destinationRule: subsets }),
            },
          },
        }
      : {}),
  };
}

/** Plan 2 waits for a person. */
const blueGreenOf = ({ hasBackground, extras }: Story, plan: number) => ({
  ...blueGreenExtras(extras),
  activeService: activeServiceName,
  previewService: "web-preview",
  ...(plan === 2 ? { autoPromotionEnabled: false } : {}),
  ...(hasBackground || plan === 1 ? { prePromotionAnalysis: measured } : {}),
  ...(plan === 5 ? { postPromotionAnalysis: measured } : {}),
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
      annotations: {
        ...(story.hasRings ? { [ringsAnnotation]: "global" } : {}),
        ...Object.fromEntries(story.off.map((gate) => [gateAnnotations[gate], "off"])),
      },
    },
    spec: {
      replicas,
      progressDeadlineSeconds: 120,
      ...rolloutExtras(story.extras),
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

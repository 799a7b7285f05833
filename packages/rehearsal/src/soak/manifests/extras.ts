import type { BlueGreenStrategy, CanaryStrategy, Rollout } from "@sluice/api";
import type { Extra } from "../story/story.ts";

type Fields<Spec> = Partial<Record<Extra, Partial<Spec>>>;

const antiAffinity = { preferredDuringSchedulingIgnoredDuringExecution: { weight: 50 } };
const worn = (role: string) => ({ labels: { role }, annotations: { "example.com/role": role } });

const ofRollouts: Fields<Rollout["spec"]> = {
  minReady: { minReadySeconds: 5 },
  window: { rollbackWindow: { revisions: 2 } },
  deadlineAborts: { progressDeadlineAbort: true },
  deadlineStays: { progressDeadlineAbort: false },
};
const ofCanaries: Fields<CanaryStrategy> = {
  surge: { maxSurge: 1, maxUnavailable: 0 },
  noSurge: { maxSurge: 0, maxUnavailable: 1 },
  metadata: { canaryMetadata: worn("canary"), stableMetadata: worn("stable") },
  antiAffinity: { antiAffinity },
  threshold: { replicaProgressThreshold: { type: "Percent", value: 50 } },
};
/** A router is needed for these. */
const ofRouted: Fields<CanaryStrategy> = {
  delays: { scaleDownDelaySeconds: 60, abortScaleDownDelaySeconds: 20 },
  minPods: { minPodsPerReplicaSet: 2 },
};
const ofBlueGreen: Fields<BlueGreenStrategy> = {
  delays: { scaleDownDelaySeconds: 60, abortScaleDownDelaySeconds: 20 },
  metadata: { previewMetadata: worn("preview"), activeMetadata: worn("active") },
  antiAffinity: { antiAffinity },
  minPods: { previewReplicaCount: 1 },
  surge: { autoPromotionSeconds: 30 },
};

const chosen = <Spec>(extras: readonly Extra[], ...all: readonly Fields<Spec>[]): Partial<Spec> =>
  Object.assign({}, ...all.flatMap((fields) => extras.map((extra) => fields[extra])));

export const rolloutExtras = (extras: readonly Extra[]) => chosen(extras, ofRollouts);
export const canaryExtras = (extras: readonly Extra[], isRouted: boolean) =>
  isRouted ? chosen(extras, ofCanaries, ofRouted) : chosen(extras, ofCanaries);
export const blueGreenExtras = (extras: readonly Extra[]) => chosen(extras, ofBlueGreen);

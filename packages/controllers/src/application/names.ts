import type { KindKey } from "@sluice/kernel";

export const applicationKind: KindKey = { apiVersion: "argoproj.io/v1alpha1", kind: "Application" };

/** Owns, by server-side apply, the fields that git asks for. */
export const applicationFieldManager = "sluice-application";

/** Argo CD's annotations, labels and finalizers. */
export const annotations = {
  trackingId: "argocd.argoproj.io/tracking-id",
  refresh: "argocd.argoproj.io/refresh",
  syncWave: "argocd.argoproj.io/sync-wave",
  syncOptions: "argocd.argoproj.io/sync-options",
  compareOptions: "argocd.argoproj.io/compare-options",
  hook: "argocd.argoproj.io/hook",
  ignoreHealthcheck: "argocd.argoproj.io/ignore-healthcheck",
  helmHook: "helm.sh/hook",
  helmHookWeight: "helm.sh/hook-weight",
} as const;

export const resourcesFinalizer = "resources-finalizer.argocd.argoproj.io";
export const podTemplateHashLabel = "rollouts-pod-template-hash";

import type {
  AnalysisRun,
  Decision,
  ObjectMeta,
  Pod,
  ReplicaSet,
  Rollout,
  RolloutSpec,
  RolloutStatus,
} from "@sluice/api";
import type { ReleasePicture } from "./release-picture.ts";
import { renderRelease } from "./render-release.ts";

export const now = Date.parse("2026-01-01T00:10:00Z");
export const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString().replace(".000Z", "Z");
export const owned = (by: string) => [{ apiVersion: "v1", kind: "Owner", name: by, uid: by, controller: true }];

export const rollout = (strategy: RolloutSpec["strategy"], status: RolloutStatus): Rollout => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Rollout",
  metadata: { name: "page", namespace: "shop", uid: "page" },
  spec: { replicas: 2, strategy },
  status: { stableRS: "old", currentPodHash: "new", phase: "Progressing", ...status },
});

export const child = (name: string, hash: string, revision: number, by = "page"): ObjectMeta => ({
  name,
  namespace: "shop",
  uid: name,
  creationTimestamp: ago(60),
  labels: { "rollouts-pod-template-hash": hash },
  annotations: { "rollout.argoproj.io/revision": String(revision) },
  ownerReferences: owned(by),
});
export const containers = (image: string) => [{ name: "page", image }];

export const replicaSet = (hash: string, revision: number, replicas: number, deadline?: string): ReplicaSet => {
  const metadata = child(`page-${hash}`, hash, revision);
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, ...(deadline === undefined ? {} : { "scale-down-deadline": deadline }) },
    },
    spec: { replicas, selector: {}, template: { spec: { containers: containers(`page:v${revision}`) } } },
    status: { replicas },
  };
};

export const pod = (hash: string, name: string, restarts = 0): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "shop", uid: name, creationTimestamp: ago(50), ownerReferences: owned(`page-${hash}`) },
  spec: { containers: containers("page") },
  status: podStatus("page", restarts),
});

/** Of a Pod with one container, which is ready while it hasn't restarted. */
export const podStatus = (name: string, restartCount: number): NonNullable<Pod["status"]> => ({
  phase: "Running",
  conditions: [{ type: "Ready", status: restartCount === 0 ? "True" : "False" }],
  containerStatuses: [
    {
      name,
      image: name,
      imageID: "",
      ready: restartCount === 0,
      restartCount,
      state: restartCount === 0 ? { running: {} } : { waiting: { reason: "CrashLoopBackOff", message: "exit code 1" } },
    },
  ],
});

export const run = (name: string, type: string, by = "page"): AnalysisRun => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "AnalysisRun",
  metadata: {
    ...child(name, "new", 2, by),
    labels: { "rollouts-pod-template-hash": "new", "rollout-type": type },
  },
  spec: {
    metrics: [
      { name: "success", successCondition: "result[0] >= 0.95", failureLimit: 3, provider: { prometheus: {} } },
      { name: "p95", failureCondition: "result[0] > 0.3", provider: { prometheus: {} } },
    ],
  },
  status: {
    phase: "Running",
    startedAt: ago(40),
    metricResults: [
      {
        name: "success",
        phase: "Running",
        failed: 1,
        measurements: [
          { phase: "Failed", value: "[0.9254659]" },
          { phase: "Successful", value: "[0.99]" },
        ],
      },
    ],
  },
});

export const decision = (action: Decision["spec"]["action"], because: string, seconds: number): Decision => ({
  apiVersion: "sluice.dev/v1alpha1",
  kind: "Decision",
  metadata: { name: action, namespace: "shop" },
  spec: { subject: { kind: "Rollout", name: "page" }, action, at: ago(seconds), because },
});

export const picture = (of: Partial<ReleasePicture> & Pick<ReleasePicture, "rollout">): ReleasePicture => ({
  replicaSets: [replicaSet("new", 2, 1), replicaSet("old", 1, 2)],
  pods: [pod("new", "page-new-a"), pod("old", "page-old-a"), pod("old", "page-old-b")],
  analysisRuns: [],
  experiments: [],
  ringSet: undefined,
  decisions: [],
  judgement: undefined,
  ...of,
});

export const textOf = (of: ReleasePicture, columns = 80, everyPod = false): string =>
  renderRelease(of, () => "", { columns, now, everyPod });

export const blueGreen = {
  blueGreen: { activeService: "page", previewService: "page-preview", autoPromotionSeconds: 30 },
};
export const paused: RolloutStatus = {
  phase: "Paused",
  message: "BlueGreenPause",
  pauseConditions: [{ reason: "BlueGreenPause", startTime: ago(10) }],
  blueGreen: { activeSelector: "old", previewSelector: "new" },
  replicas: 3,
};

export const steps = [
  { setHeaderRoute: { name: "beta", match: [{ headerName: "x-beta", headerValue: { exact: "yes" } }] } },
  { setMirrorRoute: { name: "copy", match: [{ path: { prefix: "/" } }], percentage: 35 } },
  { setWeight: 20 },
  { experiment: { templates: [{ name: "candidate", specRef: "canary" as const, weight: 5 }], duration: "5m" } },
  { plugin: { name: "acme/warm-up" } },
  { pause: { duration: "1m" } },
  { setWeight: 100 },
];

import type { KindKey } from "@sluice/kernel";

/** The kinds that pages show, and where the API has them. */
export const liveKinds = {
  applications: { apiVersion: "argoproj.io/v1alpha1", kind: "Application" },
  rollouts: { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout" },
  analysisruns: { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" },
  experiments: { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment" },
  judgements: { apiVersion: "sluice.dev/v1alpha1", kind: "Judgement" },
  ringsets: { apiVersion: "sluice.dev/v1alpha1", kind: "RingSet" },
  bluegreendeployments: { apiVersion: "sluice.dev/v1alpha1", kind: "BlueGreenDeployment" },
  deployments: { apiVersion: "apps/v1", kind: "Deployment" },
  services: { apiVersion: "v1", kind: "Service" },
  jobs: { apiVersion: "batch/v1", kind: "Job" },
  replicasets: { apiVersion: "apps/v1", kind: "ReplicaSet" },
  pods: { apiVersion: "v1", kind: "Pod" },
  events: { apiVersion: "v1", kind: "Event" },
  decisions: { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" },
  quarantines: { apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine" },
} as const satisfies Readonly<Record<string, KindKey>>;

export type LiveKind = keyof typeof liveKinds;

export const isLiveKind = (name: string): name is LiveKind => Object.hasOwn(liveKinds, name);

/** One collection that a page follows; without a namespace, those of all. */
export interface LiveScope {
  readonly kind: LiveKind;
  readonly namespace?: string;
  /** Only what has this name; of Events and Decisions, what is about something of this name. */
  readonly name?: string;
  /** Only what a list shows of each: thousands of them are to be sent. */
  readonly isBrief?: boolean;
}

/** What `name` is compared with. */
export const nameField = (kind: LiveKind): string =>
  kind === "events" ? "involvedObject.name" : kind === "decisions" ? "spec.subject.name" : "metadata.name";

/** Where the collection is in the API's paths: `/apis/apps/v1/namespaces/shop/replicasets`. */
export function pathOf(kind: LiveKind, namespace?: string, name?: string): string {
  const { apiVersion } = liveKinds[kind];
  const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const within = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${group}${within}/${kind}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}

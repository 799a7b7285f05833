import type { Resource } from "@sluice/api";
import type { Fate, Story } from "../story/story.ts";
import { onceOf } from "./analyses.ts";
import { namespace } from "./release.ts";

export const workerKey = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "worker" };
export const coloursKey = { apiVersion: "sluice.dev/v1alpha1", kind: "BlueGreenDeployment", namespace, name: "front" };

export const workerTemplate = (version: number, fate: Fate) => ({
  metadata: { labels: { app: "worker" } },
  spec: { containers: [{ name: "worker", image: `worker:v${version}-${fate}` }] },
});

const deployment = (name: string, replicas: number, labels: object, image: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace },
  spec: {
    replicas,
    progressDeadlineSeconds: 120,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "main", image, ports: [{ containerPort: 80 }] }] },
    },
  },
});
const colour = (version: string, replicas: number) =>
  deployment(`front-${version}`, replicas, { app: "front", version }, "front:v0-well");

const pair = [
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: coloursKey.name, namespace },
    spec: { selector: { app: "front", version: "blue" }, ports: [{ port: 80 }] },
  },
  colour("blue", 2),
  colour("green", 0),
];

/** What is there beside the release when the story begins. */
export const beside = (story: Story): readonly Resource[] =>
  [
    ...(story.beside.includes("worker") ? [deployment("worker", 4, { app: "worker" }, "worker:v0-well")] : []),
    ...(story.beside.includes("colours") ? pair : []),
  ] as unknown as readonly Resource[];

export const jobOf = (number: number, fate: Fate): Resource =>
  ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: `job-${number}`, namespace },
    spec: {
      completions: 3,
      parallelism: 2,
      backoffLimit: 2,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image: `job:v${number}-${fate}` }] } },
    },
  }) as unknown as Resource;

export const coloursOf = (number: number, fate: Fate): Resource =>
  ({
    apiVersion: coloursKey.apiVersion,
    kind: coloursKey.kind,
    metadata: { name: coloursKey.name, namespace },
    spec: {
      release: String(number),
      image: `front:v${number}-${fate}`,
      timeoutSeconds: 60,
      drainSeconds: 10,
      verification: { requests: 5 },
      abort: false,
      ...(number % 2 === 0 ? { smoke: { image: "smoke:v1-well" } } : {}),
    },
  }) as unknown as Resource;

/** A person's: two versions side by side, sometimes measured. */
export const experimentOf = (number: number, fate: Fate): Resource => {
  const version = (name: string, replicas: number, image: string) => ({
    name,
    replicas,
    service: {},
    selector: { matchLabels: { app: "trial", arm: name } },
    template: {
      metadata: { labels: { app: "trial", arm: name } },
      spec: { containers: [{ name: "main", image, ports: [{ containerPort: 80 }] }] },
    },
  });
  const analysis = { name: "errors", templateName: "errors", requiredForCompletion: number % 4 === 0 };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Experiment",
    metadata: { name: `trial-${number}`, namespace },
    spec: {
      duration: "40s",
      progressDeadlineSeconds: 60,
      templates: [version("old", 1, "trial:v0-well"), version("new", 2, `trial:v${number}-${fate}`)],
      ...(number % 2 === 0 ? { analyses: [analysis] } : {}),
    },
  } as unknown as Resource;
};

export const ownRunName = (number: number): string => `run-${number}`;
/** Some are cleared away once they are over. */
export const isShortLived = (number: number): boolean => number % 2 === 1;

/** A person's: a query three times, and a Job once. */
export const runOf = (number: number, fate: Fate): Resource =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: ownRunName(number), namespace },
    spec: {
      metrics: [
        {
          name: "errors",
          interval: "10s",
          count: 3,
          successCondition: "result[0] < 0.05",
          failureLimit: 1,
          provider: { prometheus: { query: "errors" } },
        },
        { name: "probe", provider: { job: { spec: onceOf(`probe:v${number}-${fate}`) } } },
      ],
      ...(isShortLived(number) ? { ttlStrategy: { secondsAfterCompletion: 300 } } : {}),
    },
  }) as unknown as Resource;

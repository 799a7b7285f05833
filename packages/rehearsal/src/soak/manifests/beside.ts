import type { Resource } from "@sluice/api";
import type { Fate, Story } from "../story/story.ts";
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

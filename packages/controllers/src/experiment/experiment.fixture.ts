import type { AnalysisRun, Experiment, ExperimentSpec, ExperimentTemplate, ReplicaSet, Resource } from "@sluice/api";
import { seconds, type TaskWork } from "@sluice/kernel";
import { analysisRunReconciler } from "../analysisrun/index.ts";
import { World } from "../laws/index.ts";
import { modelledPods } from "../pods/modelled-pods.fixture.ts";
import { replicaSetReconciler } from "../replicaset/index.ts";
import { experimentReconciler } from "./index.ts";

export const namespace = "shop";
export const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Experiment", namespace, name: "compare" };
export const setKind = { apiVersion: "apps/v1", kind: "ReplicaSet" };
export const runKind = { apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" };
export const serviceKind = { apiVersion: "v1", kind: "Service" };

/** One version; an image that says `stuck` never becomes ready. */
export const version = (
  name: string,
  fields: Partial<ExperimentTemplate> = {},
  image = `shop:${name}`,
): ExperimentTemplate => ({
  name,
  selector: { matchLabels: { app: "shop", version: name } },
  template: {
    metadata: { labels: { app: "shop", version: name } },
    spec: { containers: [{ name: "shop", image, ports: [{ containerPort: 8080 }] }] },
  },
  ...fields,
});

export const template = (name: string, fields: object = {}): Resource =>
  ({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name, namespace },
    spec: {
      args: [{ name: "hash", value: "none" }],
      metrics: [
        {
          name,
          interval: "10s",
          successCondition: "result[0] < 0.05",
          provider: { prometheus: { query: `${name}{{args.hash}}` } },
          ...fields,
        },
      ],
    },
  }) as Resource;

export class Outside {
  /** By metric. */
  answers: Readonly<Record<string, number>> = {};
  readonly queries: string[] = [];
}

export const worldOf = (outside: Outside) => ({
  reconcilers: (effects: Parameters<typeof experimentReconciler>[0]) => [
    experimentReconciler(effects),
    analysisRunReconciler(effects),
    replicaSetReconciler(effects),
    modelledPods({
      readyAfter: ({ spec }) => (spec.containers[0]?.image?.includes("stuck") ? undefined : seconds(5)),
    })(effects),
  ],
  tasks: () => ({
    queryPrometheus: async ({ query }: TaskWork) => {
      outside.queries.push(String(query));
      const [, value = 0] = Object.entries(outside.answers).find(([name]) => String(query).startsWith(name)) ?? [];
      return { value: `[${value}]`, parsed: [value] };
    },
  }),
});

export async function prepare(world: World): Promise<void> {
  await world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  await world.apply(template("errors"), template("latency"), template("once", { interval: "10s", count: 2 }));
}

export const experiment = (spec: Partial<ExperimentSpec>): Experiment => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Experiment",
  metadata: { name: "compare", namespace },
  spec: { templates: [version("baseline"), version("canary")], ...spec },
});

export async function begin(spec: Partial<ExperimentSpec>, outside = new Outside()) {
  const world = await World.create(worldOf(outside));
  await prepare(world);
  await world.apply(experiment(spec));
  const status = async () => (await world.get<Experiment>(key))?.status ?? {};
  const sets = async () => {
    const found = await world.list<ReplicaSet>(setKind, { namespace });
    return Object.fromEntries(found.map(({ metadata, spec: { replicas } }) => [metadata.name, replicas]));
  };
  const runs = async () => {
    const found = await world.list<AnalysisRun>(runKind, { namespace });
    return found.map(({ metadata, status }) => [metadata.name, status?.phase]);
  };
  return { world, outside, status, sets, runs };
}

export const analyses = (...names: readonly string[]) => names.map((name) => ({ name, templateName: name }));

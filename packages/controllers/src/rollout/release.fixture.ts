import {
  type AnalysisRun,
  type CanaryStep,
  type CanaryStrategy,
  controlledBy,
  type Decision,
  type DestinationRule,
  keyOf,
  type Pod,
  type Quarantine,
  type ReplicaSet,
  type Resource,
  type Rollout,
  type RolloutSpec,
  type VirtualService,
} from "@sluice/api";
import { type Clock, formatInstant, type Instant, type Reconciler, seconds } from "@sluice/kernel";
import { analysisRunReconciler } from "../analysisrun/index.ts";
import { World, type WorldOptions } from "../laws/index.ts";
import { applyEffect, type Effect, type Effects, type TaskHandler } from "../loop/index.ts";
import { podHashLabel } from "../version/index.ts";
import { rolloutReconciler } from "./reconciler.ts";
import type { RequestedPatch } from "./status/patches.ts";
import { availableOf, hashOf, wantedOf } from "./view.ts";

const namespace = "shop";
const key = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace, name: "web" };

/**
 * What an image does: `crashing` restarts for ever, `greedy` is killed for its memory, `stuck` isn't there, `unready` runs and
 * never becomes ready, the rest is well; `pods` shows its Pods.
 */
const imageOf = ({ spec }: ReplicaSet): string => spec.template?.spec.containers[0]?.image ?? "";

/** A test says so how many Pods of a ReplicaSet are available at most. */
export const availableAnnotation = "test/available";
/** And that its controller hears nothing for now. */
const deafAnnotation = "test/deaf";

/** A ReplicaSet's Pods, as an agent would have them at once. */
const modelledReplicaSets = (effects: Effects): Reconciler<ReplicaSet, ReplicaSet, Effect> => ({
  kind: { apiVersion: "apps/v1", kind: "ReplicaSet" },
  observe: async (set) => set,
  plan(set, now) {
    if (set.metadata.annotations?.[deafAnnotation] !== undefined) return { actions: [], because: "deaf" };
    const replicas = wantedOf(set);
    const image = imageOf(set);
    const isWell = !["crashing", "greedy", "stuck", "unready"].some((word) => image.includes(word));
    const said = set.metadata.annotations?.[availableAnnotation];
    const available = said === undefined ? (isWell ? replicas : 0) : Math.min(replicas, Number(said));
    const pods = Array.from({ length: replicas }, (_, index) => modelledPod(set, index, image, now));
    const status = {
      replicas,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: set.metadata.generation ?? 0,
    };
    const isNew = set.status === undefined && (!isWell || image.includes("pods"));
    const made = pods.flatMap((object): Effect[] => [
      { do: "create", object },
      { do: "update", object, subresource: "status" },
    ]);
    return { actions: isNew ? made : [], status, because: "modelled" };
  },
  apply: (_set, effect) => applyEffect(effect, effects),
});

function modelledPod(set: ReplicaSet, index: number, image: string, now: Instant): Pod {
  const restartCount = image.includes("crashing") ? 3 : image.includes("greedy") ? 1 : 0;
  const at = formatInstant(now, "millis");
  const isReady = image.includes("pods");
  const state = image.includes("stuck")
    ? { waiting: { reason: "ErrImagePull", message: "no such tag" } }
    : isReady || image.includes("unready")
      ? { running: { startedAt: at } }
      : undefined;
  const end = image.includes("greedy") ? { exitCode: 137, reason: "OOMKilled" } : { exitCode: 1, reason: "Error" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${set.metadata.name}-${index}`,
      namespace,
      labels: { [podHashLabel]: hashOf(set) },
      ownerReferences: [controlledBy(set)],
    },
    spec: { containers: [{ name: "web", image }] },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: isReady ? "True" : "False", lastTransitionTime: at }],
      containerStatuses: [
        {
          name: "web",
          ready: isReady,
          restartCount,
          image,
          imageID: `${image}@sha256:1`,
          ...(state === undefined ? {} : { state }),
          ...(restartCount === 0 ? {} : { lastState: { terminated: end } }),
        },
      ],
    },
  } as Pod;
}

export const setWeight = (weight: number): CanaryStep => ({ setWeight: weight });
export const pause = (duration?: string): CanaryStep => ({ pause: duration === undefined ? {} : { duration } });
export const analysis = (templateName = "errors"): CanaryStep => ({ analysis: { templates: [{ templateName }] } });

const istio = {
  virtualService: { name: "web", routes: ["primary"] },
  destinationRule: { name: "web", canarySubsetName: "canary", stableSubsetName: "stable" },
};

export interface ReleaseOptions {
  readonly steps?: readonly CanaryStep[];
  readonly canary?: CanaryStrategy;
  readonly spec?: Partial<RolloutSpec>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** False: Pods are the weight. */
  readonly isRouted?: boolean;
}

export const rollout = (image: string, options: ReleaseOptions = {}): Rollout => {
  const { steps = [], canary = {}, spec = {}, annotations, isRouted = true } = options;
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Rollout",
    metadata: { name: "web", namespace, ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
      strategy: { canary: { steps, ...(isRouted ? { trafficRouting: { istio } } : {}), ...canary } },
      ...spec,
    },
  };
};

const route = (subset: string, weight: number) => ({ destination: { host: "web", subset }, weight });

const surroundings: readonly Resource[] = [
  {
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: "web", namespace },
    spec: {
      hosts: ["web"],
      http: [{ name: "primary", route: [route("stable", 100), route("canary", 0)] }],
    },
  } as Resource,
  {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: "web", namespace },
    spec: { host: "web", subsets: [{ name: "stable" }, { name: "canary" }] },
  } as Resource,
  template("errors", {}),
  template("latency", { interval: "10s" }),
];

export function template(name: string, fields: object): Resource {
  const metric = { name, successCondition: "result[0] < 0.05", provider: { prometheus: { query: name } } };
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisTemplate",
    metadata: { name, namespace },
    spec: { metrics: [{ ...metric, ...fields }] },
  } as Resource;
}

/** What the outside answers; a test changes it on the way. */
export class Outside {
  /** By query; by the image of the canary where a function. */
  answers: Readonly<Record<string, unknown>> = { errors: [0.01], latency: [0.01] };
  requests = 100;
  /** What users of each ring asked and of whom, `[name, canary, stable]`. */
  rings: readonly (readonly [string, number, number])[] = [];
  /** Of how many seconds they were asked. */
  readonly ringsSince: number[] = [];
  /** How many of the requests of a synthetic check are answered rightly. */
  passing = 1000;
  asked = 0;
}

export const handlers =
  (outside: Outside) =>
  (_clock: Clock): Readonly<Record<string, TaskHandler>> => ({
    queryPrometheus: async ({ query }) => {
      outside.asked++;
      const parsed = outside.answers[String(query)];
      if (parsed instanceof Error) throw parsed;
      return { value: JSON.stringify(parsed)?.replaceAll("null", "NaN") ?? "", parsed };
    },
    canaryTraffic: async () => ({ requests: outside.requests }),
    ringTraffic: async ({ sinceSeconds }) => {
      outside.ringsSince.push(Number(sinceSeconds));
      return { rings: outside.rings.map(([name, canary, stable]) => ({ name, canary, stable })) };
    },
    syntheticCheck: async ({ count }) => {
      const failed = Number(count) - outside.passing;
      return failed > 0
        ? { passed: outside.passing, failed, message: "GET / answered 500, expected 200" }
        : { passed: Number(count), failed: 0 };
    },
  });

export const reconcilers = (effects: Effects) => [
  rolloutReconciler(effects),
  analysisRunReconciler(effects),
  modelledReplicaSets(effects),
];

/** A world with one release in it, and words to look at it with. */
export class Release {
  readonly world: World;
  readonly outside: Outside;

  constructor(world: World, outside: Outside) {
    this.world = world;
    this.outside = outside;
  }

  static async begin(options: Partial<WorldOptions> = {}): Promise<Release> {
    const outside = new Outside();
    const world = await World.create({ reconcilers, tasks: handlers(outside), ...options });
    const release = new Release(world, outside);
    await release.prepare();
    return release;
  }

  async prepare(): Promise<void> {
    await this.world.client.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    await this.world.apply(...surroundings);
  }

  async push(image: string, options: ReleaseOptions = {}): Promise<void> {
    await this.world.apply(rollout(image, options));
  }

  async ask(request: (rollout: Rollout) => readonly RequestedPatch[]): Promise<void> {
    for (const { patch, subresource, target = key } of request(await this.rollout())) {
      await this.world.client.patch(target, patch, subresource === undefined ? {} : { subresource });
    }
    await this.world.settle();
  }

  async rollout(): Promise<Rollout> {
    const found = await this.world.get<Rollout>(key);
    if (found === undefined) throw new Error("the Rollout is gone");
    return found;
  }

  async status() {
    return (await this.rollout()).status ?? {};
  }

  async weight(name = "web"): Promise<number | undefined> {
    return (await this.virtualService(name))?.spec.http?.[0]?.route?.[1]?.weight;
  }

  /** The rings that the router is told of. */
  async routedRings(): Promise<string | undefined> {
    return (await this.virtualService())?.metadata.annotations?.["rings.sluice.dev/web"];
  }

  virtualService(name = "web"): Promise<VirtualService | undefined> {
    return this.world.get({ apiVersion: "networking.istio.io/v1", kind: "VirtualService", namespace, name });
  }

  /** The versions that the subsets lead to, by image. */
  async subsets(): Promise<Readonly<Record<string, string>>> {
    const rule = await this.world.get<DestinationRule>({
      apiVersion: "networking.istio.io/v1",
      kind: "DestinationRule",
      namespace,
      name: "web",
    });
    const { subsets } = rule?.spec ?? {};
    const images = new Map((await this.replicaSets()).map((set) => [hashOf(set), imageOf(set)]));
    return Object.fromEntries(
      (subsets ?? []).map(({ name, labels }) => [name, images.get(labels?.[podHashLabel] ?? "") ?? ""]),
    );
  }

  replicaSets() {
    return this.world.list<ReplicaSet>({ apiVersion: "apps/v1", kind: "ReplicaSet" }, { namespace });
  }

  /** Wanted Pods by image. */
  async pods(): Promise<Readonly<Record<string, number>>> {
    return Object.fromEntries((await this.replicaSets()).map((set) => [imageOf(set), wantedOf(set)]));
  }

  /** At most so many Pods of this version are available from now on; undefined: all of them. */
  limit(image: string, available: number | undefined): Promise<void> {
    return this.#note(image, availableAnnotation, available === undefined ? null : String(available));
  }

  /** Nobody hears from now on how many Pods this version is asked for. */
  deafen(image: string, isDeaf = true): Promise<void> {
    return this.#note(image, deafAnnotation, isDeaf ? "yes" : null);
  }

  async #note(image: string, annotation: string, value: string | null): Promise<void> {
    const isOwn = ({ metadata }: ReplicaSet) => metadata.ownerReferences?.[0]?.kind === "Rollout";
    const set = (await this.replicaSets()).find((candidate) => isOwn(candidate) && imageOf(candidate) === image);
    if (set === undefined) throw new Error(`no ReplicaSet of ${image}`);
    const noted = { metadata: { annotations: { [annotation]: value } } };
    await this.world.client.patch(keyOf(set), { type: "merge", value: noted });
    await this.world.settle();
  }

  async available(): Promise<number> {
    return (await this.replicaSets()).reduce((sum, set) => sum + availableOf(set), 0);
  }

  async stableImage(): Promise<string | undefined> {
    const { stableRS } = await this.status();
    const set = (await this.replicaSets()).find((candidate) => hashOf(candidate) === stableRS);
    return set === undefined ? undefined : imageOf(set);
  }

  analysisRuns() {
    return this.world.list<AnalysisRun>({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun" }, { namespace });
  }

  quarantines() {
    return this.world.list<Quarantine>({ apiVersion: "sluice.dev/v1alpha1", kind: "Quarantine" }, { namespace });
  }

  async decisions(): Promise<readonly string[]> {
    const found = await this.world.list<Decision>(
      { apiVersion: "sluice.dev/v1alpha1", kind: "Decision" },
      { namespace },
    );
    const order = ({ metadata }: Decision) => Number(metadata.resourceVersion);
    return found.toSorted((a, b) => order(a) - order(b)).map(({ spec }) => spec.action);
  }
}

/** Weights with an analysis between them. */
export const careful: ReleaseOptions = {
  steps: [setWeight(20), pause("1m"), analysis(), setWeight(50), pause("1m"), setWeight(100)],
};

/** Its first version, `web:v1`, has been there for a minute. */
export async function released(options: ReleaseOptions = careful): Promise<Release> {
  const release = await Release.begin();
  await release.push("web:v1", options);
  await release.world.run(seconds(60));
  return release;
}

import {
  type BlueGreenStrategy,
  controlledBy,
  type EndpointSlice,
  type Pod,
  type ReplicaSet,
  type Resource,
  type RolloutSpec,
  type Service,
} from "@sluice/api";
import { type Reconciler, seconds } from "@sluice/kernel";
import { analysisRunReconciler } from "../../analysisrun/index.ts";
import { serviceReconciler } from "../../endpointslice/index.ts";
import { World, type WorldOptions } from "../../laws/index.ts";
import { applyEffect, type Effect, type Effects } from "../../loop/index.ts";
import { podHashLabel } from "../../version/index.ts";
import { rolloutReconciler } from "../reconciler.ts";
import { availableAnnotation, handlers, Outside, Release } from "../release.fixture.ts";
import { hashOf, wantedOf } from "../view.ts";

const namespace = "shop";
const imageOf = ({ spec }: Pick<ReplicaSet, "spec">): string => spec.template?.spec.containers[0]?.image ?? "";

interface SetAndPods {
  readonly set: ReplicaSet;
  readonly pods: readonly Pod[];
}

/**
 * ReplicaSets with real Pods that are there at once: `crashing` restarts for ever, `stuck` never becomes ready, of `half` every
 * other one does.
 */
const replicaSetsWithPods = (effects: Effects): Reconciler<ReplicaSet, SetAndPods, Effect> => ({
  kind: { apiVersion: "apps/v1", kind: "ReplicaSet" },
  observe: async (set, read) => ({
    set,
    pods: await read.list<Pod>(
      { apiVersion: "v1", kind: "Pod" },
      { namespace, labels: { [podHashLabel]: hashOf(set) } },
    ),
  }),
  plan({ set, pods }) {
    const replicas = wantedOf(set);
    const names = Array.from({ length: replicas }, (_, index) => `${set.metadata.name}-${index}`);
    const missing = names.filter((name) => !pods.some(({ metadata }) => metadata.name === name));
    const surplus = pods.filter(({ metadata }) => !names.includes(metadata.name));
    const isReady = ({ status }: Pod) => status?.conditions?.some(({ status }) => status === "True") === true;
    const limit = Number(set.metadata.annotations?.[availableAnnotation] ?? Number.POSITIVE_INFINITY);
    const ready = Math.min(limit, pods.filter(isReady).length);
    const silent = pods.filter(({ status }) => status?.podIP === undefined);
    return {
      actions: [
        ...missing.map((name): Effect => ({ do: "create", object: podOf(set, name) })),
        ...silent.map(
          (pod): Effect => ({
            do: "update",
            object: { ...podOf(set, pod.metadata.name), metadata: pod.metadata },
            subresource: "status",
          }),
        ),
        ...surplus.map(
          ({ metadata }): Effect => ({
            do: "delete",
            key: { apiVersion: "v1", kind: "Pod", namespace, name: metadata.name },
          }),
        ),
      ],
      status: {
        replicas: pods.length,
        readyReplicas: ready,
        availableReplicas: ready,
        observedGeneration: set.metadata.generation ?? 0,
      },
      because: "modelled",
    };
  },
  apply: (_set, effect) => applyEffect(effect, effects),
});

function podOf(set: ReplicaSet, name: string): Pod {
  const image = imageOf(set);
  const isOdd = Number(name.at(-1)) % 2 === 1;
  const isWell = !image.includes("crashing") && !image.includes("stuck") && !(image.includes("half") && isOdd);
  const restartCount = image.includes("crashing") ? 3 : 0;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      labels: { ...set.spec.template?.metadata?.labels },
      ...(image.includes("unreachable") ? { annotations: { "sluice.dev/ports": "{}" } } : {}),
      ownerReferences: [controlledBy(set)],
    },
    spec: { containers: [{ name: "web", image, ports: [{ containerPort: 80 }] }] },
    status: {
      phase: "Running",
      podIP: "127.128.0.1",
      conditions: [{ type: "Ready", status: isWell ? "True" : "False" }],
      containerStatuses: [{ name: "web", ready: isWell, restartCount, image, imageID: image }],
    },
  } as Pod;
}

export const blueGreenReconcilers = (effects: Effects) => [
  rolloutReconciler(effects),
  analysisRunReconciler(effects),
  replicaSetsWithPods(effects),
  serviceReconciler(effects, { allocatesAddresses: false }),
];

const service = (name: string): Resource =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  }) as Resource;

export const services = [service("web"), service("web-preview")];

/** A release between an active and a preview Service, and words to look at it with. */
export const byHand = { autoPromotionEnabled: false };
export const analysed = (name: string) => ({ templates: [{ templateName: name }] });

export class BlueGreenRelease extends Release {
  /** Everybody has the first version. */
  static async released(strategy = {}, spec = {}): Promise<BlueGreenRelease> {
    const release = await BlueGreenRelease.begin();
    await release.pushBlueGreen("web:v1", strategy, spec);
    await release.world.run(seconds(60));
    return release;
  }

  static override async begin(options: Partial<WorldOptions> = {}): Promise<BlueGreenRelease> {
    const outside = new Outside();
    const world = await World.create({ reconcilers: blueGreenReconcilers, tasks: handlers(outside), ...options });
    const release = new BlueGreenRelease(world, outside);
    await release.prepare();
    return release;
  }

  override async prepare(): Promise<void> {
    await super.prepare();
    await this.world.apply(...services);
  }

  async pushBlueGreen(
    image: string,
    strategy: Partial<BlueGreenStrategy> = {},
    spec: Partial<RolloutSpec> = {},
  ): Promise<void> {
    const blueGreen = { activeService: "web", previewService: "web-preview", ...strategy };
    await this.push(image, { spec: { replicas: 2, ...spec, strategy: { blueGreen } } });
  }

  /** The image that a Service's selector names; "" where it names none. */
  async selected(name = "web"): Promise<string> {
    const found = await this.world.get<Service>({ apiVersion: "v1", kind: "Service", namespace, name });
    const hash = found?.spec.selector?.[podHashLabel];
    const set = (await this.replicaSets()).find((candidate) => hashOf(candidate) === hash);
    return set === undefined ? "" : imageOf(set);
  }

  /** Images of the Pods that would answer at a Service, each once. */
  async answering(name = "web"): Promise<readonly string[]> {
    const slices = await this.world.list<EndpointSlice>(
      { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
      { namespace, labels: { "kubernetes.io/service-name": name } },
    );
    const pods = slices
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready === true)
      .map(({ targetRef }) => targetRef?.name ?? "");
    const sets = await this.replicaSets();
    const images = sets.filter(({ metadata }) => pods.some((pod) => pod.startsWith(`${metadata.name}-`))).map(imageOf);
    return [...new Set(images)].sort();
  }
}

import {
  type BlueGreenDeployment,
  type BlueGreenDeploymentSpec,
  builtInKinds,
  type Decision,
  type Deployment,
  type Event,
  matchesSelector,
  type Pod,
  type PodStatus,
  type Resource,
  type Service,
} from "@sluice/api";
import { Fault, type Plan, type Reader, seconds } from "@sluice/kernel";
import { deploymentReconciler } from "../deployment/index.ts";
import { serviceReconciler } from "../endpointslice/index.ts";
import { jobReconciler } from "../job/index.ts";
import { World, type WorldOptions } from "../laws/index.ts";
import type { Effects, StoreAction, TaskHandler } from "../loop/index.ts";
import { modelledPods } from "../pods/modelled-pods.fixture.ts";
import { replicaSetReconciler } from "../replicaset/index.ts";
import { observe } from "./observe.ts";
import { blueGreenReconciler } from "./reconciler.ts";

const namespace = "default";
export const serviceKey = { apiVersion: "v1", kind: "Service", namespace, name: "frontend-service" };
const key = { apiVersion: "sluice.dev/v1alpha1", kind: "BlueGreenDeployment", namespace, name: "frontend-service" };
const deploymentKey = (colour: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  namespace,
  name: `frontend-${colour}`,
});

const deployment = (colour: string, replicas: number, image: string): Deployment => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: `frontend-${colour}`, namespace },
  spec: {
    replicas,
    selector: { matchLabels: { app: "frontend", version: colour } },
    template: {
      metadata: { labels: { app: "frontend", version: colour } },
      spec: {
        containers: [
          {
            name: "frontend",
            image,
            ports: [{ containerPort: 8080 }],
            livenessProbe: { httpGet: { path: "/health", port: 8080 } },
          },
        ],
      },
    },
  },
});

const service: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "frontend-service", namespace },
  spec: {
    selector: { app: "frontend", version: "blue" },
    ports: [{ port: 80, targetPort: 8080 }],
    type: "LoadBalancer",
  },
};

/** As git would have them. */
export const manifests: readonly Resource[] = [
  deployment("blue", 3, "shop:v1"),
  deployment("green", 0, "shop:v0"),
  service,
];

/** What lies outside: a fault's message where it goes wrong. */
export interface Outside {
  health?: string;
  verification?: string;
  webhook?: string;
  smokeExit?: number;
  neverReady?: string;
  /** Of the 10 requests a second that the new colour gets. */
  failing?: number;
  /** Of the thousand that the old one had. */
  usuallyFailing?: number;
  readonly posted: string[];
}

/** Pods of one machine; those of a Job end at once. */
const pods = (outside: Outside) => (effects: Effects) => {
  const serving = modelledPods({
    readyAfter: ({ metadata, spec }) =>
      spec.containers[0]?.image === outside.neverReady && metadata.labels?.app === "frontend" ? undefined : seconds(2),
  })(effects);
  const ended = (exitCode: number): PodStatus => ({
    phase: exitCode === 0 ? "Succeeded" : "Failed",
    containerStatuses: [
      {
        name: "smoke-test",
        image: "",
        imageID: "",
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode } },
      },
    ],
  });
  const plan = (pod: Pod, now: Parameters<typeof serving.plan>[1]): Plan<StoreAction, PodStatus> => {
    const isJobs = pod.metadata.labels?.["job-name"] !== undefined && pod.metadata.deletionTimestamp === undefined;
    return isJobs ? { actions: [], status: ended(outside.smokeExit ?? 0), because: "over" } : serving.plan(pod, now);
  };
  return { ...serving, plan };
};

export const blueGreenWorld = (outside: Outside): Omit<WorldOptions, "crash" | "stale"> => ({
  kinds: builtInKinds(),
  reconcilers: (effects) => [
    blueGreenReconciler(effects),
    deploymentReconciler(effects),
    replicaSetReconciler(effects),
    serviceReconciler(effects, { allocatesAddresses: false }),
    jobReconciler(effects),
    pods(outside)(effects),
  ],
  tasks: (clock) => {
    const answer =
      (what: () => string | undefined): TaskHandler =>
      async (work) => {
        if (work.do === "verifySwitch" && (work.hashes as string[]).length !== 1) throw new Fault("bug", "which Pods?");
        await new Promise<void>((resolve) => clock.after(seconds(1), resolve));
        const refusal = what();
        if (refusal !== undefined) throw new Fault("unavailable", refusal);
        return {};
      };
    return {
      checkHttp: answer(() => outside.health),
      verifySwitch: answer(() => outside.verification),
      userAnswers: async ({ sinceSeconds }) => {
        const requests = Number(sinceSeconds) * 10;
        const usual = { requests: 1000, failed: outside.usuallyFailing ?? 0 };
        return { requests, failed: Math.floor(requests * (outside.failing ?? 0)), usual };
      },
      postWebhook: async (work) => {
        outside.posted.push(`${(work.body as { text: string }).text} to ${work.url as string}`);
        if (outside.webhook !== undefined) throw new Fault("unavailable", outside.webhook);
        return {};
      },
    };
  },
});

/** A pair of which blue serves shop:v1 with three Pods, and what is asked of it. */
export class Pair {
  readonly world: World;
  readonly outside: Outside;

  private constructor(world: World, outside: Outside) {
    this.world = world;
    this.outside = outside;
  }

  static async begin(outside: Partial<Outside> = {}): Promise<Pair> {
    const whole = { posted: [], ...outside };
    const pair = new Pair(await World.create(blueGreenWorld(whole)), whole);
    await Pair.lay(pair.world);
    return pair;
  }

  /** The manifests of the pair, and time until blue serves. */
  static async lay(world: World): Promise<void> {
    await world.apply(...manifests);
    await world.run(seconds(5));
  }

  static async ask(world: World, spec: BlueGreenDeploymentSpec): Promise<void> {
    const { apiVersion, kind, name } = key;
    await world.apply({ apiVersion, kind, metadata: { name, namespace }, spec } as BlueGreenDeployment);
  }

  deploy(image: string | undefined, more: Partial<BlueGreenDeploymentSpec> = {}): Promise<void> {
    return Pair.ask(this.world, { release: image ?? "back", ...(image === undefined ? {} : { image }), ...more });
  }

  async abort(): Promise<void> {
    await this.world.client.patch(key, { type: "merge", value: { spec: { abort: true, by: "ann" } } });
    await this.world.settle();
  }

  async status() {
    return (await this.world.get<BlueGreenDeployment>(key))?.status;
  }

  /** What a pass sees that reads these kinds as they once were. */
  async observed(old: ReadonlyMap<string, readonly Resource[]>) {
    const object = await this.world.get<BlueGreenDeployment>(key);
    if (object === undefined) throw new Fault("bug", "no deploy was asked for");
    const read = {
      get: (wanted) => this.world.get(wanted),
      list: async (kind, { namespace: _, labels = {} } = {}) =>
        (old.get(kind.kind) ?? (await this.world.list(kind))).filter((one) =>
          matchesSelector({ matchLabels: labels }, one.metadata.labels ?? {}),
        ),
      task: () => ({ is: "absent" }),
    } as Reader;
    return { object, observed: await observe(object, read) };
  }

  /** Which colour the Service picks, and how many Pods of which image each colour has. */
  async picture(): Promise<string> {
    return Pair.pictureOf(this.world);
  }

  static async pictureOf(world: World): Promise<string> {
    const active = (await world.get<Service>(serviceKey))?.spec.selector?.version;
    const colour = async (name: string) => {
      const found = await world.get<Deployment>(deploymentKey(name));
      return `${name} ${found?.spec.replicas} ${found?.spec.template.spec.containers[0]?.image}`;
    };
    return [`-> ${active}`, await colour("blue"), await colour("green")].join(", ");
  }

  async decisions(): Promise<readonly string[]> {
    const found = await this.world.list<Decision>({ apiVersion: "sluice.dev/v1alpha1", kind: "Decision" });
    return [...found]
      .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
      .map(({ spec }) => `${spec.action}: ${spec.because}`);
  }

  async events(): Promise<readonly string[]> {
    const found = await this.world.list<Event>({ apiVersion: "v1", kind: "Event" });
    return found
      .filter(({ involvedObject }) => involvedObject?.kind === "BlueGreenDeployment")
      .map(({ reason, message }) => `${reason}: ${message}`);
  }
}

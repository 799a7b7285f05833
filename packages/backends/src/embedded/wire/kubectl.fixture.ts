import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { builtInKinds, type Deployment } from "@sluice/api";
import { type CommandResult, type Kubectl, kubectl } from "../../../../../test/kubectl.ts";
import type { PodLogs } from "./pod-logs.ts";
import { type WireWorld, wireWorld } from "./wire-world.fixture.ts";

export const versions = ["1.31", "1.35"] as const;

export const manifests = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: web
        image: shop:v1
        ports: [{containerPort: 8080, name: http}]
        readinessProbe: {httpGet: {path: /, port: http}}
      - {name: side, image: "side:v1"}
      volumes: [{name: tmp, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec:
      containers: [{name: web, image: "shop:v1"}]
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}]}}
`;

/** Says what it was asked, then goes on as a container would. */
const spokenLogs: PodLogs = {
  async *read(pod, options) {
    const lines = [`${pod.metadata.name} ${options.container}${options.previous ? " before" : ""}\n`, "second\n"];
    for (const line of options.tailLines === 1 ? lines.slice(1) : lines) yield Buffer.from(line);
    if (options.follow) yield Buffer.from("followed\n");
  },
};

export interface KubectlWorld {
  readonly world: WireWorld;
  readonly command: Kubectl;
  /** Holds `manifests`. */
  readonly file: string;
  /** kubectl in a namespace of its own. */
  readonly scene: () => Promise<{
    readonly namespace: string;
    readonly run: (...parameters: readonly string[]) => Promise<CommandResult>;
    readonly shop: {
      readonly apiVersion: string;
      readonly kind: string;
      readonly namespace: string;
      readonly name: string;
    };
    readonly deployment: () => Promise<Deployment>;
  }>;
}

export async function kubectlWorld(version: (typeof versions)[number]): Promise<KubectlWorld> {
  const world = await wireWorld(builtInKinds(), { podLogs: spokenLogs });
  const command = kubectl(version, world.kubeconfig, join(world.folder, "cache"));
  const file = join(world.folder, "shop.yaml");
  await writeFile(file, manifests);
  let namespaces = 0;
  const scene = async () => {
    const namespace = `scene-${++namespaces}`;
    await world.store.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const run = (...parameters: readonly string[]) => command("--namespace", namespace, ...parameters);
    const shop = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "shop" };
    return { namespace, run, shop, deployment: async () => (await world.store.get<Deployment>(shop)) as Deployment };
  };
  return { world, command, file, scene };
}

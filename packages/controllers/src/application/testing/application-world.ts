import {
  type Application,
  type Client,
  type KindDefinition,
  KindRegistry,
  type Patch,
  type Resource,
} from "@sluice/api";
import { Fault, type Millis } from "@sluice/kernel";
import { plainKinds, World, type WorldOptions } from "../../laws/index.ts";
import type { TaskHandler } from "../../loop/index.ts";
import type { RenderedSource } from "../manifests.ts";
import { applicationKind } from "../names.ts";
import { ApplicationReconciler } from "../reconciler.ts";
import { applyManifestsHandler } from "../sync/apply-manifests.ts";

/** A repository for tests in virtual time: revisions of manifests, and a HEAD that moves. */
export class ModelRepository {
  readonly #revisions = new Map<string, RenderedSource>();
  head = "";
  fault: Fault | undefined;
  fetches = 0;

  commit(revision: string, resources: readonly Resource[], faults: RenderedSource["faults"] = []): void {
    this.#revisions.set(revision, {
      revision,
      isBranch: true,
      commit: { author: "Ada", date: "2026-01-01T00:00:00Z", subject: revision },
      resources: resources.map((resource, index) => ({ file: "app/all.yaml", line: index + 1, resource })),
      faults,
      digest: revision,
    });
    this.head = revision;
  }

  readonly handler: TaskHandler = async (work) => {
    this.fetches++;
    if (this.fault !== undefined) throw this.fault;
    const wanted = work.revision === "HEAD" ? this.head : String(work.revision);
    const found = this.#revisions.get(wanted);
    if (found === undefined) throw new Fault("invalid", `revision ${wanted}: no branch, tag or commit of that name`);
    return found;
  };
}

/** The parts of a World that runs Applications against a model repository. */
export function applicationWorld(
  repository: ModelRepository,
  more: readonly KindDefinition[] = [],
): Omit<WorldOptions, "crash" | "stale"> {
  const kinds = new KindRegistry([...plainKinds, ...more]);
  let client: Client | undefined;
  return {
    reconcilers: (effects) => {
      client = effects.client;
      return [new ApplicationReconciler({ effects, kinds: (kind) => kinds.byKind(kind) })];
    },
    tasks: () => ({
      fetchManifests: repository.handler,
      // One write at a time, and none beside the pass that started it: a crash point is between two effects.
      applyManifests: async (work, cancellation) => {
        await new Promise<void>((resolve) => setImmediate(resolve));
        return applyManifestsHandler(client as Client, { parallel: 1 })(work, cancellation);
      },
    }),
  };
}

/** The same, in which what a sync writes comes so late. */
export const withLateSyncs = (parts: ReturnType<typeof applicationWorld>, wait: () => Millis): typeof parts => ({
  ...parts,
  tasks: (clock) => {
    const handlers = parts.tasks?.(clock) ?? {};
    const apply = handlers.applyManifests as TaskHandler;
    const late: TaskHandler = async (work, cancellation) => {
      if (wait() > 0) await new Promise<void>((resolve) => clock.after(wait(), resolve));
      return apply(work, cancellation);
    };
    return { ...handlers, applyManifests: late };
  },
});

export function application(
  spec: Partial<Application["spec"]> = {},
  metadata: Partial<Application["metadata"]> = {},
): Application {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "shop", namespace: "argocd", ...metadata },
    spec: {
      project: "default",
      source: { repoURL: "https://git.example/shop.git", path: "app", targetRevision: "HEAD" },
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
      ...spec,
    },
  };
}

export const configMapKind = { apiVersion: "v1", kind: "ConfigMap" };
export const automated = { syncPolicy: { automated: { prune: true, selfHeal: true } } };

export const configMap = (
  name: string,
  data: Record<string, string>,
  annotations: Record<string, string> = {},
): Resource => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, annotations }, data }) as Resource;

export const applicationKey = { ...applicationKind, namespace: "argocd", name: "shop" };

export const shop = async (world: World): Promise<Application> => {
  const found = await world.get<Application>(applicationKey);
  if (found === undefined) throw new Error("the Application is gone");
  return found;
};

/** What a push does: the watch of the repository annotates the Application. */
export async function announce(world: World): Promise<void> {
  await world.client.patch(applicationKey, {
    type: "merge",
    value: { metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } } },
  });
  await world.settle();
}

/** A world that one repository is delivered to. */
export interface Scene {
  readonly repository: ModelRepository;
  readonly world: World;
  /** What a ConfigMap holds. */
  readonly dataOf: (name: string, namespace?: string) => Promise<object | undefined>;
  /** Of the ConfigMaps in `default`. */
  readonly names: () => Promise<readonly string[]>;
  /** Changes the Application as a person does, and lets everything come to rest. */
  readonly act: (patch: Patch) => Promise<void>;
}

export async function sceneOf(repository = new ModelRepository()): Promise<Scene> {
  const world = await World.create(applicationWorld(repository));
  for (const name of ["default", "argocd"])
    await world.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  return {
    repository,
    world,
    dataOf: async (name, namespace = "default") =>
      (await world.get<Resource & { data?: object }>({ ...configMapKind, namespace, name }))?.data,
    names: async () => (await world.list(configMapKind, { namespace: "default" })).map(({ metadata }) => metadata.name),
    act: async (patch) => {
      await world.client.patch(applicationKey, patch);
      await world.settle();
    },
  };
}

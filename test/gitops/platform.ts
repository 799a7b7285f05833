import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Application,
  builtInKinds,
  type Client,
  type KindDefinition,
  KindRegistry,
  type Resource,
} from "@sluice/api";
import {
  ApplicationReconciler,
  applyManifestsHandler,
  Loop,
  type Pass,
  QuarantineReconciler,
  TaskBoard,
  workloadDigests,
} from "@sluice/controllers";
import { type Clock, instant, millis, type Random, seededRandom } from "@sluice/kernel";
import { ApplicationRefresher, GitSources, revertInGit } from "@sluice/sources";
import { ScratchRepository } from "@sluice/sources/testing";
import { createStore, type Store } from "@sluice/store";

const realClock: Clock = {
  now: () => instant(Date.now()),
  after(wait, task) {
    const timer = setTimeout(task, Math.max(0, wait));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Real repository, real git, real store with every schema, real time; only workloads don't run. */
export class RealPlatform {
  readonly repository: ScratchRepository;
  readonly folder: string;
  readonly sources: GitSources;
  readonly kinds: KindRegistry;
  readonly passes: Pass[] = [];
  #store: Store | undefined;
  #loop: Loop | undefined;
  #tasks: TaskBoard | undefined;
  #refresher: ApplicationRefresher | undefined;

  constructor(more: readonly KindDefinition[] = []) {
    this.repository = new ScratchRepository();
    this.folder = mkdtempSync(join(tmpdir(), "sluice-platform-"));
    this.sources = new GitSources({ folder: join(this.folder, "git") });
    this.kinds = new KindRegistry([...builtInKinds(), ...more]);
  }

  get client(): Client {
    if (this.#store === undefined) throw new Error("not started");
    return this.#store.client;
  }

  async start(): Promise<void> {
    const random: Random = seededRandom(1);
    this.#store = await createStore({
      kinds: this.kinds,
      clock: realClock,
      random,
      schedule: setImmediate,
      namespaces: ["default", "argocd"],
    });
    const { client } = this.#store;
    const { cache, renderer } = this.sources;
    const kindOf = (kind: Parameters<KindRegistry["byKind"]>[0]) => this.kinds.byKind(kind);
    const digestsOf = workloadDigests(kindOf);
    this.#tasks = new TaskBoard(realClock, {
      fetchManifests: (work) => this.sources.fetchManifests(work as never),
      applyManifests: applyManifestsHandler(client),
      revertInGit: (work) => revertInGit({ cache, renderer, stateFolder: this.folder, digestsOf }, work as never),
    });
    this.#loop = new Loop({
      client,
      clock: realClock,
      tasks: this.#tasks,
      fieldManager: "sluice",
      reconcilers: (effects) => [
        new ApplicationReconciler({ effects, kinds: kindOf, waveDelay: millis(20) }),
        new QuarantineReconciler({ effects }),
      ],
      onPass: (pass) => this.passes.push(pass),
    });
    await this.#loop.start();
    this.#refresher = new ApplicationRefresher({ client, sources: this.sources });
    this.#refresher.start();
  }

  application(
    name: string,
    spec: Partial<Application["spec"]> = {},
    annotations: Record<string, string> = {},
  ): Application {
    return {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata: { name, namespace: "argocd", annotations },
      spec: {
        project: "default",
        source: { repoURL: this.repository.url, path: "app", targetRevision: "main" },
        destination: { server: "https://kubernetes.default.svc", namespace: "default" },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
        ...spec,
      },
    };
  }

  get = async <R extends Resource>(
    apiVersion: string,
    kind: string,
    name: string,
    namespace = "default",
  ): Promise<R | undefined> => this.client.get<R>({ apiVersion, kind, namespace, name });

  async getApplication(name: string): Promise<Application | undefined> {
    return this.get<Application>("argoproj.io/v1alpha1", "Application", name, "argocd");
  }

  async stop(): Promise<void> {
    this.#refresher?.stop();
    this.#loop?.stop();
    this.#tasks?.cancelAll();
    this.sources.close();
    await this.#store?.stop();
    this.repository.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

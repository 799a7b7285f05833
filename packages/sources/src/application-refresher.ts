import type { Application, Client, Watch } from "@sluice/api";
import { keyOf } from "@sluice/api";
import { type Fault, toFault } from "@sluice/kernel";
import { parseRepositoryUrl, sameRepository } from "./git/repository-url.ts";
import type { GitSources } from "./git-sources.ts";

export interface ApplicationRefresherOptions {
  readonly client: Client;
  readonly sources: GitSources;
  /** How often remotes are polled. Default 30 s. */
  readonly pollMillis?: number;
  readonly onFault?: (repoURL: string, fault: Fault) => void;
}

interface WatchedRepository {
  readonly stop: () => void;
  readonly applications: Map<string, Application>;
}

const settleMillis = 5000;
const atOnce = 20;
const trickleMillis = 200;

const kind = { apiVersion: "argoproj.io/v1alpha1", kind: "Application" } as const;

/**
 * Watches the repository of every Application, and annotates those that a push is about
 * (`argocd.argoproj.io/refresh`), as Argo CD's webhook does: the API stays the only door.
 */
export class ApplicationRefresher {
  readonly #options: ApplicationRefresherOptions;
  readonly #repositories = new Map<string, WatchedRepository>();
  readonly #placed = new Map<string, string>();
  /** When each Application was last told: what its status says may be older news for a moment. */
  readonly #told = new Map<string, number>();
  readonly #later = new Set<string>();
  #trickling: NodeJS.Timeout | undefined;
  #watch: Watch<Application> | undefined;
  #isStopped = false;

  constructor(options: ApplicationRefresherOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#isStopped = true;
    this.#watch?.stop();
    clearTimeout(this.#trickling);
    for (const { stop } of this.#repositories.values()) stop();
    this.#repositories.clear();
  }

  /** For webhooks: the repositories under any of these URLs have changed. */
  async refresh(repoURLs: readonly string[]): Promise<void> {
    for (const [key, repository] of this.#repositories) {
      const [first] = repository.applications.values();
      const repoURL = first?.spec.source?.repoURL ?? key;
      if (
        repoURLs.some(
          (url) => sameRepository(url, repoURL) || sameRepository(withoutScheme(url), withoutScheme(repoURL)),
        )
      ) {
        this.#options.sources.invalidate(repoURL);
        await this.#changed(repository);
      }
    }
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      try {
        const seen = new Set<string>();
        this.#watch = this.#options.client.watch<Application>(kind, { sendInitialEvents: true, allowBookmarks: true });
        for await (const event of this.#watch) {
          if (event.type === "BOOKMARK") {
            if (event.initialEventsEnd)
              for (const name of [...this.#placed.keys()]) if (!seen.has(name)) this.#forget(name);
            continue;
          }
          const name = nameOf(event.object);
          seen.add(name);
          if (event.type === "DELETED") this.#forget(name);
          else this.#place(name, event.object);
        }
      } catch {
        // Expired, or the API is away: listed anew.
      }
      if (!this.#isStopped) await new Promise((resolve) => setTimeout(resolve, 500).unref());
    }
  }

  #place(name: string, application: Application): void {
    const repoURL = application.spec.source?.repoURL;
    const key = repoURL === undefined ? undefined : keyOfUrl(repoURL);
    if (this.#placed.get(name) !== key) this.#forget(name);
    if (key === undefined || repoURL === undefined) return;
    this.#placed.set(name, key);
    let repository = this.#repositories.get(key);
    if (repository === undefined) {
      const applications = new Map<string, Application>();
      const { sources, pollMillis, onFault } = this.#options;
      const made: WatchedRepository = {
        applications,
        stop: sources.watchRepository(repoURL, () => void this.#changed(made), {
          ...(pollMillis === undefined ? {} : { pollMillis }),
          ...(onFault === undefined ? {} : { onFault: (fault) => onFault(repoURL, fault) }),
        }),
      };
      repository = made;
      this.#repositories.set(key, made);
    }
    repository.applications.set(name, application);
  }

  #forget(name: string): void {
    const key = this.#placed.get(name);
    if (key === undefined) return;
    this.#placed.delete(name);
    this.#told.delete(name);
    const repository = this.#repositories.get(key);
    repository?.applications.delete(name);
    if (repository === undefined || repository.applications.size > 0) return;
    repository.stop();
    this.#repositories.delete(key);
  }

  /**
   * Applications whose manifests changed are told at once. The others only learn the new revision, a few at a time:
   * in a repository of a thousand Applications a push must not wait behind 999 that it isn't about.
   */
  async #changed({ applications }: WatchedRepository): Promise<void> {
    const resolved = new Map<string, Promise<string | undefined>>();
    const unaffected: Application[] = [];
    const looks = [...applications.values()].map(async (application) => {
      const { source } = application.spec;
      if (source === undefined) return;
      const revision = source.targetRevision ?? "HEAD";
      let sha = resolved.get(revision);
      if (sha === undefined) {
        sha = this.#options.sources.resolveRevision(source.repoURL, revision).catch(() => undefined);
        resolved.set(revision, sha);
      }
      const found = await sha;
      const known = application.status?.sync?.revision;
      const isSettled = Date.now() - (this.#told.get(nameOf(application)) ?? 0) > settleMillis;
      if (isSettled && found !== undefined && found === known) return;
      if (found !== undefined && known !== undefined && (await this.#isSame(application, known, found))) {
        unaffected.push(application);
      } else await this.#tell(application);
    });
    await Promise.all(looks);
    if (unaffected.length <= atOnce) await Promise.all(unaffected.map((application) => this.#tell(application)));
    else {
      for (const application of unaffected) this.#later.add(nameOf(application));
      this.#trickle();
    }
  }

  #isSame({ spec }: Application, a: string, b: string): Promise<boolean> {
    const { repoURL = "", path = ".", directory = {} } = spec.source ?? {};
    const { recurse, include, exclude } = directory;
    const options = {
      ...(recurse === undefined ? {} : { recurse }),
      ...(include === undefined ? {} : { include }),
      ...(exclude === undefined ? {} : { exclude }),
    };
    return this.#options.sources.isSame({ repoURL, path, directory: options }, a, b);
  }

  async #tell(application: Application): Promise<void> {
    this.#told.set(nameOf(application), Date.now());
    try {
      const value = { metadata: { annotations: { "argocd.argoproj.io/refresh": "normal" } } };
      await this.#options.client.patch(keyOf(application), { type: "merge", value });
    } catch (thrown) {
      this.#options.onFault?.(application.spec.source?.repoURL ?? "", toFault(thrown));
    }
  }

  #trickle(): void {
    if (this.#trickling !== undefined) return;
    const step = async () => {
      for (const name of [...this.#later].slice(0, atOnce)) {
        this.#later.delete(name);
        const application = this.#repositories.get(this.#placed.get(name) ?? "")?.applications.get(name);
        if (application !== undefined && !this.#isStopped) await this.#tell(application);
      }
      const isMore = this.#later.size > 0 && !this.#isStopped;
      this.#trickling = isMore ? setTimeout(() => void step(), trickleMillis).unref() : undefined;
    };
    this.#trickling = setTimeout(() => void step(), trickleMillis).unref();
  }
}

const nameOf = ({ metadata }: Application): string => `${metadata.namespace ?? ""}/${metadata.name}`;

const withoutScheme = (url: string): string =>
  url.replace(/^ssh:\/\/(?:[^@/]+@)?/, "https://").replace(/^[^@/:]+@([^:/]+):/, "https://$1/");

function keyOfUrl(repoURL: string): string | undefined {
  try {
    return parseRepositoryUrl(repoURL).key;
  } catch {
    return undefined;
  }
}

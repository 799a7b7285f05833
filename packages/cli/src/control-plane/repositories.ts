import type { IncomingMessage, ServerResponse } from "node:http";
import type { Application, Client, Resource } from "@sluice/api";
import { ResourceCache, refreshPatch } from "@sluice/controllers";
import { toFault } from "@sluice/kernel";
import {
  credentialsFromSecrets,
  GitSources,
  HookHandler,
  type RepositoryCredential,
  sameRepository,
} from "@sluice/sources";
import type { Credentials } from "../state/credentials.ts";
import type { StateFolder } from "../state/state-folder.ts";
import type { Log } from "./log.ts";
import { realClock } from "./real-clock.ts";

const secretLabels = ["repository", "repo-creds"];

export interface RepositoriesOptions {
  readonly state: StateFolder;
  readonly client: Client;
  readonly credentials: Credentials;
  readonly log: Log;
}

/**
 * The repositories that Applications name: watched while one does, by their refs on this machine and by polls
 * elsewhere; a change, or a forge's webhook, asks the Applications of that repository to look again.
 */
export class Repositories {
  readonly sources: GitSources;
  readonly hooks: HookHandler;
  readonly #client: Client;
  readonly #log: Log;
  readonly #cache: ResourceCache;
  readonly #watches = new Map<string, () => void>();
  readonly #applications = new Map<string, Application>();
  readonly #secrets = new Map<string, Resource>();
  #credentials: readonly RepositoryCredential[] = [];

  constructor({ state, client, credentials, log }: RepositoriesOptions) {
    this.#client = client;
    this.#log = log;
    this.sources = new GitSources({ folder: state.repositories, credentials: () => this.#credentials });
    const { hookSecret } = credentials;
    this.hooks = new HookHandler({
      secrets: () => ({ github: hookSecret, gitlab: hookSecret, gitea: hookSecret }),
      onPush: (urls) => this.#pushed(urls),
    });
    this.#cache = new ResourceCache({ client, clock: realClock });
    this.#cache.onChange(({ kind, object, resource, isGone }) => {
      if (kind === "Secret") this.#secretChanged(object, resource, isGone);
      else this.#applicationChanged(object, resource as Application, isGone);
    });
  }

  async start(): Promise<void> {
    for (const type of secretLabels) {
      await this.#cache.list(
        { apiVersion: "v1", kind: "Secret" },
        { labels: { "argocd.argoproj.io/secret-type": type } },
      );
    }
    await this.#cache.list({ apiVersion: "argoproj.io/v1alpha1", kind: "Application" });
  }

  stop(): void {
    this.#cache.stop();
    for (const stop of this.#watches.values()) stop();
    this.sources.close();
  }

  handleHook(request: IncomingMessage, response: ServerResponse): void {
    this.hooks.handle(request, response);
  }

  #secretChanged(name: string, secret: Resource, isGone: boolean): void {
    const type = secret.metadata.labels?.["argocd.argoproj.io/secret-type"];
    if (isGone || type === undefined || !secretLabels.includes(type)) {
      if (!this.#secrets.delete(name)) return;
    } else this.#secrets.set(name, secret);
    const { credentials, faults } = credentialsFromSecrets([...this.#secrets.values()]);
    this.#credentials = credentials;
    for (const { secret: which, field, message } of faults) this.#log(`secret ${which}: ${field}: ${message}`);
  }

  #applicationChanged(name: string, application: Application, isGone: boolean): void {
    if (isGone) this.#applications.delete(name);
    else this.#applications.set(name, application);
    const wanted = new Set(
      [...this.#applications.values()].map(({ spec }) => spec.source?.repoURL ?? "").filter((url) => url !== ""),
    );
    for (const [url, stop] of this.#watches) {
      if (wanted.has(url)) continue;
      stop();
      this.#watches.delete(url);
    }
    for (const url of wanted) if (!this.#watches.has(url)) this.#watches.set(url, this.#watch(url));
  }

  #watch(url: string): () => void {
    try {
      return this.sources.watchRepository(url, () => this.#changed(url), {
        onFault: (fault) => this.#log(`repository: ${fault.message}`),
      });
    } catch (thrown) {
      // The Application says so in its own conditions, with what to do.
      this.#log(`repository: ${toFault(thrown).message}`);
      return () => {};
    }
  }

  #pushed(urls: readonly string[]): void {
    for (const url of this.#watches.keys()) if (urls.some((pushed) => sameRepository(pushed, url))) this.#changed(url);
  }

  #changed(url: string): void {
    this.sources.invalidate(url);
    for (const { metadata, spec, apiVersion, kind } of this.#applications.values()) {
      if (spec.source?.repoURL !== url) continue;
      const key = {
        apiVersion,
        kind,
        name: metadata.name,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      };
      this.#client.patch(key, refreshPatch("normal"), { fieldManager: "sluice-repositories" }).catch((thrown) => {
        this.#log(`application ${metadata.name} can't be told of a push: ${toFault(thrown).message}`);
      });
    }
  }
}

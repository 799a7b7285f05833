import type { IncomingMessage, ServerResponse } from "node:http";
import type { Client, Resource } from "@sluice/api";
import { ResourceCache } from "@sluice/controllers";
import {
  ApplicationRefresher,
  credentialsFromSecrets,
  GitSources,
  HookHandler,
  type RepositoryCredential,
} from "@sluice/sources";
import type { Credentials } from "../state/credentials.ts";
import type { StateFolder } from "../state/state-folder.ts";
import type { Log } from "./log.ts";
import { realClock } from "./real-clock.ts";

const typeLabel = "argocd.argoproj.io/secret-type";
const secretTypes = ["repository", "repo-creds"];

export interface RepositoriesOptions {
  readonly state: StateFolder;
  readonly client: Client;
  readonly credentials: Credentials;
  readonly log: Log;
}

/**
 * The repositories that Applications name, with the credentials that Argo CD's repository Secrets hold for them;
 * a push, or a forge's webhook, asks the Applications that it is about to look again.
 */
export class Repositories {
  readonly sources: GitSources;
  readonly #hooks: HookHandler;
  readonly #refresher: ApplicationRefresher;
  readonly #secrets = new Map<string, Resource>();
  readonly #cache: ResourceCache;
  readonly #log: Log;
  #credentials: readonly RepositoryCredential[] = [];

  constructor({ state, client, credentials, log }: RepositoriesOptions) {
    this.#log = log;
    this.sources = new GitSources({ folder: state.repositories, credentials: () => this.#credentials });
    this.#refresher = new ApplicationRefresher({
      client,
      sources: this.sources,
      onFault: (_repoURL, fault) => log(`repository: ${fault.message}`),
    });
    const { hookSecret } = credentials;
    this.#hooks = new HookHandler({
      secrets: () => ({ github: hookSecret, gitlab: hookSecret, gitea: hookSecret }),
      onPush: (urls) => void this.#refresher.refresh(urls),
    });
    this.#cache = new ResourceCache({ client, clock: realClock });
    this.#cache.onChange(({ object, resource, isGone }) => this.#secretChanged(object, resource, isGone));
  }

  async start(): Promise<void> {
    // Credentials first: without them the first look at a private repository would fail.
    await this.#cache.list({ apiVersion: "v1", kind: "Secret" }, { labels: { [typeLabel]: "repository" } });
    this.#refresher.start();
  }

  stop(): void {
    this.#cache.stop();
    this.#refresher.stop();
    this.sources.close();
  }

  handleHook(request: IncomingMessage, response: ServerResponse): void {
    this.#hooks.handle(request, response);
  }

  #secretChanged(name: string, secret: Resource, isGone: boolean): void {
    const type = secret.metadata.labels?.[typeLabel];
    if (isGone || type === undefined || !secretTypes.includes(type)) {
      if (!this.#secrets.delete(name)) return;
    } else this.#secrets.set(name, secret);
    const { credentials, faults } = credentialsFromSecrets([...this.#secrets.values()]);
    this.#credentials = credentials;
    for (const { secret: which, field, message } of faults) this.#log(`secret ${which}: ${field}: ${message}`);
  }
}

import { ApiFault, type KindRegistry } from "@sluice/api";
import type { KindKey } from "@sluice/kernel";
import type { Transport } from "./transport.ts";

/** Where a kind's objects are. */
export interface Place {
  readonly plural: string;
  readonly namespaced: boolean;
}

interface ListedResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Learns each group version's kinds once; asks again for a kind that wasn't there before. */
export class Places {
  readonly #transport: Transport;
  readonly #kinds: KindRegistry | undefined;
  readonly #known = new Map<string, Promise<ReadonlyMap<string, Place>>>();

  constructor(transport: Transport, kinds: KindRegistry | undefined) {
    this.#transport = transport;
    this.#kinds = kinds;
  }

  /** Faults: NotFound where the kind isn't served. */
  async of(key: KindKey): Promise<Place> {
    const builtIn = this.#kinds?.byKind(key);
    if (builtIn !== undefined) return builtIn;
    const remembered = this.#known.get(key.apiVersion);
    const place = (await remembered)?.get(key.kind) ?? (await this.#learn(key.apiVersion)).get(key.kind);
    if (place !== undefined) return place;
    throw new ApiFault(
      "NotFound",
      `the server could not find the requested resource: no kind ${key.kind} in ${key.apiVersion}`,
    );
  }

  #learn(apiVersion: string): Promise<ReadonlyMap<string, Place>> {
    const asked = this.#ask(apiVersion);
    this.#known.set(apiVersion, asked);
    asked.catch(() => {
      if (this.#known.get(apiVersion) === asked) this.#known.delete(apiVersion);
    });
    return asked;
  }

  async #ask(apiVersion: string): Promise<ReadonlyMap<string, Place>> {
    const path = groupPath(apiVersion);
    const { body } = await this.#transport.json({ method: "GET", path });
    const resources = (body as { resources?: readonly ListedResource[] } | undefined)?.resources ?? [];
    const main = resources.filter(({ name }) => !name.includes("/"));
    return new Map(main.map(({ name, kind, namespaced }) => [kind, { plural: name, namespaced }]));
  }
}

export const groupPath = (apiVersion: string): string =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

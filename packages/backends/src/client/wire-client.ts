import {
  ApiFault,
  type Client,
  type DeleteOptions,
  hasReason,
  type KindRegistry,
  type ListOptions,
  type Patch,
  type Resource,
  type ResourceList,
  type Subresource,
  type Watch,
  type WatchOptions,
  type WriteOptions,
} from "@sluice/api";
import type { KindKey, ResourceKey } from "@sluice/kernel";
import { groupPath, Places } from "./places.ts";
import { Transport, type TransportOptions } from "./transport.ts";
import { WireWatch } from "./wire-watch.ts";

export interface WireClientOptions extends TransportOptions {
  /** Kinds whose places need not be asked for. */
  readonly kinds?: KindRegistry;
}

export interface WireClient extends Client {
  /** A container's output, as `pods/NAME/log` sends it. Query: Kubernetes' own names, e.g. `follow`, `tailLines`. */
  podLog(pod: { namespace: string; name: string }, query: Readonly<Record<string, string>>): AsyncIterable<Uint8Array>;
  /** Cuts what is open, watches too. */
  close(): Promise<void>;
}

/** The Client contract over the Kubernetes API of a Sluice or of a cluster. Nothing is sent before the first call. */
export function createWireClient(options: WireClientOptions): WireClient {
  const transport = new Transport(options);
  const places = new Places(transport, options.kinds);

  async function pathOf(kind: KindKey, namespace: string | undefined, name?: string, part?: Subresource) {
    const { plural, namespaced } = await places.of(kind);
    const within = namespaced && namespace !== undefined && namespace !== "" ? `/namespaces/${segment(namespace)}` : "";
    const below = `${name === undefined ? "" : `/${segment(name)}`}${part === undefined ? "" : `/${part}`}`;
    return `${groupPath(kind.apiVersion)}${within}/${plural}${below}`;
  }

  async function write<R>(call: Parameters<Transport["json"]>[0], { onWarning }: WriteOptions): Promise<R> {
    const { body, warnings } = await transport.json(call);
    for (const warning of warnings) onWarning?.(warning);
    return body as R;
  }

  return {
    async get<R extends Resource>(
      { name, namespace, ...kind }: ResourceKey,
      { subresource }: { subresource?: Subresource } = {},
    ) {
      const path = await pathOf(kind, namespace, name, subresource);
      return absent<R>(transport.json({ method: "GET", path }).then(({ body }) => body as R));
    },

    async list<R extends Resource>(kind: KindKey, listing: ListOptions = {}): Promise<ResourceList<R>> {
      const path = await pathOf(kind, listing.namespace);
      const { body } = await transport.json({ method: "GET", path, query: listQuery(listing) });
      return listOf<R>(kind, body);
    },

    watch<R extends Resource>(kind: KindKey, watching: WatchOptions = {}): Watch<R> {
      return new WireWatch<R>(async (signal) => {
        const path = await pathOf(kind, watching.namespace);
        return (await transport.open({ method: "GET", path, query: watchQuery(watching) }, signal)).body;
      });
    },

    async create<R extends Resource>(object: R, writing: WriteOptions = {}): Promise<R> {
      const path = await pathOf(object, object.metadata.namespace);
      return write<R>({ method: "POST", path, query: writeQuery(writing), body: object }, writing);
    },

    async update<R extends Resource>(object: R, writing: WriteOptions = {}): Promise<R> {
      if (writing.subresource === "scale") {
        throw new ApiFault("MethodNotAllowed", "a Scale doesn't say whose it is: patch the scale subresource instead");
      }
      const { name, namespace } = object.metadata;
      const path = await pathOf(object, namespace, name, writing.subresource);
      return write<R>({ method: "PUT", path, query: writeQuery(writing), body: object }, writing);
    },

    async patch<R extends Resource>(
      { name, namespace, ...kind }: ResourceKey,
      patch: Patch,
      writing: WriteOptions = {},
    ) {
      const path = await pathOf(kind, namespace, name, writing.subresource);
      const force = patch.type === "apply" && patch.force ? "true" : undefined;
      const query = { ...writeQuery(writing), force };
      const body = patch.type === "json" ? patch.operations : patch.value;
      return write<R>({ method: "PATCH", path, query, body, contentType: patchTypes[patch.type] }, writing);
    },

    async delete<R extends Resource>({ name, namespace, ...kind }: ResourceKey, deletion: DeleteOptions = {}) {
      const path = await pathOf(kind, namespace, name);
      const call = { method: "DELETE", path, body: deleteBody(deletion) } as const;
      const answer = await absent(transport.json(call).then(({ body }) => body as R));
      if (answer?.kind !== "Status" || answer.apiVersion !== "v1") return answer;
      // Some servers say only that it is gone.
      const uid = (answer as { readonly details?: { readonly uid?: string } }).details?.uid;
      const metadata = {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      };
      return { ...kind, metadata } as Resource as R;
    },

    async deleteAll(kind: KindKey, deletion: ListOptions & DeleteOptions = {}): Promise<ResourceList> {
      const path = await pathOf(kind, deletion.namespace);
      const { body } = await transport.json({
        method: "DELETE",
        path,
        query: listQuery(deletion),
        body: deleteBody(deletion),
      });
      return listOf(kind, body);
    },

    async *podLog({ namespace, name }, query) {
      const path = `/api/v1/namespaces/${segment(namespace)}/pods/${segment(name)}/log`;
      const abort = new AbortController();
      try {
        yield* (await transport.open({ method: "GET", path, query }, abort.signal)).body;
      } finally {
        abort.abort();
      }
    },

    close: () => transport.close(),
  };
}

const segment = encodeURIComponent;

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const satisfies Record<Patch["type"], string>;

/** Absence is undefined. */
async function absent<R>(answer: Promise<R>): Promise<R | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (hasReason(thrown, "NotFound")) return undefined;
    throw thrown;
  }
}

const listQuery = (options: ListOptions) => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  limit: options.limit === undefined ? undefined : String(options.limit),
  continue: options.continue,
});

const watchQuery = (options: WatchOptions) => ({
  watch: "true",
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  resourceVersion: options.resourceVersion,
  ...(options.sendInitialEvents ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" } : {}),
  // A server sends the closing bookmark of the initial events to those only who take bookmarks.
  allowWatchBookmarks: options.allowBookmarks || options.sendInitialEvents ? "true" : undefined,
});

const writeQuery = (options: WriteOptions) => ({
  fieldManager: options.fieldManager,
  // The contract's default is Strict, the wire's is not.
  fieldValidation: options.fieldValidation ?? "Strict",
  dryRun: options.dryRun ? "All" : undefined,
});

const deleteBody = (options: DeleteOptions) => ({
  apiVersion: "v1",
  kind: "DeleteOptions",
  ...(options.preconditions === undefined ? {} : { preconditions: options.preconditions }),
  ...(options.propagationPolicy === undefined ? {} : { propagationPolicy: options.propagationPolicy }),
  ...(options.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: options.gracePeriodSeconds }),
  ...(options.dryRun ? { dryRun: ["All"] } : {}),
});

function listOf<R extends Resource>({ apiVersion, kind }: KindKey, body: unknown): ResourceList<R> {
  const { metadata, items } = body as {
    readonly metadata?: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
    readonly items?: readonly R[];
  };
  return {
    resourceVersion: metadata?.resourceVersion ?? "",
    // A cluster leaves both out of a list's items.
    items: (items ?? []).map((item) => (item.kind === undefined ? { ...item, apiVersion, kind } : item)),
    ...(metadata?.continue ? { continue: metadata.continue } : {}),
    ...(metadata?.remainingItemCount === undefined ? {} : { remainingItemCount: metadata.remainingItemCount }),
  };
}

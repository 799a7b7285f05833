import {
  type ApiFault,
  type Client,
  type DeleteOptions,
  groupVersion,
  type KindDefinition,
  type KindRegistry,
  keyOf,
  type ListOptions,
  type Patch,
  type Resource,
  type ResourceList,
  type Watch,
  type WatchOptions,
  type WriteOptions,
} from "@sluice/api";
import type { KindKey, ResourceKey } from "@sluice/kernel";
import type { CommitQueue } from "./disk/commit-queue.ts";
import { listTable, type Snapshots } from "./read/reads.ts";
import { selectionOf } from "./read/selection.ts";
import { badRequest, definitionOf, tooLarge } from "./refusals.ts";
import { rowOf, tableOf } from "./state.ts";
import type { Transaction } from "./transaction.ts";
import type { WatchHub } from "./watch/watch-hub.ts";
import { createObject } from "./write/create.ts";
import { deleteObject } from "./write/deletion.ts";
import { patchObject } from "./write/patch-object.ts";
import type { Rules } from "./write/rules.ts";
import { scaleOf } from "./write/scale.ts";
import { updateObject } from "./write/update.ts";

/** The Client contract over committed state and the queue of writes. */
export function createStoreClient(parts: {
  rules: Rules;
  queue: CommitQueue;
  hub: WatchHub;
  snapshots: Snapshots;
}): Client {
  const { rules, queue, hub, snapshots } = parts;
  const { kinds } = rules;

  function write<Result>(dryRun: boolean | undefined, work: (transaction: Transaction) => Result): Promise<Result> {
    return dryRun ? queue.dryRun(work) : queue.write(work);
  }

  return {
    async get<R extends Resource>(key: ResourceKey, options: { subresource?: "status" | "scale" } = {}) {
      const definition = definitionOf(kinds, key);
      const found = hub.state.tables.get(tableOf(key))?.get(rowOf(key.namespace, key.name));
      if (found === undefined) return undefined;
      if (options.subresource === "scale") return scaleOf(definition, found) as R;
      return presenter(definition, key)(found) as R;
    },

    async list<R extends Resource>(kind: KindKey, options: ListOptions = {}) {
      const definition = definitionOf(kinds, kind);
      return presentList(
        definition,
        kind,
        listTable(definition, tableOf(kind), options, hub.state, snapshots),
      ) as ResourceList<R>;
    },

    watch<R extends Resource>(kind: KindKey, options: WatchOptions = {}) {
      try {
        return startWatch(kinds, hub, kind, options) as Watch<R>;
      } catch (fault) {
        return refusedWatch(fault as ApiFault) as Watch<R>;
      }
    },

    async create<R extends Resource>(object: R, options: WriteOptions = {}) {
      const present = presenter(definitionOf(kinds, object), object);
      return present(
        await write(options.dryRun, (transaction) => createObject(rules, transaction, object, options)),
      ) as R;
    },

    async update<R extends Resource>(object: R, options: WriteOptions = {}) {
      const present = presenter(definitionOf(kinds, object), object);
      return present(
        await write(options.dryRun, (transaction) => updateObject(rules, transaction, object, options)),
      ) as R;
    },

    async patch<R extends Resource>(key: ResourceKey, patch: Patch, options: WriteOptions = {}) {
      const definition = definitionOf(kinds, key);
      const present = options.subresource === "scale" ? (object: Resource) => object : presenter(definition, key);
      return present(
        await write(options.dryRun, (transaction) => patchObject(rules, transaction, key, patch, options)),
      ) as R;
    },

    async delete<R extends Resource>(key: ResourceKey, options: DeleteOptions = {}) {
      const present = presenter(definitionOf(kinds, key), key);
      const last = await write(options.dryRun, (transaction) => deleteObject(rules, transaction, key, options));
      return last && (present(last) as R);
    },

    async deleteAll(kind, options = {}) {
      const definition = definitionOf(kinds, kind);
      const list = await write(options.dryRun, (transaction): ResourceList => {
        const { items } = listTable(definition, tableOf(kind), options, transaction.state(), snapshots);
        const deleted = items.map((item) => deleteObject(rules, transaction, keyOf(item), options));
        return {
          resourceVersion: String(transaction.state().revision),
          items: deleted.filter((item) => item !== undefined),
        };
      });
      return presentList(definition, kind, list);
    },
  };
}

function startWatch(kinds: KindRegistry, hub: WatchHub, kind: KindKey, options: WatchOptions): Watch {
  const definition = definitionOf(kinds, kind);
  const since = sinceOf(options);
  if (since !== undefined && since > hub.state.revision) throw tooLarge(since, hub.state.revision);
  return hub.watch({
    table: tableOf(kind),
    selection: selectionOf(definition, options),
    ...(since === undefined ? {} : { since }),
    closingBookmark: options.sendInitialEvents === true,
    bookmarks: options.allowBookmarks === true,
    present: presenter(definition, kind),
  });
}

function sinceOf({ resourceVersion, sendInitialEvents }: WatchOptions): number | undefined {
  if (sendInitialEvents === true || resourceVersion === undefined) return undefined;
  if (resourceVersion === "" || resourceVersion === "0") return undefined;
  if (/^\d{1,15}$/.test(resourceVersion)) return Number(resourceVersion);
  throw badRequest(`invalid resource version: found "${resourceVersion}", expected one that the API gave`);
}

/** A watch that can't begin says so to its reader, as it would over the wire. */
function refusedWatch(fault: ApiFault): Watch {
  let told = false;
  return {
    stop() {
      told = true;
    },
    [Symbol.asyncIterator]: () => ({
      async next() {
        if (told) return { done: true, value: undefined };
        told = true;
        throw fault;
      },
    }),
  };
}

const presented = new WeakMap<Resource, Map<string, Resource>>();

/** All versions of a kind share one schema: serving another than the stored one is a matter of its name. */
function presenter(definition: KindDefinition, { apiVersion }: KindKey): (object: Resource) => Resource {
  if (apiVersion === groupVersion(definition)) return (object) => object;
  return (object) => {
    let versions = presented.get(object);
    if (versions === undefined) {
      versions = new Map();
      presented.set(object, versions);
    }
    const known = versions.get(apiVersion) ?? { ...object, apiVersion };
    versions.set(apiVersion, known);
    return known;
  };
}

function presentList(definition: KindDefinition, kind: KindKey, list: ResourceList): ResourceList {
  if (kind.apiVersion === groupVersion(definition)) return list;
  return { ...list, items: list.items.map(presenter(definition, kind)) };
}

import {
  type Client,
  groupVersion,
  type KindDefinition,
  type KindRegistry,
  keyOf,
  type Resource,
  type ResourceList,
  type WatchOptions,
} from "@sluice/api";
import { type Clock, type KindKey, minutes, type Random } from "@sluice/kernel";
import { type Admission, lenientAdmission } from "./admission.ts";
import { CommitQueue, type Condition } from "./commit-queue.ts";
import type { WindowLimits } from "./event-window.ts";
import { type Persistence, volatilePersistence } from "./persistence.ts";
import { listTable, Snapshots } from "./reads.ts";
import { badRequest, definitionOf } from "./refusals.ts";
import { selectionOf } from "./selection.ts";
import { emptyState, rowOf, tableOf } from "./state.ts";
import { Transaction } from "./transaction.ts";
import { WatchHub } from "./watch-hub.ts";
import { createObject, deleteObject, patchObject, type Rules, updateObject } from "./writes.ts";

export interface StoreOptions {
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly random: Random;
  /** Absent: in memory only. */
  readonly persistence?: Persistence;
  /** Runs `flush` once, at the end of this turn: setImmediate in Node. Absent: the next microtask. */
  readonly schedule?: (flush: () => void) => void;
  readonly admission?: Admission;
  /** How much of the past watches can start from. */
  readonly window?: Partial<WindowLimits>;
  /** There from the beginning. Default: `default`. */
  readonly namespaces?: readonly string[];
  /** Told when the store turns read-only, and when it takes writes again. */
  readonly onCondition?: (condition: Condition) => void;
}

export interface Store {
  readonly client: Client;
  /** The latest committed revision. */
  revision(): number;
  /** A watch from a revision below this one is Expired. */
  compactionFloor(): number;
  condition(): Condition;
  /** Ends all watches, waits for the last commit, closes the persistence. */
  stop(): Promise<void>;
}

/** Loads what the persistence holds and serves it. Faults: whatever the persistence's `load` refuses with. */
export async function createStore(options: StoreOptions): Promise<Store> {
  const { kinds, clock, random } = options;
  const persistence = options.persistence ?? volatilePersistence();
  const rules: Rules = { kinds, clock, random, admission: options.admission ?? lenientAdmission };
  const loaded = await persistence.load();
  const loading = new Transaction(emptyState(loaded.reserved), undefined);
  for (const object of loaded.objects) loading.put(object);
  const state = loading.state();
  const limits: WindowLimits = { count: 20_000, bytes: 64 * 1024 * 1024, age: minutes(15), ...options.window };
  const hub = new WatchHub({ limits, clock, state, bookmarkEvery: minutes(1) });
  const snapshots = new Snapshots(64);
  const queue = new CommitQueue({
    persistence,
    clock,
    schedule: options.schedule ?? ((flush) => void Promise.resolve().then(flush)),
    state,
    reserved: loaded.reserved,
    publish(next, changes) {
      hub.publish(next, changes);
      snapshots.forgetBefore(hub.floor);
    },
    onCondition: options.onCondition ?? (() => {}),
  });

  function write<Result>(dryRun: boolean | undefined, work: (transaction: Transaction) => Result): Promise<Result> {
    return dryRun ? queue.dryRun(work) : queue.write(work);
  }

  const client: Client = {
    async get<R extends Resource>(key: Parameters<Client["get"]>[0]) {
      const definition = definitionOf(kinds, key);
      const found = hub.state.tables.get(tableOf(key))?.get(rowOf(key.namespace, key.name));
      return found && (presenterFor(definition, key)(found) as R);
    },
    async list<R extends Resource>(kind: KindKey, listOptions: Parameters<Client["list"]>[1] = {}) {
      const definition = definitionOf(kinds, kind);
      const list = listTable(definition, tableOf(kind), listOptions, hub.state, snapshots);
      return presentList(definition, kind, list) as ResourceList<R>;
    },
    watch<R extends Resource>(kind: KindKey, watchOptions: WatchOptions = {}) {
      const definition = definitionOf(kinds, kind);
      const since = sinceOf(watchOptions);
      return hub.watch({
        table: tableOf(kind),
        selection: selectionOf(definition, watchOptions),
        ...(since === undefined ? {} : { since }),
        closingBookmark: watchOptions.sendInitialEvents === true,
        bookmarks: watchOptions.allowBookmarks === true,
        present: presenterFor(definition, kind),
      }) as ReturnType<Client["watch"]> as never as import("@sluice/api").Watch<R>;
    },
    create: async (object, write_ = {}) =>
      answer(
        object,
        write(write_.dryRun, (t) => createObject(rules, t, object, write_)),
      ),
    update: async (object, write_ = {}) =>
      answer(
        object,
        write(write_.dryRun, (t) => updateObject(rules, t, object, write_)),
      ),
    async patch<R extends Resource>(
      key: Parameters<Client["patch"]>[0],
      patch: Parameters<Client["patch"]>[1],
      write_ = {},
    ) {
      return answer<R>(
        key,
        write(undefined, (t) => patchObject(rules, t, key, patch, write_)),
      );
    },
    async delete<R extends Resource>(key: Parameters<Client["delete"]>[0], deletion = {}) {
      const last = await write(undefined, (t) => deleteObject(rules, t, key, deletion));
      return last && (presenterFor(definitionOf(kinds, key), key)(last) as R);
    },
    async deleteAll(kind, deletion = {}) {
      const definition = definitionOf(kinds, kind);
      return write(deletion.dryRun, (t): ResourceList => {
        const { items } = listTable(definition, tableOf(kind), deletion, t.state(), snapshots);
        const deleted = items
          .map((item) => deleteObject(rules, t, keyOf(item), deletion))
          .filter((item) => item !== undefined);
        return { resourceVersion: String(t.state().revision), items: deleted };
      });
    },
  };

  async function answer<R extends Resource>(asked: KindKey, written: Promise<Resource>): Promise<R> {
    return presenterFor(definitionOf(kinds, asked), asked)(await written) as R;
  }

  function sinceOf({ resourceVersion, sendInitialEvents }: WatchOptions): number | undefined {
    if (
      sendInitialEvents === true ||
      resourceVersion === undefined ||
      resourceVersion === "" ||
      resourceVersion === "0"
    ) {
      return undefined;
    }
    const revision = Number(resourceVersion);
    if (!Number.isSafeInteger(revision) || revision < 0)
      throw badRequest(`invalid resource version "${resourceVersion}"`);
    return revision;
  }

  await createNamespaces(client, kinds, options.namespaces ?? ["default"]);

  return {
    client,
    revision: () => hub.state.revision,
    compactionFloor: () => hub.floor,
    condition: () => queue.condition,
    async stop() {
      await queue.stop();
      hub.stop();
      await persistence.close();
    },
  };
}

async function createNamespaces(client: Client, kinds: KindRegistry, names: readonly string[]): Promise<void> {
  const kind = { apiVersion: "v1", kind: "Namespace" };
  if (kinds.byKind(kind) === undefined) return;
  for (const name of names) {
    if ((await client.get({ ...kind, name })) === undefined) await client.create({ ...kind, metadata: { name } });
  }
}

/** All versions of a kind share one schema: serving another than the stored one is a matter of its name. */
function presenterFor(definition: KindDefinition, { apiVersion }: KindKey): (object: Resource) => Resource {
  if (apiVersion === groupVersion(definition)) return (object) => object;
  return (object) => ({ ...object, apiVersion });
}

function presentList(definition: KindDefinition, kind: KindKey, list: ResourceList): ResourceList {
  if (kind.apiVersion === groupVersion(definition)) return list;
  return { ...list, items: list.items.map(presenterFor(definition, kind)) };
}

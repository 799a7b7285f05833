import type { Client, KindRegistry } from "@sluice/api";
import { type Clock, type Millis, minutes, type Random } from "@sluice/kernel";
import { CustomKinds } from "./custom-kinds.ts";
import { CommitQueue, type Condition } from "./disk/commit-queue.ts";
import { Housekeeping } from "./disk/housekeeping.ts";
import { type Persistence, volatilePersistence } from "./disk/persistence.ts";
import { defaultRetention, type Retention } from "./disk/retention.ts";
import { withSharedSets } from "./ownership/shared-sets.ts";
import { Snapshots } from "./read/reads.ts";
import { emptyState, type TableName } from "./state.ts";
import { createStoreClient } from "./store-client.ts";
import { Transaction } from "./transaction.ts";
import type { WindowLimits } from "./watch/event-window.ts";
import { WatchHub } from "./watch/watch-hub.ts";
import { type Admission, schemaAdmission } from "./write/admission.ts";
import { createRules } from "./write/rules.ts";

export interface StoreOptions {
  /** Grows and shrinks with CustomResourceDefinitions. */
  readonly kinds: KindRegistry;
  readonly clock: Clock;
  readonly random: Random;
  /** Absent: in memory only. */
  readonly persistence?: Persistence;
  /** Runs `flush` once, at the end of this turn: setImmediate in Node. Absent: the next microtask. */
  readonly schedule?: (flush: () => void) => void;
  /** Default: by the schema of each kind. */
  readonly admission?: Admission;
  /** Default: true. False where nobody applies anything, as in a rehearsal: it is a tenth of the time. */
  readonly tracksOwners?: boolean;
  /** How much of the past watches can start from. */
  readonly window?: Partial<WindowLimits>;
  /** How often watches that ask for it are told how far they are. Default: a minute. */
  readonly bookmarkEvery?: Millis;
  /** By `group/Kind`; replaces the defaults for Events and Decisions. */
  readonly retention?: Readonly<Record<TableName, Retention>>;
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
  /** Waits for the last commit, ends all watches, closes the persistence. */
  stop(): Promise<void>;
}

/** Loads what the persistence holds and serves it. Faults: whatever the persistence's `load` refuses with. */
export async function createStore(options: StoreOptions): Promise<Store> {
  const { kinds, clock, random } = options;
  const persistence = options.persistence ?? volatilePersistence();
  const custom = new CustomKinds(kinds);
  const { admission = schemaAdmission, tracksOwners = true } = options;
  const rules = createRules({ kinds, clock, random, admission, tracksOwners }, custom);

  const loaded = await persistence.load();
  const loading = new Transaction(emptyState(loaded.reserved), undefined);
  for (const object of loaded.objects) {
    loading.put(withSharedSets(object));
    custom.follow({ after: object }, clock.now());
  }
  const state = loading.state();

  const limits: WindowLimits = { count: 10_000, bytes: 32 * 1024 * 1024, age: minutes(15), ...options.window };
  const hub = new WatchHub({ limits, clock, state, bookmarkEvery: options.bookmarkEvery ?? minutes(1) });
  const snapshots = new Snapshots(64);
  const queue: CommitQueue = new CommitQueue({
    persistence,
    clock,
    schedule: options.schedule ?? ((flush) => void Promise.resolve().then(flush)),
    state,
    reserved: loaded.reserved,
    publish(next, changes) {
      hub.publish(next, changes);
      snapshots.forgetBefore(hub.floor);
    },
    follow: (changes) => housekeeping.follow(changes),
    onCondition: options.onCondition ?? (() => {}),
  });
  const housekeeping = new Housekeeping({
    rules,
    custom,
    retention: options.retention ?? defaultRetention,
    queue,
    state: () => hub.state,
  });
  const client = createStoreClient({ rules, queue, hub, snapshots });
  housekeeping.begin();
  await createNamespaces(client, kinds, options.namespaces ?? ["default"]);

  return {
    client,
    revision: () => hub.state.revision,
    compactionFloor: () => hub.floor,
    condition: () => queue.condition,
    async stop() {
      housekeeping.stop();
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

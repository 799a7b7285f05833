import type { Resource } from "@sluice/api";
import { after, between, type Clock, type Millis, millis, sameJson, type Timer } from "@sluice/kernel";
import type { CustomKinds } from "../custom-kinds.ts";
import { type Change, type State, type TableName, tableOf } from "../state.ts";
import { Transaction } from "../transaction.ts";
import { collectIfOrphaned, deleteObject, isForeground } from "../write/deletion.ts";
import { ownerOf } from "../write/ownership-references.ts";
import type { Rules } from "../write/rules.ts";
import { replaceObject } from "../write/update.ts";
import type { CommitQueue } from "./commit-queue.ts";
import { Records, type Retention } from "./retention.ts";

/** Records past their number go together: a delete and a commit for each new one would double what it costs to write. */
const gathering = millis(500);

/** What the store does of itself after a commit, each a write of its own. */
export class Housekeeping {
  readonly #rules: Rules;
  readonly #clock: Clock;
  readonly #custom: CustomKinds;
  readonly #records: Records;
  readonly #queue: CommitQueue;
  readonly #state: () => State;
  #sweep: Timer | undefined;
  #sweepAt = 0;
  #stopped = false;

  constructor(options: {
    rules: Rules;
    custom: CustomKinds;
    retention: Readonly<Record<TableName, Retention>>;
    queue: CommitQueue;
    state: () => State;
  }) {
    this.#rules = options.rules;
    this.#clock = options.rules.clock;
    this.#custom = options.custom;
    this.#records = new Records(options.retention, options.state());
    this.#queue = options.queue;
    this.#state = options.state;
  }

  /** What a crash may have left undone. */
  begin(): void {
    const reader = new Transaction(this.#state(), undefined);
    for (const rows of this.#state().tables.values()) {
      rows.scan("", (object) => {
        this.#checkOwners(reader, object);
        return true;
      });
    }
    this.#sweepNow();
  }

  follow(changes: readonly Change[]): void {
    let reader: Transaction | undefined;
    for (const change of changes) {
      const { before, after: object } = change;
      this.#records.follow(change);
      const status = this.#custom.follow(change, this.#clock.now());
      if (status !== undefined) this.#writeStatus(status);
      if (object?.metadata.ownerReferences !== undefined) {
        if (sameJson(before?.metadata.ownerReferences, object.metadata.ownerReferences)) continue;
        reader ??= new Transaction(this.#state(), undefined);
        this.#checkOwners(reader, object);
      }
      const limit = this.#records.limitOf(change.table);
      if (limit !== undefined && object !== undefined) {
        const size = this.#state().tables.get(change.table)?.size ?? 0;
        if (before === undefined && size > limit.count) this.#sweepWithin(gathering);
        else if (this.#sweep === undefined) this.#sweepSoon(limit.age);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#sweep?.cancel();
  }

  #writeStatus(object: Resource): void {
    const key = { table: tableOf(object), row: `\u0000${object.metadata.name}` };
    this.#quietly((transaction) => {
      const old = transaction.get(key.table, key.row);
      const definition = this.#rules.kinds.byKind(object);
      if (old === undefined || definition === undefined || old.metadata.uid !== object.metadata.uid) return;
      const next = { ...old, status: object.status };
      replaceObject(
        this.#rules,
        transaction,
        definition,
        old,
        next,
        definition.status ? { subresource: "status" } : {},
      );
    });
  }

  /** An owner may have gone before its child came, or may be waiting for its children to go: then this one goes too. */
  #checkOwners(reader: Transaction, child: Resource): void {
    const references = child.metadata.ownerReferences ?? [];
    if (references.length === 0 || child.metadata.deletionTimestamp !== undefined) return;
    const isLeft = references.every((reference) => {
      const owner = ownerOf(this.#rules.kinds, reader, child, reference);
      return owner.is === "gone" || (owner.is === "there" && isForeground(owner.object));
    });
    if (!isLeft) return;
    const located = { table: tableOf(child), row: `${child.metadata.namespace ?? ""}\u0000${child.metadata.name}` };
    this.#quietly((transaction) => collectIfOrphaned(this.#rules, transaction, located));
  }

  /** No later than that; what is due earlier stays. */
  #sweepWithin(wait: Millis): void {
    const at = after(this.#clock.now(), wait);
    if (this.#sweep === undefined || this.#sweepAt > at) this.#sweepSoon(wait);
  }

  #sweepSoon(wait: Millis): void {
    this.#sweep?.cancel();
    this.#sweepAt = after(this.#clock.now(), wait);
    this.#sweep = this.#clock.after(wait, () => this.#sweepNow());
  }

  #sweepNow(): void {
    this.#sweep = undefined;
    if (this.#stopped) return;
    const now = this.#clock.now();
    const { expired, wakeAt } = this.#records.sweep(now);
    if (wakeAt !== undefined) this.#sweepSoon(between(now, wakeAt));
    if (expired.length === 0) return;
    this.#quietly((transaction) => {
      for (const object of expired) {
        const { apiVersion, kind, metadata } = object;
        const { name, namespace, uid } = metadata;
        const key = { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
        const still = transaction.get(tableOf(object), `${namespace ?? ""}\u0000${name}`);
        if (still?.metadata.uid === uid) deleteObject(this.#rules, transaction, key, {});
      }
    });
  }

  /** A store that can't write now does it after its next start, or at the next sweep. */
  #quietly(work: (transaction: Transaction) => void): void {
    this.#queue.write(work).catch(() => undefined);
  }
}

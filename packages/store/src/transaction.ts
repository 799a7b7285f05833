import type { Resource } from "@sluice/api";
import { SortedMap } from "./sorted-map.ts";
import {
  atRevision,
  type Change,
  type Located,
  ownedKey,
  rowOf,
  type State,
  type TableName,
  tableOf,
} from "./state.ts";

/**
 * One write being worked out on top of a state: all of its changes are kept, or none.
 * `nextRevision` is called once for each change; absent for a dry run, which leaves resourceVersions as they were.
 */
export class Transaction {
  readonly changes: Change[] = [];
  readonly #tables: Map<TableName, SortedMap<Resource>>;
  readonly #nextRevision: (() => number) | undefined;
  #owned: SortedMap<Located>;
  #revision: number;

  constructor(base: State, nextRevision: (() => number) | undefined) {
    this.#tables = new Map(base.tables);
    this.#owned = base.owned;
    this.#revision = base.revision;
    this.#nextRevision = nextRevision;
  }

  get(table: TableName, row: string): Resource | undefined {
    return this.#tables.get(table)?.get(row);
  }

  table(table: TableName): SortedMap<Resource> {
    return this.#tables.get(table) ?? SortedMap.empty();
  }

  tableNames(): readonly TableName[] {
    return [...this.#tables.keys()];
  }

  ownedBy(uid: string): readonly Located[] {
    return this.#owned.startingWith(`${uid}\u0000`);
  }

  /** Creates or replaces; the stored object, with its new resourceVersion. */
  put(object: Resource): Resource {
    const table = tableOf(object);
    const row = rowOf(object.metadata.namespace, object.metadata.name);
    const before = this.get(table, row);
    const revision = this.#nextRevision?.();
    const after = revision === undefined ? object : atRevision(object, revision);
    this.#tables.set(table, this.table(table).set(row, after));
    this.#reindex({ table, row }, before, after);
    if (revision !== undefined) {
      this.#revision = revision;
      this.changes.push({ table, row, revision, ...(before === undefined ? {} : { before }), after, last: after });
    }
    return after;
  }

  /** The removed object, as its watchers see it last. */
  remove(object: Resource): Resource {
    const table = tableOf(object);
    const row = rowOf(object.metadata.namespace, object.metadata.name);
    const before = this.get(table, row);
    if (before === undefined) return object;
    const revision = this.#nextRevision?.();
    const last = revision === undefined ? object : atRevision(object, revision);
    this.#tables.set(table, this.table(table).delete(row));
    this.#reindex({ table, row }, before, undefined);
    if (revision !== undefined) {
      this.#revision = revision;
      this.changes.push({ table, row, revision, before, last });
    }
    return last;
  }

  state(): State {
    return { revision: this.#revision, tables: this.#tables, owned: this.#owned };
  }

  #reindex(located: Located, before: Resource | undefined, after: Resource | undefined): void {
    const old = before?.metadata.ownerReferences;
    const now = after?.metadata.ownerReferences;
    if (old === now) return;
    for (const { uid } of old ?? []) this.#owned = this.#owned.delete(ownedKey(uid, located));
    for (const { uid } of now ?? []) this.#owned = this.#owned.set(ownedKey(uid, located), located);
  }
}

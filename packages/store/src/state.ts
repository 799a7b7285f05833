import type { Resource } from "@sluice/api";
import { splitApiVersion } from "@sluice/api";
import { SortedMap } from "./sorted-map.ts";

/** `group/Kind`: what a table holds, whatever the version. */
export type TableName = string;

/** Everything stored at one revision. Immutable: holding one is a snapshot. */
export interface State {
  readonly revision: number;
  readonly tables: ReadonlyMap<TableName, SortedMap<Resource>>;
  /** `owner uid NUL table NUL row` of each owned object, so that no owner is looked for by scanning. */
  readonly owned: SortedMap<Located>;
}

/** Where an object stands. */
export interface Located {
  readonly table: TableName;
  readonly row: string;
}

/** One object's step from `before` to `after`, at `revision`. `before` absent: created; `after` absent: removed. */
export interface Change {
  readonly table: TableName;
  readonly row: string;
  readonly revision: number;
  readonly before?: Resource;
  readonly after?: Resource;
  /** What remains to be seen of it: `after`, or the removed object with the revision of its removal. */
  readonly last: Resource;
}

export const emptyState = (revision: number): State => ({ revision, tables: new Map(), owned: SortedMap.empty() });

export function tableOf(key: { readonly apiVersion: string; readonly kind: string }): TableName {
  return `${splitApiVersion(key.apiVersion).group}/${key.kind}`;
}

/** Sorts by namespace, then name. */
export const rowOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}\u0000${name}`;

export const ownedKey = (ownerUid: string, { table, row }: Located): string => `${ownerUid}\u0000${table}\u0000${row}`;

/** The store's own way to copy: gives `object` a resourceVersion. */
export const atRevision = (object: Resource, revision: number): Resource => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});

import type { Resource } from "@sluice/api";
import type { Change } from "../state.ts";

/** One group commit: all of it becomes durable, or none. */
export interface Batch {
  readonly changes: readonly Change[];
  /** Revisions up to this one may be in use once the batch is durable; part of the same transaction. */
  readonly reserved: number;
}

export interface Loaded {
  readonly objects: Iterable<Resource>;
  /** No revision up to this one is given out again. */
  readonly reserved: number;
}

/** Where the store's objects outlive the process. Used by one store at a time. */
export interface Persistence {
  load(): Loaded | Promise<Loaded>;
  /** Returns, or resolves, when durable. Throws, or rejects, when nothing of it is. */
  commit(batch: Batch): void | Promise<void>;
  /** A small durable write, to learn whether commits would work again. */
  probe(): void | Promise<void>;
  close(): void | Promise<void>;
}

/** Keeps nothing: for tests and rehearsals. */
export const volatilePersistence = (): Persistence => ({
  load: () => ({ objects: [], reserved: 0 }),
  commit() {},
  probe() {},
  close() {},
});

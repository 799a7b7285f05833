import type { KindKey, ResourceKey } from "@sluice/kernel";
import type { Resource } from "./resource.ts";

export interface ListOptions {
  /** Absent: every namespace. */
  readonly namespace?: string;
  /** Kubernetes' label selector text, e.g. `app=shop,tier in (web,api),!canary`. */
  readonly labelSelector?: string;
  /** `metadata.name`, `metadata.namespace` and the fields a kind declares, with `=`, `==`, `!=`. */
  readonly fieldSelector?: string;
  readonly limit?: number;
  /** From the previous page; it reads the same snapshot, or fails with reason Expired. */
  readonly continue?: string;
}

export interface ResourceList<R extends Resource = Resource> {
  readonly resourceVersion: string;
  /** By namespace, then name. Treat as frozen: an implementation may share them. */
  readonly items: readonly R[];
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Events after this version; absent or "0": the present state first, as ADDED. */
  readonly resourceVersion?: string;
  /** The present state as ADDED, then a bookmark with `initialEventsEnd`. */
  readonly sendInitialEvents?: boolean;
  readonly allowBookmarks?: boolean;
}

export type WatchEvent<R extends Resource = Resource> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: R }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string; readonly initialEventsEnd?: true };

/** Ends when stopped; throws an ApiFault with reason Expired (410) when the version is compacted or the reader too slow. */
export interface Watch<R extends Resource = Resource> extends AsyncIterable<WatchEvent<R>> {
  stop(): void;
}

/** `status` and `scale` as Kubernetes has them. */
export type Subresource = "status" | "scale";

export interface WriteOptions {
  /** Who owns the written fields in managedFields. */
  readonly fieldManager?: string;
  /** Validate and default, write nothing. */
  readonly dryRun?: boolean;
  /** What an unknown or doubled field does. Default Strict: refused. */
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore";
  readonly subresource?: Subresource;
  /** Told what was let pass but should not have been, e.g. an unknown field under fieldValidation Warn. */
  readonly onWarning?: (warning: string) => void;
}

export type Patch =
  | { readonly type: "json"; readonly operations: readonly unknown[] }
  | { readonly type: "merge"; readonly value: unknown }
  | { readonly type: "strategic"; readonly value: unknown }
  /** Server-side apply; `fieldManager` in the options is required. */
  | { readonly type: "apply"; readonly value: unknown; readonly force?: boolean };

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}

/**
 * The one way to the API, the same over memory, SQLite, the wire and a cluster.
 * Absence on `get` and `delete` is undefined; every other refusal is an ApiFault.
 */
export interface Client {
  get<R extends Resource = Resource>(key: ResourceKey, options?: { subresource?: Subresource }): Promise<R | undefined>;
  list<R extends Resource = Resource>(kind: KindKey, options?: ListOptions): Promise<ResourceList<R>>;
  watch<R extends Resource = Resource>(kind: KindKey, options?: WatchOptions): Watch<R>;
  /** Faults: AlreadyExists, Invalid, NotFound (the kind or the namespace). */
  create<R extends Resource>(object: R, options?: WriteOptions): Promise<R>;
  /** With `metadata.resourceVersion` set, a stale one is refused with Conflict. */
  update<R extends Resource>(object: R, options?: WriteOptions): Promise<R>;
  patch<R extends Resource = Resource>(key: ResourceKey, patch: Patch, options?: WriteOptions): Promise<R>;
  /** The last state: with finalizers pending, the object now marked for deletion. */
  delete<R extends Resource = Resource>(key: ResourceKey, options?: DeleteOptions): Promise<R | undefined>;
  deleteAll(kind: KindKey, options?: ListOptions & DeleteOptions): Promise<ResourceList>;
}

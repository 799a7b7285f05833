import type { KindKey, Violation } from "@sluice/kernel";
import type { Resource } from "./resource.ts";
import type { Schema } from "./schema.ts";

/** A column of `kubectl get`. `priority` 1 shows only with -o wide. */
export interface Column {
  readonly name: string;
  readonly type: "string" | "integer" | "date" | "boolean" | "number";
  readonly format?: "name";
  readonly priority?: 0 | 1;
  readonly description?: string;
  /** Absent for CRDs, which have `jsonPath`. `now` in epoch milliseconds, for ages. */
  readonly cell?: (object: Resource, nowEpochMillis: number) => string | number | boolean | undefined;
  readonly jsonPath?: string;
}

/** Where a kind's scale subresource reads and writes, as dotted paths. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  /** A path to a selector's text, or to a LabelSelector. */
  readonly selector?: string;
}

/** Everything the API knows of a kind. */
export interface KindDefinition {
  readonly group: string; // "" for core
  /** The storage version first; all share one schema. */
  readonly versions: readonly string[];
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly schema: Schema;
  readonly status?: true;
  readonly scale?: ScalePaths;
  /** Further subresources that the wire serves, e.g. `log`. */
  readonly otherSubresources?: readonly string[];
  readonly columns?: readonly Column[];
  /** Fields beyond metadata.name and metadata.namespace that a fieldSelector may name, e.g. `status.phase`. */
  readonly selectableFields?: readonly string[];
  /** Kubernetes accepts strategic merge patches for it. */
  readonly strategicMerge?: true;
  /** Defaults that a schema can't express. Pure; returns a new object. */
  readonly applyDefaults?: (object: Resource) => Resource;
  /** Rules that a schema can't express. `old` on update. */
  readonly validate?: (object: Resource, old?: Resource) => readonly Violation[];
}

export const groupVersion = (definition: KindDefinition, version = definition.versions[0] ?? "v1"): string =>
  definition.group === "" ? version : `${definition.group}/${version}`;

export const kindKey = (definition: KindDefinition): KindKey => ({
  apiVersion: groupVersion(definition),
  kind: definition.kind,
});

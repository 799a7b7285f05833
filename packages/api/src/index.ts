export { ApiFault, type ApiReason, hasReason, isApiReason } from "./contract/api-fault.ts";
export type {
  Client,
  DeleteOptions,
  ListOptions,
  Patch,
  ResourceList,
  Subresource,
  Watch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./contract/client.ts";
export { controlledBy, controllerOf, keyOf } from "./contract/keys.ts";
export {
  type Column,
  groupVersion,
  type KindDefinition,
  kindKey,
  type ScalePaths,
} from "./contract/kind-definition.ts";
export { KindRegistry, splitApiVersion } from "./contract/kind-registry.ts";
export type { Condition, Kind, ManagedFieldsEntry, ObjectMeta, OwnerReference, Resource } from "./contract/resource.ts";
export type { Schema } from "./contract/schema.ts";

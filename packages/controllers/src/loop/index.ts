export { applyEffect, type Effect, type Effects, type StoreAction, type TaskAction } from "./actions.ts";
export { type AnyReconciler, Loop, type LoopOptions, type Pass } from "./loop.ts";
export { type CacheChange, ResourceCache, type ResourceCacheOptions } from "./resource-cache.ts";
export { type Cancellation, TaskBoard, type TaskHandler } from "./task-board.ts";

export {
  type AnyReconciler,
  applyEffect,
  type Cancellation,
  type Effect,
  type Effects,
  Loop,
  type LoopOptions,
  type Pass,
  type StoreAction,
  type TaskAction,
  TaskBoard,
  type TaskHandler,
} from "./loop/index.ts";

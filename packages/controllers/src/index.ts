export { analysisRunReconciler, askJudge, measuredAs, type QueryResult } from "./analysisrun/index.ts";
export {
  ApplicationReconciler,
  applyManifestsHandler,
  changesOf,
  type FieldChange,
  healthOf,
  historyRows,
  type Inspection,
  inspectApplication,
  type KindLookup,
  type RenderedSource,
  refreshPatch,
  rollbackPatch,
  syncPatch,
  terminatePatch,
  withSteering,
} from "./application/index.ts";
export { everyReconciler } from "./every-reconciler.ts";
export { experimentReconciler } from "./experiment/index.ts";
export { type JudgedWindows, judgementReconciler, stepReached } from "./judgement/index.ts";
export {
  type AnyReconciler,
  applyEffect,
  type Cancellation,
  type Effect,
  type Effects,
  Loop,
  type LoopOptions,
  type Pass,
  ResourceCache,
  type StoreAction,
  type TaskAction,
  TaskBoard,
  type TaskHandler,
} from "./loop/index.ts";
export { QuarantineReconciler, revertAnnotation, workloadDigests } from "./quarantine/index.ts";
export {
  abortPatch,
  isEmptyAnswer,
  pausePatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  rolloutReconciler,
  setImagePatch,
  undoPatch,
} from "./rollout/index.ts";

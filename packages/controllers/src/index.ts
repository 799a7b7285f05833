export { analysisRunReconciler } from "./analysisrun/index.ts";
export {
  ApplicationReconciler,
  type ApplicationReconcilerOptions,
  applyManifestsHandler,
  type Comparison,
  changesOf,
  diffResource,
  type FieldChange,
  healthOf,
  historyRows,
  type Inspection,
  inspectApplication,
  type KindLookup,
  type RenderedSource,
  refreshPatch,
  rollbackPatch,
  type SyncRequest,
  syncPatch,
  terminatePatch,
} from "./application/index.ts";
export { deploymentReconciler, deploymentReconciler } from "./deployment/index.ts";
export { type ServiceOptions, serviceReconciler, serviceReconciler } from "./endpointslice/index.ts";
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
export {
  QuarantineReconciler,
  QuarantineReconciler,
  QuarantineReconciler,
  revertAnnotation,
  revertAnnotation,
  workloadDigests,
  workloadDigests,
  workloadDigests,
} from "./quarantine/index.ts";
export { replicaSetReconciler, replicaSetReconciler } from "./replicaset/index.ts";
export {
  abortPatch,
  pausePatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  rolloutReconciler,
  setImagePatch,
  undoPatch,
} from "./rollout/index.ts";

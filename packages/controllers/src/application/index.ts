export { type Comparison, changesOf } from "./comparison/compare.ts";
export type { FieldChange } from "./comparison/diff.ts";
export { type Health, healthOf } from "./health/health.ts";
export { type Inspection, inspectApplication } from "./inspect.ts";
export type { RenderedManifest, RenderedSource } from "./manifests.ts";
export { historyRows, refreshPatch, rollbackPatch, type SyncRequest, syncPatch, terminatePatch } from "./patches.ts";
export { ApplicationReconciler, type ApplicationReconcilerOptions } from "./reconciler.ts";
export { withSteering } from "./steered.ts";
export {
  type ApplyOutcome,
  type ApplyResult,
  type ApplyStep,
  type ApplyWork,
  applyManifestsHandler,
} from "./sync/apply-manifests.ts";
export type { KindLookup } from "./targets.ts";

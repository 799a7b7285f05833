export { isEmptyAnswer } from "./analysis/evidence.ts";
export { rolloutReconciler } from "./reconciler.ts";
export {
  abortPatch,
  pausePatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  setImagePatch,
  undoPatch,
} from "./status/patches.ts";

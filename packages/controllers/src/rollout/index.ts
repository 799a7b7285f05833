export {
  abortPatch,
  pausePatch,
  promotePatch,
  type RequestedPatch,
  restartPatch,
  retryPatch,
  setImagePatch,
  undoPatch,
} from "./patches.ts";
export { rolloutReconciler } from "./reconciler.ts";

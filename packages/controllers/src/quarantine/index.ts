export { QuarantineReconciler, revertAnnotation } from "./reconciler.ts";
export { type RevertResult, revertWork } from "./revert-work.ts";
export { workloadDigests } from "./workload-digests.ts";

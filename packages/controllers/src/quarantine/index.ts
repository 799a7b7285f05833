export { QuarantineReconciler, revertAnnotation } from "./reconciler.ts";
export { workloadDigests } from "./workload-digests.ts";

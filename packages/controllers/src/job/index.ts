export { jobReconciler } from "./reconciler.ts";

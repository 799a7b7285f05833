export { analysisRunReconciler } from "./reconciler.ts";

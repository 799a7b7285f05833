export { deploymentReconciler } from "./reconciler.ts";

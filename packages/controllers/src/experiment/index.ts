export { experimentReconciler } from "./reconciler.ts";

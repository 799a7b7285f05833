export { replicaSetReconciler } from "./reconciler.ts";

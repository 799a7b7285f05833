export { decisionReconciler } from "./reconciler.ts";

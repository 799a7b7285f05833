export { destinationRuleReconciler } from "./reconciler.ts";

export { type ServiceOptions, serviceReconciler } from "./reconciler.ts";

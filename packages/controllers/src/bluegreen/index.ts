export { blueGreenReconciler } from "./reconciler.ts";

export { virtualServiceReconciler } from "./reconciler.ts";

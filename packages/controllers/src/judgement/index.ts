export type { JudgedWindows } from "./observe.ts";
export { judgementReconciler } from "./reconciler.ts";

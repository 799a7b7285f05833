export type { JudgedWindows } from "./observe.ts";
export { stepReached } from "./plan.ts";
export { judgementReconciler } from "./reconciler.ts";

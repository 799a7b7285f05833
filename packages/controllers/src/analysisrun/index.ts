export type { QueryResult } from "./measure.ts";
export { analysisRunReconciler } from "./reconciler.ts";

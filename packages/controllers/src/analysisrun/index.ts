export { measuredAs } from "./answered.ts";
export { askJudge } from "./ask-judge.ts";
export type { QueryResult } from "./measure.ts";
export { analysisRunReconciler } from "./reconciler.ts";

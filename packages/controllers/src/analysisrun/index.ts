export { askJudge } from "./ask-judge.ts";
export { analysisRunReconciler } from "./reconciler.ts";

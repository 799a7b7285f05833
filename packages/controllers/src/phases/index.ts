export { type CompletedPhase, isCompleted, isWorse } from "./phases.ts";

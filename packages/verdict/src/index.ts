export type { ComparedMetric, ComparedResult } from "./comparison/compare.ts";
export { type Comparison, type ComparisonOptions, compareVersions } from "./comparison/score.ts";
export { shippedModel } from "./generated/model.ts";
export { createJudge, type Judge, type JudgeOptions, type Verdict } from "./judge.ts";
export { judgeVersion } from "./judge-version.ts";
export { rollbackNats } from "./learned/bar.ts";
export { modelFault } from "./learned/model-fault.ts";
export type { TreeModel } from "./learned/trees.ts";
export { placeboWindow } from "./noise/placebo.ts";
export { decide, isAlarming, isValidated, type Prediction } from "./policy/decide.ts";
export { type Kpis, RecentKpis } from "./policy/kpis.ts";
export { type KnownBeside, type ReplayedWindow, replaying } from "./policy/replay.ts";
export { brokenRules } from "./policy/rules.ts";
export { deviance } from "./scans/deviance.ts";
export { type Evidence, namedEvidence } from "./sentence.ts";
export { pairsOverTime, tolerancesOf } from "./windows/over-time.ts";
export { sumOf, togetherServed } from "./windows/served-sum.ts";
export type {
  JudgedRelease,
  JudgedWindow,
  KnownStarts,
  Names,
  PlaceboWindow,
  PlanStep,
  Served,
  Tolerances,
  VersionServed,
} from "./windows/window.ts";

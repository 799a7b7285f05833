export { type BlueGreenStage, blueGreenStage, blueGreenWords } from "./blue-green-stage.ts";
export { type Change, configurationChanges, templateChanges } from "./changes.ts";
export { configurationAnnotation, snapshotName } from "./configuration-copies.ts";
export { type ComparedVersion, type ReleaseChanges, readReleaseChanges } from "./release-changes.ts";
export { cohortText, isRingOn, ringText } from "./rings.ts";
export { parsePause, pauseEnd, type StepKind, stepWords } from "./step-words.ts";
export { measuredNumber, type Threshold, thresholdsOf } from "./thresholds.ts";
export { verdictWords } from "./verdict-words.ts";
export { rolesOf, scaleDownAt, type VersionRole } from "./version-roles.ts";

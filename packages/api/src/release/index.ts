export { type Change, configurationChanges, templateChanges } from "./changes.ts";
export { configurationAnnotation, snapshotName } from "./configuration-copies.ts";
export { type ComparedVersion, type ReleaseChanges, readReleaseChanges } from "./release-changes.ts";
export { cohortText, isRingOn, ringText } from "./rings.ts";
export { measuredNumber, type Threshold, thresholdsOf } from "./thresholds.ts";

import type { PauseReason } from "@sluice/api";
import type { View } from "./view.ts";

/** A person ended the pause that the controller had begun. */
export const isWaved = ({ status }: View): boolean =>
  status.controllerPause === true && (status.pauseConditions?.length ?? 0) === 0;

const hasPause = ({ status }: View, reason: PauseReason): boolean =>
  status.pauseConditions?.some((pause) => pause.reason === reason) === true;

/** Evidence is missing or undecided, and only a person can say how to go on. */
export const isAsking = (view: View): boolean =>
  hasPause(view, "NoData") ||
  hasPause(view, "InconclusiveAnalysisRun") ||
  hasPause(view, "InconclusiveExperiment") ||
  hasPause(view, "VerdictAlert");

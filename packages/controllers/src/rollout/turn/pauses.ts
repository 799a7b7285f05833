import type { PauseCondition, PauseReason } from "@sluice/api";
import type { View } from "../view.ts";

/** A person ended the pause that the controller had begun. */
export const isWaved = ({ status }: View): boolean =>
  status.controllerPause === true && (status.pauseConditions?.length ?? 0) === 0;

export const pauseOf = ({ status }: View, reason: PauseReason): PauseCondition | undefined =>
  status.pauseConditions?.find((pause) => pause.reason === reason);

/** Evidence is missing or undecided, and only a person can say how to go on. */
export const isAsking = (view: View): boolean => asking.some((reason) => pauseOf(view, reason) !== undefined);

const asking = [
  "NoData",
  "InconclusiveAnalysisRun",
  "InconclusiveExperiment",
  "VerdictAlert",
  "NotRevertible",
] as const;

/** Sluice's own pauses say more than their name. */
export const hasDetail = (reason: PauseReason): boolean =>
  reason === "NoData" || reason === "VerdictAlert" || reason === "NotRevertible";

import type { Rollout } from "@sluice/api";
import { blamePatch, placeFields, statusPatch, unpausedPatches } from "@sluice/api/release";
import type { RequestedPatch } from "../data/api.ts";

/** What a person may ask of a release: the patches that the command writes, or why it makes no sense now. */
export type ReleaseRequest =
  | { readonly is: "possible"; readonly patches: readonly RequestedPatch[] }
  | { readonly is: "senseless"; readonly because: string };

const possible = (...patches: readonly RequestedPatch[]): ReleaseRequest => ({ is: "possible", patches });
const senseless = (because: string): ReleaseRequest => ({ is: "senseless", because });

const isOnItsWay = ({ status }: Rollout): boolean => (status?.stableRS ?? "") !== status?.currentPodHash;

const jump = (rollout: Rollout, currentStepIndex: number): readonly RequestedPatch[] => [
  statusPatch(rollout, placeFields, { pauseConditions: "none", controllerPause: false, currentStepIndex }),
  ...unpausedPatches(rollout),
];

/** A pause ends, an analysis or experiment is skipped. */
export function promote(rollout: Rollout): ReleaseRequest {
  const { status = {}, spec } = rollout;
  if (status.abort === true) return senseless("It is aborted: retry it, or promote it fully");
  const steps = spec.strategy.canary?.steps ?? [];
  const index = Math.min(status.currentStepIndex ?? 0, steps.length);
  const isAnalysing = steps[index]?.analysis !== undefined || steps[index]?.experiment !== undefined;
  const pauses = status.pauseConditions ?? [];
  const undecided: readonly string[] = ["InconclusiveAnalysisRun", "InconclusiveExperiment", "NoData"];
  const isUndecided = pauses.some(({ reason }) => undecided.includes(reason));
  if (isUndecided && isAnalysing) {
    return possible(...jump(rollout, index + 1));
  }
  if (pauses.length > 0)
    return possible(statusPatch(rollout, placeFields, { pauseConditions: "none" }), ...unpausedPatches(rollout));
  if (spec.paused === true) return possible(...unpausedPatches(rollout));
  if (isOnItsWay(rollout) && isAnalysing)
    return possible(statusPatch(rollout, placeFields, { currentStepIndex: index + 1 }));
  return senseless(isOnItsWay(rollout) ? "It goes on by itself" : "It is fully promoted");
}

/** The steps go on behind this one, or behind the last; what runs beside them is still waited for. */
function skip(rollout: Rollout, to: (index: number, steps: number) => number): ReleaseRequest {
  const { status = {}, spec } = rollout;
  if (status.abort === true) return senseless("It is aborted: retry it, or promote it fully");
  const steps = spec.strategy.canary?.steps?.length ?? 0;
  const index = Math.min(status.currentStepIndex ?? 0, steps);
  if (!isOnItsWay(rollout) || index >= steps) return senseless("No step is left to skip");
  return possible(...jump(rollout, to(index, steps)));
}

export const skipStep = (rollout: Rollout): ReleaseRequest => skip(rollout, (index) => index + 1);
export const skipAllSteps = (rollout: Rollout): ReleaseRequest => skip(rollout, (_, steps) => steps);

/** All steps that are left are skipped. */
export function promoteFully(rollout: Rollout): ReleaseRequest {
  if (!isOnItsWay(rollout)) return senseless("It is fully promoted");
  return possible(
    statusPatch(rollout, ["currentPodHash", "stableRS"], { promoteFull: true }),
    ...unpausedPatches(rollout),
  );
}

/** Traffic goes back to the stable version. */
export function abort(rollout: Rollout): ReleaseRequest {
  if (!isOnItsWay(rollout)) return senseless("It is fully promoted: there is nothing to take back");
  if (rollout.status?.abort === true) return senseless("It is aborted");
  return possible(statusPatch(rollout, ["currentPodHash", "stableRS"], { abort: true }));
}

/** And this version is blamed: quarantined, and git put right. */
export function abortAsBad(rollout: Rollout, reason: string): ReleaseRequest {
  if (!isOnItsWay(rollout)) return senseless("It is fully promoted: there is nothing to take back");
  if (quarantineReason(rollout) !== undefined) return senseless("It is quarantined already");
  return possible(blamePatch(rollout, reason || "true"));
}

/** An aborted release begins again at its first step. */
export function retry(rollout: Rollout): ReleaseRequest {
  if (rollout.status?.abort !== true) return senseless("It isn't aborted");
  const quarantined = quarantineReason(rollout);
  return quarantined === undefined
    ? possible(statusPatch(rollout, ["currentPodHash", "abort"], { abort: false }))
    : senseless(quarantined);
}

const quarantineReason = ({ status }: Rollout): string | undefined => {
  const found = status?.conditions?.find(({ type }) => type === "Quarantined");
  return found === undefined ? undefined : (found.message ?? "this version is quarantined");
};

import { after, type Instant, parseInstant, seconds } from "@sluice/kernel";
import type { Rollout } from "../kinds/argo/rollout.ts";

/** How far a blue-green release is. */
export type BlueGreenStage =
  /** Everybody has it. */
  | { readonly is: "done" }
  /** Pods of the new version come, at the preview. */
  | { readonly is: "starting" }
  | { readonly is: "testing" }
  /** For a person; with `until` for the time, or a person who is faster. */
  | { readonly is: "waiting"; readonly until?: Instant }
  /** Past the pause a smaller preview gets all its Pods. */
  | { readonly is: "scalingUp" }
  /** Everybody gets it; until the analysis after the switch is through, the way back is open. */
  | { readonly is: "watching" }
  | { readonly is: "held" }
  /** Only a person can say how to go on. */
  | { readonly is: "asking"; readonly reason: string }
  | { readonly is: "aborted" };

/** Undefined with another strategy. */
export function blueGreenStage({ spec, status = {} }: Rollout): BlueGreenStage | undefined {
  const { blueGreen: strategy } = spec.strategy;
  if (strategy === undefined) return undefined;
  const { blueGreen = {}, currentPodHash, stableRS = "" } = status;
  if (status.abort === true) return { is: "aborted" };
  const isActive = currentPodHash !== undefined && blueGreen.activeSelector === currentPodHash;
  if (isActive && stableRS === currentPodHash) return { is: "done" };
  if (spec.paused === true) return { is: "held" };
  const pauses = status.pauseConditions ?? [];
  const asks = pauses.find(({ reason }) => reason !== "BlueGreenPause");
  if (asks !== undefined) return { is: "asking", reason: asks.reason };
  if (isActive) return { is: "watching" };
  const pause = pauses[0];
  if (pause !== undefined) {
    const { autoPromotionEnabled = true, autoPromotionSeconds = 0 } = strategy;
    const begun = parseInstant(pause.startTime);
    if (!autoPromotionEnabled || autoPromotionSeconds <= 0 || begun === undefined) return { is: "waiting" };
    return { is: "waiting", until: after(begun, seconds(autoPromotionSeconds)) };
  }
  if (blueGreen.scaleUpPreviewCheckPoint === true) return { is: "scalingUp" };
  const tests = blueGreen.prePromotionAnalysisRunStatus?.status;
  return tests === undefined || tests === "Successful" ? { is: "starting" } : { is: "testing" };
}

/** In a sentence; `left`: how long a countdown goes on, in words. */
export function blueGreenWords(stage: BlueGreenStage, left?: string): string {
  switch (stage.is) {
    case "done":
      return "everybody has it";
    case "starting":
      return "its pods come, at the preview";
    case "testing":
      return "tested at the preview, before the switch";
    case "waiting":
      return stage.until === undefined
        ? "ready at the preview; waits until somebody promotes it"
        : `ready at the preview; everybody gets it in ${left ?? "a while"}`;
    case "scalingUp":
      return "promoted; gets all its pods before the switch";
    case "watching":
      return "everybody gets it; watched before the old version goes";
    case "held":
      return "held by hand";
    case "asking":
      return "undecided: waits for a person";
    case "aborted":
      return "taken back";
  }
}

/** The same in a word or two, for lists. */
export const blueGreenBrief: Readonly<Record<BlueGreenStage["is"], string>> = {
  done: "switched",
  starting: "preview starts",
  testing: "preview tested",
  waiting: "waits at preview",
  scalingUp: "scales up",
  watching: "watched",
  held: "held",
  asking: "asks a person",
  aborted: "taken back",
};

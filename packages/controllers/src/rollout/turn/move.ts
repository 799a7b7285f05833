import type { DecisionEvidence, PauseCondition, PauseReason } from "@sluice/api";
import { formatInstant, type Instant, type PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { stepText } from "../canary/steps.ts";
import type { Changes } from "../changes.ts";
import type { ObservedRollout } from "../observe.ts";
import { decided } from "../status/decisions.ts";
import type { View } from "../view.ts";
import type { Outcome } from "./finish.ts";
import { hasDetail, isWaved } from "./pauses.ts";

/** What a version on its way does next, whatever its strategy. */
export type Move =
  | {
      readonly is: "waiting";
      readonly because: string;
      readonly until?: Instant | undefined;
      /** All steps are done, and a share stays with the stable version for a while. */
      readonly isHoldingBack?: boolean;
      /** The judge's doubt alone keeps it from going on. */
      readonly isHeldByJudge?: boolean;
    }
  | { readonly is: "pause"; readonly reason: PauseReason; readonly because: string }
  /** A step of a canary is done. */
  | { readonly is: "advance"; readonly because: string; readonly by?: string }
  /** Past the pause: a preview, smaller so far, gets all its Pods. */
  | { readonly is: "scaleUp"; readonly because: string; readonly by?: string }
  | { readonly is: "switch"; readonly because: string; readonly by?: string }
  | { readonly is: "promote"; readonly because: string; readonly by?: string };

export const waiting = (because: string, until?: Instant): Move => ({ is: "waiting", because, until });

const noPause = { pauseConditions: undefined, controllerPause: undefined } as const satisfies Changes;

const isAgainst = ({ judged }: View): boolean => judged?.action === "alert" || judged?.action === "rollback";

/** What status says of it; `isWordUsed`: a person's word ended what it was about, and says nothing of what follows. */
export function moved(view: View, move: Move, isWordUsed: boolean, now: Instant): Changes {
  const { status, progress, rollout } = view;
  const end = progress.steps.length === 0 ? undefined : progress.steps.length;
  switch (move.is) {
    case "promote":
      return {
        ...noPause,
        stableRS: view.hash,
        promoteFull: undefined,
        abort: undefined,
        abortedAt: undefined,
        begunAgain: undefined,
        currentStepIndex: end,
      };
    case "advance":
      return { ...noPause, currentStepIndex: (progress.index ?? 0) + 1 };
    case "scaleUp":
      // Whoever went on in spite of the verdict isn't asked again before the switch that their word was about.
      return isWaved(view) && isAgainst(view) ? { pauseConditions: undefined } : noPause;
    case "switch":
      return noPause;
    case "pause": {
      const pause: PauseCondition = { reason: move.reason, startTime: formatInstant(now) };
      // Who asked for all of it at once didn't know of this.
      const isNews = move.reason === "NotRevertible" && status.promoteFull === true;
      return {
        pauseConditions: [...(status.pauseConditions ?? []), pause],
        controllerPause: true,
        ...(isNews ? { promoteFull: undefined, currentStepIndex: end } : {}),
      };
    }
    case "waiting": {
      const isSteady = view.isFullyPromoted && rollout.spec.paused !== true;
      return {
        ...(end === undefined ? { currentStepIndex: undefined } : {}),
        ...(status.promoteFull === true ? { ...noPause, ...(end === undefined ? {} : { currentStepIndex: end }) } : {}),
        ...(isWaved(view) && isWordUsed ? { controllerPause: undefined } : {}),
        ...(view.isFullyPromoted ? { promoteFull: undefined, abort: undefined, abortedAt: undefined } : {}),
        ...(isSteady ? { controllerPause: undefined } : {}),
      };
    }
  }
}

/** The Decision of a move; most looks make none, and ask for no evidence. */
export function recordsOf(
  observed: ObservedRollout,
  view: View,
  move: Move,
  evidenceNow: () => readonly DecisionEvidence[],
  now: Instant,
): readonly Effect[] {
  if (move.is === "waiting") return [];
  const evidence = evidenceNow();
  const { because } = move;
  const by = "by" in move && move.by !== undefined ? { by: move.by } : {};
  const action = move.is === "switch" || move.is === "scaleUp" ? "advance" : move.is;
  return [decided(observed, view, now, { action, because, evidence, ...by, ...slotOf(observed, view, move) })];
}

function slotOf(
  { services }: ObservedRollout,
  { rollout, hash, status }: View,
  { is }: Move,
): { readonly slot?: string } {
  // Two advances of one version: each has a record of its own, also where both come within one status.
  if (is === "scaleUp") return { slot: `${rollout.metadata.resourceVersion}|${is}` };
  // Whatever happens to the Rollout between a crash and its repeat: a switch is over once the Service is another.
  if (is === "switch") {
    const active = services.get(blueGreenOf(rollout)?.activeService ?? "");
    return { slot: `${active?.metadata.resourceVersion}|${is}` };
  }
  // A canary is promoted once, whatever else is seen between a conflict and its repeat.
  const isOnce = is === "promote" && blueGreenOf(rollout) === undefined;
  return isOnce ? { slot: `${hash}|${status.stableRS ?? ""}` } : {};
}

/** Conditions that say why it stands. */
export function toldBy(move: Move): Pick<Outcome, "pausedBecause" | "holdsBack" | "heldByJudge"> {
  if (move.is === "pause") return hasDetail(move.reason) ? { pausedBecause: move.because } : {};
  if (move.is !== "waiting") return {};
  if (move.isHoldingBack === true) return { holdsBack: move.because };
  return move.isHeldByJudge === true ? { heldByJudge: move.because } : {};
}

export function eventsOf(view: View, move: Move): readonly PlannedEvent[] {
  const { progress, revision, hash } = view;
  const resumed: PlannedEvent[] = isWaved(view)
    ? [{ type: "Normal", reason: "RolloutResumed", message: "Rollout is resumed" }]
    : [];
  switch (move.is) {
    case "advance": {
      const text = progress.step === undefined ? "" : stepText(progress.step);
      const message = `Rollout step ${(progress.index ?? 0) + 1}/${progress.steps.length} completed (${text})`;
      return [...resumed, { type: "Normal", reason: "RolloutStepCompleted", message }];
    }
    case "pause": {
      const detail = hasDetail(move.reason) ? `${move.reason}: ${move.because}` : move.reason;
      const isPlanned = move.reason === "CanaryPauseStep" || move.reason === "BlueGreenPause";
      const message = `Rollout is paused (${detail})`;
      return [{ type: isPlanned ? "Normal" : "Warning", reason: "RolloutPaused", message }];
    }
    case "promote": {
      const message = `Rollout completed update to revision ${revision} (${hash}): ${move.because}`;
      return [...resumed, { type: "Normal", reason: "RolloutCompleted", message }];
    }
    case "scaleUp":
    case "switch":
    case "waiting":
      return resumed;
  }
}

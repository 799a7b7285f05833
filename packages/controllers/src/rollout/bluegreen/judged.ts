import type { JudgementSpec, JudgementStatus, ReplicaSet } from "@sluice/api";
import { after, type Instant, minutes, parseInstant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { isAfterSwitch } from "../judging/current.ts";
import { heldForJudge } from "../judging/held.ts";
import { beginJudgement, endJudgements } from "../judging/judgements.ts";
import { mayBeJudged } from "../judging/may-be-judged.ts";
import { judgeVerdict } from "../judging/verdict.ts";
import { lastingChange } from "../lasting/marks.ts";
import { isOverruled } from "../lasting/overruled.ts";
import type { ObservedRollout } from "../observe.ts";
import type { Move } from "../turn/move.ts";
import { isWaved, pauseOf } from "../turn/pauses.ts";
import type { Verdict } from "../verdict/verdict-words.ts";
import { availableOf, hashOf, type View, wantedOf } from "../view.ts";
import { fastTrack } from "./fast-track.ts";
import { activeHash, hasFollowed } from "./services.ts";
import { blueGreenOf, promotionOf } from "./strategy.ts";

/** What was served longer ago than this is nothing to compare with. */
const longestLook = minutes(10);

const atPreview: Pick<JudgementSpec, "plan"> = { plan: [{ weight: 0, seconds: 0 }] };
const afterSwitch: Pick<JudgementSpec, "plan" | "comparedWith"> = {
  plan: [{ weight: 100, seconds: 0 }],
  comparedWith: "before",
};

/**
 * Two Judgements of one version: of what testers meet at the preview while it is looked at there, and, from the switch on,
 * of what everybody meets. That goes on past the promotion, for as long as there is a way back.
 */
export function planBlueGreenJudgement(
  observed: ObservedRollout,
  view: View,
  isPreviewed: boolean,
  now: Instant,
): readonly Effect[] {
  const { judgement } = view;
  if (view.isFullyPromoted) {
    const kept = replacedSet(observed, view, now) === undefined ? undefined : judgement;
    return endJudgements(observed, view, { kept, goesOn: true });
  }
  const isCut = activeHash(observed, view) === view.hash;
  const isFast = fastTrack(observed, view) !== undefined;
  const kept = judgement !== undefined && !isFast && isAfterSwitch(judgement) === isCut ? judgement : undefined;
  const ended = endJudgements(observed, view, { kept, goesOn: true });
  if (kept !== undefined || isFast || !mayBeJudged(view)) return ended;
  if (isCut) {
    const isServing = hasFollowed(observed, view, view.hash) && wantedOf(view.stable) > 0;
    return isServing ? [...ended, beginJudgement(observed, view, afterSwitch, now)] : ended;
  }
  return isPreviewed ? [...ended, beginJudgement(observed, view, atPreview, now)] : ended;
}

/** Those that the version which everybody has replaced, while they stand and the judge still looks. */
function replacedSet({ replicaSets }: ObservedRollout, { judgement }: View, now: Instant): ReplicaSet | undefined {
  if (judgement === undefined || !isAfterSwitch(judgement)) return undefined;
  const { beganAt, stable } = judgement.spec;
  if (now >= after(parseInstant(beganAt) ?? now, longestLook)) return undefined;
  return replicaSets.find((set) => hashOf(set) === stable.podTemplateHash && wantedOf(set) > 0);
}

export interface Recall {
  readonly verdict: Verdict;
  readonly replaced: ReplicaSet;
}

/** A version that was promoted and is seen to be bad while the way back is open; undefined where it stays. */
export function recallOf(observed: ObservedRollout, view: View, now: Instant): Recall | undefined {
  if (!view.isFullyPromoted || activeHash(observed, view) !== view.hash) return undefined;
  const replaced = replacedSet(observed, view, now);
  // Old code on data that was changed for good is a person's decision.
  if (lastingChange(view.canary?.spec.template, replaced?.spec.template) !== undefined) return undefined;
  const verdict = replaced === undefined || availableOf(replaced) === 0 ? undefined : judgeVerdict(view);
  return replaced === undefined || verdict === undefined ? undefined : { verdict, replaced };
}

/** A suspicion keeps the way back open: these Pods stay beyond their time. */
export function keepsOpen(observed: ObservedRollout, view: View, set: ReplicaSet, now: Instant): boolean {
  const { judged } = view;
  const isSuspected = judged?.suspects === true || judged?.action === "alert" || judged?.action === "rollback";
  return isSuspected && replacedSet(observed, view, now) === set;
}

/** The switch and the promotion wait while the judge suspects the version, and for a person where one is called. */
export function underTheJudge(observed: ObservedRollout, view: View, move: Move): Move {
  if (move.is === "waiting") return askedOfPreview(view) ?? move;
  if (move.is !== "switch" && move.is !== "promote") return move;
  if (view.isFirst || view.isFullyPromoted || isWaved(view) || fastTrack(observed, view) !== undefined) return move;
  const { judgement } = view;
  if (isOverruled(view, { cause: "judge", run: undefined })) return move;
  // What was said of the preview was answered before the switch.
  const isOfThis = judgement !== undefined && isAfterSwitch(judgement) === (move.is === "promote");
  const judged = isOfThis ? view.judged : undefined;
  if (judged?.action === "alert" || judged?.action === "rollback") {
    return alertBefore(move.is === "switch" ? "everybody gets it" : "it is promoted", judged);
  }
  if (judged?.suspects === true) return heldForJudge(judged);
  return move.is === "switch" ? { ...move, because: `${move.because}${previewWords(view)}` } : move;
}

/** Who is to promote it is asked beforehand: their word to go on would answer what nobody had asked. */
function askedOfPreview(view: View): Move | undefined {
  const { judgement, judged, rollout } = view;
  const isByPerson = promotionOf(blueGreenOf(rollout) ?? { activeService: "" }).is === "byAPerson";
  const isPausing = pauseOf(view, "BlueGreenPause") !== undefined && pauseOf(view, "VerdictAlert") === undefined;
  if (!isByPerson || !isPausing || judgement === undefined || isAfterSwitch(judgement)) return undefined;
  if (isOverruled(view, { cause: "judge", run: undefined })) return undefined;
  return judged?.action === "alert" || judged?.action === "rollback"
    ? alertBefore("everybody gets it", judged)
    : undefined;
}

const alertBefore = (what: string, { because }: JudgementStatus): Move => ({
  is: "pause",
  reason: "VerdictAlert",
  because: `asks a person before ${what}: ${because}`,
});

/** No data is not good news: whether anybody met the version before everybody does. */
function previewWords({ judged }: View): string {
  if ((judged?.windows ?? 0) === 0) return "";
  return judged?.requests === 0
    ? "; the preview got no requests, so nothing of it was judged"
    : `; at the preview: ${judged?.because}`;
}

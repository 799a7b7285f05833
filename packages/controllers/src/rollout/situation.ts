import type { Quarantine, ReplicaSet } from "@sluice/api";
import type { Instant } from "@sluice/kernel";
import { type ServedBefore, servedBefore } from "./adopted/served-before.ts";
import { missingWorkload, referenceFault } from "./analysis/references.ts";
import { recallOf } from "./bluegreen/judged.ts";
import { stepHash } from "./canary/steps.ts";
import { isLasting } from "./lasting/marks.ts";
import type { ObservedRollout } from "./observe.ts";
import { conditionOf } from "./status/conditions.ts";
import { isAbortedFor } from "./verdict/aborted-words.ts";
import { heldBy } from "./verdict/quarantine.ts";
import { personsVerdict, type Verdict, verdictOn } from "./verdict/verdict.ts";
import type { View } from "./view.ts";

/** What a Rollout is in. Everything that follows is decided from it. */
export type Situation =
  | { readonly is: "invalid"; readonly fault: string }
  | { readonly is: "nameTaken" }
  /** Nothing is known yet, and users get a version of its own already. */
  | { readonly is: "adopted"; readonly served: ServedBefore }
  /** The template or the steps are others than those that status is about. */
  | { readonly is: "superseded" }
  | { readonly is: "held"; readonly quarantine: Quarantine; readonly wasRetried: boolean }
  /** What held it back was lifted. */
  | { readonly is: "released" }
  | { readonly is: "retried" }
  | { readonly is: "condemned"; readonly verdict: Verdict }
  /** Bad, but going back by itself would do more harm: a person is asked. */
  | { readonly is: "stopped"; readonly verdict: Verdict }
  /** Promoted already, and seen to be bad while those that it replaced are still there. */
  | { readonly is: "recalled"; readonly verdict: Verdict; readonly replaced: ReplicaSet }
  | { readonly is: "aborted" }
  | { readonly is: "underway" };

export function classify(observed: ObservedRollout, view: View, now: Instant): Situation {
  const { status, rollout } = view;
  if (observed.workload.is === "missing" && view.canary === undefined) {
    return { is: "invalid", fault: missingWorkload(observed.workload.reference) };
  }
  const served = servedBefore(observed, view);
  if (served !== undefined) return { is: "adopted", served };
  if (observed.isNameTaken && view.canary === undefined) return { is: "nameTaken" };
  if (status.currentPodHash !== view.hash || status.currentStepHash !== stepHash(rollout)) return { is: "superseded" };
  const quarantine = view.isFullyPromoted ? undefined : heldBy(view, observed.quarantines);
  // Asked for both at once, traffic is taken back; a full promotion counts only of what was aborted before.
  const isWantedAgain = status.promoteFull === true && status.abortedAt !== undefined;
  const isAborted = status.abort === true && !isWantedAgain;
  if (isAborted && !view.isFullyPromoted) {
    const verdict = quarantine === undefined && !view.isFirst ? personsVerdict(view) : undefined;
    // Without a Quarantine only status tells that a person's word was heard.
    if (verdict !== undefined && !isAbortedFor(view, verdict.message)) return { is: "condemned", verdict };
    const reason = conditionOf(status.conditions, "Progressing")?.reason;
    return quarantine === undefined && reason === "Quarantined" ? { is: "released" } : { is: "aborted" };
  }
  // What everybody has can't be taken back by status: the word is dropped on the way.
  const isOnItsWay = view.isFullyPromoted || (status.abort !== true && status.abortedAt === undefined);
  // Before the hold: a verdict whose Quarantine was written, but not yet the status, is still this verdict.
  const verdict = isOnItsWay ? verdictOn(observed, view, now) : undefined;
  if (verdict !== undefined) {
    return { is: isLasting(view) && verdict.cause !== "person" ? "stopped" : "condemned", verdict };
  }
  const recall = isOnItsWay ? recallOf(observed, view, now) : undefined;
  if (recall !== undefined) return { is: "recalled", ...recall };
  if (quarantine !== undefined) {
    const wasRetried = status.abortedAt !== undefined || status.promoteFull === true;
    return { is: "held", quarantine, wasRetried };
  }
  // After all that takes traffic back: a reference that went missing must not keep a bad version on.
  const fault = referenceFault(observed) ?? observed.refused?.because;
  if (fault !== undefined) return { is: "invalid", fault };
  return isOnItsWay ? { is: "underway" } : { is: "retried" };
}

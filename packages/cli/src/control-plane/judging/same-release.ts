import type { JudgementSpec } from "@sluice/api";

/** What of a Judgement says which release it is about, and how that went on. */
export type Judged = Pick<JudgementSpec, "rollout" | "revision" | "canary" | "beganAt" | "outcome">;

/** A blue-green release has two Judgements: of its preview, and of what came after the switch. */
export const isSameRelease = (one: Judged, other: Judged): boolean =>
  one.rollout.uid === other.rollout.uid &&
  one.revision === other.revision &&
  one.canary.podTemplateHash === other.canary.podTemplateHash;

/** A preview that was passed says nothing good of a release that was taken back after its switch. */
export const isTakenBackLater = (one: Judged, all: readonly Judged[]): boolean =>
  all.some((later) => later.outcome === "rolledBack" && later.beganAt > one.beganAt && isSameRelease(one, later));

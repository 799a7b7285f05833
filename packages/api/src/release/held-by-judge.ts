import type { Rollout } from "../kinds/argo/rollout.ts";

/** The condition of a release that waits for nothing but the judge, who doubts the new version. */
export const heldByJudgeCondition = "HeldByJudge";

/** Why the judge alone keeps the release from going on; undefined where it doesn't. */
export function heldByJudge({ status }: Rollout): string | undefined {
  const held = status?.conditions?.find(({ type }) => type === heldByJudgeCondition);
  return held?.status === "True" ? held.message : undefined;
}

/** What status says of where it stands; the original's message only counts Pods, whatever else it waits for. */
export const standingWords = (rollout: Rollout): string | undefined => heldByJudge(rollout) ?? rollout.status?.message;

import type { Judgement, JudgementSpec } from "@sluice/api";
import type { KnownStarts } from "@sluice/verdict";
import type { WindowLogs } from "./window-log.ts";

/**
 * What the Rollout's last good release left of how its Pods start, with what that one knew of those before. A release that
 * was taken back, or that another one followed before its end, teaches nothing here.
 */
export async function startsBefore(
  { rollout, beganAt }: Pick<JudgementSpec, "rollout" | "beganAt">,
  judgements: readonly Judgement[],
  logs: WindowLogs,
): Promise<KnownStarts | undefined> {
  const good = judgements
    .filter(({ spec }) => spec.rollout.uid === rollout.uid && spec.outcome === "promoted" && spec.beganAt < beganAt)
    .sort((one, other) => (one.spec.beganAt < other.spec.beganAt ? 1 : -1));
  for (const { metadata } of good) {
    const starts = await logs.starts(metadata.uid ?? "");
    if (starts !== undefined) return starts;
  }
  return undefined;
}

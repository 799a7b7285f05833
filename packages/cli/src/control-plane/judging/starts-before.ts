import type { Judgement } from "@sluice/api";
import type { KnownStarts } from "@sluice/verdict";
import { isSameRelease, isTakenBackLater, type Judged } from "./same-release.ts";
import type { WindowLogs } from "./window-logs.ts";

/**
 * What the Rollout's last good release left of how its Pods start, with what that one knew of those before. A release that
 * was taken back, or that another one followed before its end, teaches nothing here; nor does a preview before what came after
 * its switch is known to be good.
 */
export async function startsBefore(
  judged: Judged,
  judgements: readonly Judgement[],
  logs: WindowLogs,
): Promise<KnownStarts | undefined> {
  const specs = judgements.map(({ spec }) => spec);
  const good = judgements
    .filter(({ spec }) => spec.rollout.uid === judged.rollout.uid && spec.beganAt < judged.beganAt)
    .filter(({ spec }) => spec.outcome === "promoted" && !isSameRelease(spec, judged) && !isTakenBackLater(spec, specs))
    .sort((one, other) => (one.spec.beganAt < other.spec.beganAt ? 1 : -1));
  for (const { metadata } of good) {
    const starts = await logs.starts(metadata.uid ?? "");
    if (starts !== undefined) return starts;
  }
  return undefined;
}

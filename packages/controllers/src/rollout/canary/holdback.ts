import { after, type Instant, instant, millis, parseInstant } from "@sluice/kernel";
import { formatPrometheusDuration } from "@sluice/languages";
import type { Holdback } from "../judging/policy.ts";
import { conditionOf } from "../status/conditions.ts";
import type { View } from "../view.ts";
import { weightAt } from "./steps.ts";

/** The condition whose transition says since when a share of the stable version is held back. */
export const holdbackCondition = "Holdback";

/** The weight that the steps ask for, less what is held back for comparison. */
export function weightGoal(view: View): number {
  return Math.min(weightAt(view.progress), 100 - heldWeight(view));
}

function heldWeight({ holdback, status }: View): number {
  return holdback === undefined || status.promoteFull === true ? 0 : holdback.weight;
}

/** What a holdback that has begun says: it goes on whatever the promotion waits for meanwhile, and isn't counted anew. */
export function holdbackBegun({ holdback, status, progress }: View): string | undefined {
  const known = conditionOf(status.conditions, holdbackCondition);
  const goesOn = holdback !== undefined && progress.step === undefined && status.promoteFull !== true;
  return goesOn && known?.status === "True" ? known.message : undefined;
}

/** When the holdback is over: from the first turn on in which all else had the new version. */
export function holdbackEnd({ holdback, status }: View, now: Instant): Instant | undefined {
  if (holdback === undefined || status.promoteFull === true) return undefined;
  const since = parseInstant(conditionOf(status.conditions, holdbackCondition)?.lastTransitionTime ?? "") ?? now;
  return instant(after(since, holdback.lasts));
}

/** Once its time is over, whatever the promotion still waits for isn't the comparison. */
export function isHoldingBack(view: View, now: Instant): boolean {
  const end = conditionOf(view.status.conditions, holdbackCondition)?.status === "True" && holdbackEnd(view, now);
  return end !== false && end !== undefined && now < end;
}

/** What it holds back, and for how long. */
export const holdbackWords = (holdback: Holdback | undefined): string =>
  `holds ${holdback?.weight} % back on the stable version for ${formatPrometheusDuration(holdback?.lasts ?? millis(0))}, to compare with`;

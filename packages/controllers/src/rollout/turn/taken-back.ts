import type { Instant } from "@sluice/kernel";
import { blueGreenOf } from "../bluegreen/strategy.ts";
import { takeBackBlueGreen } from "../bluegreen/taken-back.ts";
import { takeBackCanary } from "../canary/taken-back.ts";
import type { TakenBack } from "../changes.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";

export function takeBack(observed: ObservedRollout, view: View, now: Instant): TakenBack {
  return blueGreenOf(view.rollout) === undefined
    ? takeBackCanary(observed, view, now)
    : takeBackBlueGreen(observed, view, now);
}

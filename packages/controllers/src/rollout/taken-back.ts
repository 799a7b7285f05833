import type { Instant, PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../loop/index.ts";
import { blueGreenOf } from "./bluegreen/strategy.ts";
import { takeBackBlueGreen } from "./bluegreen/taken-back.ts";
import { planScaling } from "./canary/scaling.ts";
import { type Changes, canaryStatusOf } from "./changes.ts";
import type { ObservedRollout } from "./observe.ts";
import { planRestored } from "./routing/restored.ts";
import { planTraffic } from "./routing/traffic.ts";
import type { View } from "./view.ts";

/** What keeps an aborted or held version out of traffic; safe to repeat. */
export interface TakenBack {
  /** Before everything else. */
  readonly traffic: readonly Effect[];
  readonly scaling: readonly Effect[];
  readonly events: readonly PlannedEvent[];
  readonly wakes: readonly Instant[];
  /** Where traffic then is. */
  readonly changes: Changes;
}

export function takeBack(observed: ObservedRollout, view: View, now: Instant): TakenBack {
  if (blueGreenOf(view.rollout) !== undefined) return takeBackBlueGreen(observed, view, now);
  const traffic = planTraffic(observed, view, true);
  const scaling = planScaling(view, { isAborted: true, traffic, mayCreate: false }, now);
  const restored = planRestored(observed, view, traffic, now);
  return {
    traffic: traffic.actions,
    scaling: [...restored.actions, ...scaling.actions],
    events: [...restored.events, ...scaling.events],
    wakes: scaling.wakes,
    changes: { canary: canaryStatusOf({ ...view.status.canary, weights: traffic.weights }) },
  };
}

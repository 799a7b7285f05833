import type { Instant } from "@sluice/kernel";
import { canaryStatusOf, type TakenBack } from "../changes.ts";
import type { ObservedRollout } from "../observe.ts";
import { planRestored } from "../routing/restored.ts";
import { planTraffic } from "../routing/traffic.ts";
import type { View } from "../view.ts";
import { planScaling } from "./scaling.ts";

/** All traffic to the stable version, and what steps added to the routes taken out. */
export function takeBackCanary(observed: ObservedRollout, view: View, now: Instant): TakenBack {
  const traffic = planTraffic(observed, view, { isAborted: true, isUnanswered: () => false });
  const scaling = planScaling(view, { isAborted: true, traffic, mayCreate: false }, now);
  const restored = planRestored(observed, view, traffic, now);
  return {
    traffic: traffic.actions,
    scaling: [...restored.actions, ...scaling.actions],
    events: [...restored.events, ...traffic.events, ...scaling.events],
    wakes: scaling.wakes,
    changes: {
      canary: canaryStatusOf({
        ...view.status.canary,
        weights: traffic.weights,
        addedRoutes: traffic.addedRoutes,
        rings: undefined,
      }),
    },
  };
}

import type { Instant } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { blueGreenStatusOf, type Changes, type TakenBack } from "../changes.ts";
import { annotations, keyIn, replicaSetKind } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import type { View } from "../view.ts";
import { planBlueGreenScaling } from "./scaling.ts";
import { planSwitchBack } from "./services.ts";

/** Everybody back on the stable version; the other keeps its Pods while endpoints still name it, and for a look. */
export function takeBackBlueGreen(observed: ObservedRollout, view: View, now: Instant): TakenBack {
  const { actions, events, active, preview } = planSwitchBack(observed, view);
  const scaling = planBlueGreenScaling(observed, view, { isAborted: true, mayCreate: false, active, preview }, now);
  const changes: Changes = {
    blueGreen: blueGreenStatusOf({
      ...view.status.blueGreen,
      activeSelector: active === "" ? undefined : active,
      previewSelector: preview === "" ? undefined : preview,
      scaleUpPreviewCheckPoint: undefined,
    }),
  };
  return {
    traffic: actions,
    scaling: [...scaling.actions, ...forgottenPromotion(view)],
    events: [...events, ...scaling.events],
    wakes: scaling.wakes,
    changes,
  };
}

/** What was taken back doesn't go straight out again, though it may have been promoted once. */
function forgottenPromotion({ canary, isFullyPromoted }: View): readonly Effect[] {
  if (canary?.metadata.annotations?.[annotations.promotedAt] === undefined || isFullyPromoted) return [];
  const value = { metadata: { annotations: { [annotations.promotedAt]: null } } };
  const key = keyIn(replicaSetKind, canary.metadata.namespace, canary.metadata.name);
  return [{ do: "patch", key, patch: { type: "merge", value } }];
}

import type { VirtualService } from "@sluice/api";
import type { Instant, PlannedEvent } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { annotations } from "../names.ts";
import type { ObservedRollout } from "../observe.ts";
import { decided } from "../status/decisions.ts";
import type { View } from "../view.ts";
import type { TrafficPlan } from "./traffic.ts";

/** What is told of weights that somebody else changed: they are put back, whoever it was and whatever they were. */
export function planRestored(observed: ObservedRollout, view: View, { meddled }: TrafficPlan, now: Instant) {
  const actions: Effect[] = [];
  const events: PlannedEvent[] = [];
  for (const { virtualService, found, due } of meddled) {
    const { name, uid } = virtualService.metadata;
    const by = lastWriter(virtualService);
    const because =
      `VirtualService ${name} sent ${found} % to the canary where ${due} % was set` +
      `${by === undefined ? "" : `, last written by ${by}`}: the Rollout's own weight is put back. ` +
      "To hold a release use sluice rollout pause, to end it sluice rollout abort";
    const inputs = { virtualService: name, found, due, ...(by === undefined ? {} : { writer: by }) };
    const slot = [uid, found, due, view.status.currentStepIndex ?? ""].join("|");
    actions.push(decided(observed, view, now, { action: "restore", because, inputs, slot }));
    events.push({ type: "Warning", reason: "TrafficWeightRestored", message: because });
  }
  return { actions, events };
}

/** The manager of the latest change, as the store noted it; who owns our own word on it is us. */
function lastWriter({ metadata }: VirtualService): string | undefined {
  const others = (metadata.managedFields ?? []).filter(
    ({ fieldsV1 }) => !JSON.stringify(fieldsV1 ?? {}).includes(`f:${annotations.weighedBy}`),
  );
  return others.toSorted((a, b) => ((a.time ?? "") < (b.time ?? "") ? 1 : -1))[0]?.manager;
}

import type { RingShareStatus } from "@sluice/api";
import { after, type Instant, type PlannedEvent, parseInstant, seconds } from "@sluice/kernel";
import type { Effect } from "../../loop/index.ts";
import { conditionOf } from "../status/conditions.ts";
import type { View } from "../view.ts";
import type { RingQuestion, RingTraffic } from "./ring-question.ts";

export interface RingSharePlan {
  readonly status: RingShareStatus | undefined;
  readonly actions: readonly Effect[];
  readonly events: readonly PlannedEvent[];
  readonly wakeAt: Instant | undefined;
}

/** Requests are counted each second; the first ones after a step are few. */
const firstLook = seconds(10);
const nextLook = seconds(60);
/** Until the routers have followed and what they counted by the old weight is read, too: none of it says something of the new one. */
const settling = seconds(3);

/** The share of the requests that the new version gets at this weight, as the router counted. */
export function planRingShare(
  { ringTraffic }: { readonly ringTraffic: RingQuestion | undefined },
  { rollout, status, isFullyPromoted }: View,
  weight: number | undefined,
  now: Instant,
): RingSharePlan {
  const known = status.canary?.rings;
  const idle = { status: undefined, actions: [], events: [], wakeAt: undefined };
  if (ringTraffic === undefined) return idle;
  const { id, state } = ringTraffic;
  // Another weight from this turn on: what was asked is over.
  if (isFullyPromoted || weight !== ringTraffic.weight) {
    return { ...idle, actions: state.is === "absent" ? [] : [{ do: "cancelTask", id }] };
  }
  const kept = known?.weight === weight ? known : undefined;
  const since = parseInstant(conditionOf(status.conditions, "Progressing")?.lastUpdateTime ?? "") ?? now;
  const { namespace, name } = rollout.metadata;
  const sinceSeconds = Math.min(300, Math.max(5, Math.ceil((now - since - settling) / 1000)));
  const start: Effect = { do: "startTask", id, work: { do: "ringTraffic", namespace, rollout: name, sinceSeconds } };
  switch (state.is) {
    case "absent": {
      const at = after(since, firstLook);
      return now < at ? { ...idle, status: kept, wakeAt: at } : { ...idle, status: kept, actions: [start] };
    }
    case "running":
      return { ...idle, status: kept };
    default: {
      const again = after(state.finishedAt, nextLook);
      const next =
        now < again
          ? { actions: [], wakeAt: again }
          : { actions: [{ do: "cancelTask", id } as const, start], wakeAt: undefined };
      const found = state.is === "done" ? shareOf(state.result, weight) : undefined;
      const events: PlannedEvent[] =
        found === undefined || kept !== undefined
          ? []
          : [{ type: "Normal", reason: "RingShare", message: wordsOf(found) }];
      return { ...next, status: found ?? kept, events };
    }
  }
}

function shareOf({ rings }: RingTraffic, weight: number): RingShareStatus | undefined {
  const sum = (pick: (ring: RingTraffic["rings"][number]) => number) =>
    rings.reduce((total, ring) => total + pick(ring), 0);
  const canary = sum((ring) => ring.canary);
  const requests = canary + sum((ring) => ring.stable);
  if (requests === 0) return undefined;
  return {
    weight,
    share: percentOf(canary, requests),
    requests: Math.round(requests),
    rings: rings
      .filter((ring) => ring.canary + ring.stable > 0)
      .map((ring) => ({
        name: ring.name,
        share: percentOf(ring.canary, ring.canary + ring.stable),
        requests: Math.round(ring.canary + ring.stable),
      })),
  };
}

/** As text: a float has no place in a status that others compare. */
const percentOf = (part: number, whole: number): string => {
  const percent = (100 * part) / whole;
  return percent > 0 && percent < 0.1 ? "< 0.1" : String(Math.round(percent * 10) / 10);
};

function wordsOf({ weight, share, requests, rings }: RingShareStatus): string {
  const each = rings.map(
    (ring) => `${ring.name === "" ? "all others" : ring.name} ${ring.share} % of ${ring.requests}`,
  );
  return `At weight ${weight} the new version gets ${share} % of ${requests} requests: ${each.join(", ")}`;
}
